package column

import (
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/lastcall-dev/lastcall"
)

// ParseID reads the id of a task or an event in its usual form of 36 characters; others that package uuid knows were never
// given out.
func ParseID(s string) (id uuid.UUID, ok bool) {
	if len(s) != 36 {
		return id, false
	}
	id, err := uuid.Parse(s)
	return id, err == nil
}

// PageToken is the place behind a row, as text that means nothing to anybody else.
func PageToken(id uuid.UUID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParsePageToken reads what PageToken wrote; "" is the place before all rows, which are read from the newest id down. What
// no page has given out is CodeInvalidRequest.
func ParsePageToken(s string) (id uuid.UUID, err error) {
	if s == "" {
		return uuid.Max, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, &lastcall.Error{
			Code: lastcall.CodeInvalidRequest, Detail: "the cursor is not one that a list has given out",
			Fields: []lastcall.FieldError{{Field: "cursor", Message: "is not one that a list has given out"}},
		}
	}
	return uuid.UUID(b), nil
}
