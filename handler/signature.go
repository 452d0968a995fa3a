package handler

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// The signature of Standard Webhooks (https://www.standardwebhooks.com), version 1: HMAC-SHA256 over what is joined by
// full stops, so that none of the parts before the body may hold one.

const secretPrefix = "whsec_"

// parseSecret is the key of a secret, nil for none.
func parseSecret(secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	encoded, prefixed := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !prefixed || err != nil || len(key) == 0 {
		return nil, errors.New("the secret must be whsec_ and then a key in base64, as of: openssl rand -base64 32")
	}
	return key, nil
}

// sign is the value of webhook-signature.
func sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
