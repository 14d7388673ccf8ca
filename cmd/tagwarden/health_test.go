package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
)

// TestHealth: what a server says of itself is shown line by line, and whether it takes hits is the exit code.
func TestHealth(t *testing.T) {
	t.Parallel()
	plain, other := "text/plain; charset=utf-8", "and not as tagwarden does"
	for _, c := range []struct {
		status    int
		head      string // the header that says whose answer it is; "" as before there was one
		kind      string // its type
		text      string
		code      int
		out, errs string
	}{
		{200, "ok", plain, "ok\n", fine, "ok\n", ""},
		{200, "", plain, "ok\n", fine, "ok\n", ""},
		{200, "ok", plain, "ok\nwebhook crm is paused\nwebhook mail took nothing\n", fine,
			"ok\nwebhook crm is paused\nwebhook mail took nothing\n", ""},
		{200, "", plain, "ok\nwebhook crm is paused\n", fine, "ok\nwebhook crm is paused\n", ""},
		{503, "wrong", plain, "the ledger cannot be written\nwebhook crm is paused\n", findings, "",
			"503 Service Unavailable: the ledger cannot be written; webhook crm is paused"},
		{200, "", plain, "", findings, "", other},
		{200, "", plain, "ok", findings, "", other},
		{200, "", plain, "okay\n", findings, "", other},
		{200, "", "text/html", "ok\n", findings, "", other},
		{200, "", "text/html; charset=utf-8", "<html><title>Welcome</title>", findings, "", other},
		{200, "", "text/plain; version=0.0.4; charset=utf-8", "# HELP tagwarden_hits_total Hits.\n", findings, "", other},
		{200, "", "application/json", `{"status":"ok"}`, findings, "", other},
		{204, "", "", "", findings, "", "204 No Content"},
	} {
		there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.head != "" {
				w.Header().Set(proxy.HealthHeader, c.head)
			}
			w.Header().Set("Content-Type", c.kind)
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
