package lastcall_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// The codes of the wire with their HTTP statuses, written down a second time.
func wire() map[lastcall.Code]int {
	return map[lastcall.Code]int{
		"invalid_request": 400, "unauthorized": 401, "forbidden": 403, "not_found": 404, "method_not_allowed": 405, "not_acceptable": 406,
		"lease_lost": 409, "not_retryable": 409, "not_finished": 409, "too_large": 413, "unsupported_media_type": 415,
		"idempotency_mismatch": 422, "unknown_type": 422, "rate_limited": 429, "queue_full": 429, "internal": 500,
		"draining": 503, "store_unavailable": 503, "too_many_connections": 503,
	}
}

func TestEveryCodeHasItsStatusAndATitle(t *testing.T) {
	titles := map[string]lastcall.Code{}
	for code, status := range wire() {
		if got := code.HTTPStatus(); got != status {
			t.Errorf("%s is answered with %d, want %d", code, got, status)
		}
		title := code.Title()
		if title == "" || titles[title] != "" {
			t.Errorf("%s has the title %q, which is that of %q too", code, title, titles[title])
		}
		titles[title] = code
	}
	if got := lastcall.Code("unknown").HTTPStatus(); got != 500 {
		t.Errorf("an unknown code is answered with %d, want 500", got)
	}
}

// A constant that the table above does not have would be a code that nobody has thought through.
func TestNoCodeIsMissingInTheTable(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		found++
		code := lastcall.Code(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
		if wire()[code] == 0 {
			t.Errorf("%s, %q, is not in the table", spec.Names[0].Name, code)
		}
		return true
	})
	if found != len(wire()) {
		t.Errorf("%d codes are declared, %d are in the table", found, len(wire()))
	}
}

func TestTheCodeOfAnErrorIsThatOfTheFirstInItsChain(t *testing.T) {
	within := errors.New("disk on fire")
	e := &lastcall.Error{Code: lastcall.CodeNotFound, Detail: "no such task", Err: within}
	for want, err := range map[lastcall.Code]error{
		"":                     nil,
		lastcall.CodeInternal:  within,
		lastcall.CodeNotFound:  fmt.Errorf("claim: %w", e),
		lastcall.CodeLeaseLost: fmt.Errorf("save: %w", &lastcall.Error{Code: lastcall.CodeLeaseLost, Err: e}),
		lastcall.CodeTooLarge:  errors.Join(within, lastcall.Errorf(lastcall.CodeTooLarge, "too large")),
	} {
		if got := lastcall.CodeOf(err); got != want {
			t.Errorf("the code of %v is %q, want %q", err, got, want)
		}
	}
	if !errors.Is(e, within) || e.Error() != "not_found: no such task: disk on fire" {
		t.Errorf("the error reads %q", e)
	}
	if got := lastcall.Errorf(lastcall.CodeDraining, "").Error(); got != "draining" {
		t.Errorf("an error with nothing but a code reads %q", got)
	}
	if got := (&lastcall.TaskError{Code: "c", Message: "m"}).Error(); got != "c: m" {
		t.Errorf("a task's error reads %q", got)
	}
}
