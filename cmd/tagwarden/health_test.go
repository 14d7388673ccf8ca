package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestHealth: what a server says of itself is shown line by line, and whether it takes hits is the exit code.
func TestHealth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status    int
		text      string
		code      int
		out, errs string
	}{
		{200, "ok\n", fine, "ok\n", ""},
		{200, "ok\nwebhook crm is paused\nwebhook mail took nothing\n", fine, "ok\nwebhook crm is paused\nwebhook mail took nothing\n", ""},
		{503, "the ledger cannot be written\nwebhook crm is paused\n", findings, "",
			"503 Service Unavailable: the ledger cannot be written; webhook crm is paused"},
	} {
		there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.text)
		}))
		var out, errs strings.Builder
		code := run(t.Context(), &terminal{out: &out, err: &errs, now: time.Now}, []string{"health", "--url", there.URL})
		there.Close()
		if code != c.code || out.String() != c.out || !strings.Contains(errs.String(), c.errs) {
			t.Errorf("%q: %d %q %q", c.text, code, out.String(), errs.String())
		}
	}
}
