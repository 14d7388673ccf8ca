package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestOperator(t *testing.T) {
	a := newAPI(t)
	if w := a.call(a.operator, "GET", "/api/v1/objections/backup", ""); w.Body.String() != "copy" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := a.call(a.operator, "GET", "/api/v1/objections/feed-key", ""); !strings.Contains(w.Body.String(),
		fmt.Sprintf(`"%x"`, feedKey[:])) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := a.call(a.operator, "POST", "/api/v1/objections/links",
		`{"objections":[{"ids":{"email":"a@example.com"},"all":true},{"ids":{"email":"b@example.com"},"all":true}]}`)
	if strings.Count(w.Body.String(), "https://shop.example/privacy/u/signed") != 2 || len(a.log) > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	a.call(a.operator, "POST", "/api/v1/objections", `{"ids":{"email":"a@example.com"},"all":true,"source":"command"}`)
	if c := a.last.Acts[0].Change; c.By != "operator" || c.Source != "command" {
		t.Errorf("%+v", c)
	}
	a.err = errors.New("disk")
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Error("a copy that broke off looks like a whole one")
		}
	}()
	a.call(a.operator, "GET", "/api/v1/objections/backup", "")
}

// TestAKeptOptOutIsTakenBackByRole: by its own name, alone or with others, and by a role that may take back alone.
func TestAKeptOptOutIsTakenBackByRole(t *testing.T) {
	a := newAPI(t)
	for body, want := range map[string]string{
		`{"ids":{"user_id":"u-1"},"purposes":["kept_opt_out"],"because":"asked"}`:                               "[kept_opt_out]",
		`{"ids":{"user_id":"u-1"},"kept_opt_out":true,"because":"asked"}`:                                       "[kept_opt_out]",
		`{"ids":{"user_id":"u-1"},"kept_opt_out":true,"purposes":["ads"],"because":"asked"}`:                    "[ads kept_opt_out]",
		`{"withdrawals":[{"ids":{"user_id":"u-1"},"kept_opt_out":true}],"because":"asked"}`:                     "[kept_opt_out]",
		`{"ids":{"user_id":"u-1"},"kept_opt_out":true,"restriction":true,"purposes":["ads"],"because":"asked"}`: "[restriction:ads kept_opt_out]",
	} {
		w := a.call(a.face, "DELETE", "/api/v1/objections", body)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
		if got := fmt.Sprint(a.last.Acts[0].Change.TakeBack); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for _, body := range []string{
		`{"ids":{"user_id":"u-1"},"kept_opt_out":true}`, `{"ids":{"user_id":"u-1"},"purposes":["kept_opt_out"]}`,
	} {
		if w := a.call(a.face, "POST", "/api/v1/objections", body); w.Code != 422 {
			t.Errorf("%s: it is objected to: %d %s", body, w.Code, w.Body)
		}
	}
}
