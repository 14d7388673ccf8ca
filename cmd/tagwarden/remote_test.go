package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// TestServersAreAskedOverTLS: the certificate is one that is trusted, the token goes to that server alone, and what it
// answers is read whatever it is.
func TestServersAreAskedOverTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	answers := map[string]http.HandlerFunc{
		"tw_fine": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(
				w, `{"records":[{"number":7,"record":{"time":"2026-12-01T12:00:00Z","kind":"stop","a":"<"}}],"whole":true}`)
		},
		"tw_page": func(w http.ResponseWriter, r *http.Request) {
			if asked, err := io.ReadAll(r.Body); err == nil && gjson.GetBytes(asked, "begin").Int() == 8 {
				_, _ = io.WriteString(w, `{"records":[{"number":9,"record":{"kind":"stop"}}],"whole":true,"damaged":2}`)
				return
			}
			_, _ = io.WriteString(w, `{"records":[{"number":7,"record":{"kind":"start"}}],"whole":false,"next":8}`)
		},
		"tw_turns": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"records":[],"next":0}`) },
		"tw_away":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
		"tw_html":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) },
		"tw_half":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"records":[`) },
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")](w, r)
	}))
	defer server.Close()
	ca := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	for _, test := range []struct {
		token string
		args  []string
		code  int
		out   string
		says  string
	}{
		{"tw_fine", []string{"--ca", ca, "--format", "json"}, fine, `"a":"<"}` + "\n", ""},
		{"tw_fine\n", []string{"--ca", ca}, fine, "#7  2026-12-01 12:00:00.000  stop", ""},
		{"tw_fine", nil, usage, "", "certificate"},
		{"tw_fine", []string{"--ca", file("none.pem", "none")}, usage, "", "no certificate in PEM"},
		{"tw_fine", []string{"--ca", "nowhere"}, usage, "", "--ca nowhere: there is no such file"},
		{"tw_page", []string{"--ca", ca, "--format", "json"}, usage, "{\"kind\":\"start\"}\n{\"kind\":\"stop\"}\n",
			"2 places"},
		{"tw_turns", []string{"--ca", ca}, fine, "", "0 of 0 records"},
		{"tw_away", []string{"--ca", ca}, usage, "", "status 302"},
		{"tw_html", []string{"--ca", ca}, usage, "", "status 502"},
		{"tw_half", []string{"--ca", ca}, usage, "", "EOF"},
		{"two words", []string{"--ca", ca}, usage, "", "no token, or more than one"},
		{"", []string{"--ca", ca}, usage, "", "no token"},
	} {
		var out, errs strings.Builder
		args := append([]string{"logs", "search", "--server", server.URL, "--token-file", file("token", test.token)},
			test.args...)
		code := run(t.Context(), &terminal{out: &out, err: &errs, now: time.Now}, args)
		if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%q %v: %d\n%s%s", test.token, test.args, code, out.String(), errs.String())
		}
	}
	if len(elsewhere) > 0 {
		t.Errorf("another server was given %q", elsewhere)
	}
}

// TestServerAddress: over http a token goes to this machine alone.
func TestServerAddress(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://admin.shop.example":       "https://admin.shop.example",
		"https://shop.example:8443/admin/": "https://shop.example:8443/admin",
		"http://127.0.0.1:8081":            "http://127.0.0.1:8081", "http://[::1]:8081/": "http://[::1]:8081",
		"http://localhost:8081":     "http://localhost:8081",
		"http://admin.shop.example": "", "http://10.0.0.1:8081": "", "http://localhost.shop.example": "",
		"127.0.0.1:8081":  "",
		"ftp://127.0.0.1": "", "https://": "", "https://a:b@shop.example": "", "https://shop.example?x": "",
		"https://shop.example#x": "", "http://127.0.0.1.shop.example": "", "": "",
	} {
		if got, err := serverAddress(given); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}
