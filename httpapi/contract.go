package httpapi

import (
	_ "embed"
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

//go:embed openapi.yaml
var openapiYAML []byte

//go:embed asyncapi.yaml
var asyncapiYAML []byte

// OpenAPI is the contract of requests and answers, in YAML.
func OpenAPI() []byte { return append([]byte(nil), openapiYAML...) }

// AsyncAPI is the contract of the WebSocket, in YAML.
func AsyncAPI() []byte { return append([]byte(nil), asyncapiYAML...) }

func contract(file []byte) func(*call) error {
	return func(c *call) error {
		if quality(c.r.Header, "application", "yaml") == 0 && quality(c.r.Header, "text", "plain") == 0 {
			return lastcall.Errorf(lastcall.CodeNotAcceptable, "this call answers with application/yaml")
		}
		c.answer(http.StatusOK, typeYAML, file)
		return nil
	}
}
