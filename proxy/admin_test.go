package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// TestErrorsOfTheAPI: whatever is wrong with a call, and whoever finds it, the answer is a problem document.
func TestErrorsOfTheAPI(t *testing.T) {
	r := start(t, folder(t, "http://127.0.0.1:1"))
	const token = "Authorization: Bearer tw_AAAA\r\n"
	for _, c := range []struct {
		request string
		status  int
	}{
		{"GET /api/v1 HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /api/v1/ HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /api/v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /api/v1/tokens HTTP/1.1\r\nHost: a\r\n\r\n", 401},
		{"GET /api/v1/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /api/v1/../v1/objections HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"DELETE /api/v1/assessments HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"PATCH /api/v1/objections HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"GET /api/v1/objections HTTP/1.1\r\nHost: a\r\n\r\n", 401},
		{"GET /api/v1/objections HTTP/1.1\r\nHost: a\r\n" + token + "\r\n", 401},
		{"GET /api/v1/objections HTTP/1.1\r\nHost: a\r\n" + token + token + "\r\n", 400},
		{"GET /api/v1/objections HTTP/1.1\r\nHost: a\r\n" + token + "authorization: Bearer tw_BBBB\r\n\r\n", 400},
		{fmt.Sprintf("POST /api/v1/objections HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", 5<<20,
			strings.Repeat(" ", 5<<20)), 413},
		{"GET /api/v1/objections HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
		{"GET /api/v1/objections HTTP/1.1\r\nHost a\r\n\r\n", 400},
	} {
		a, err := rawhttp.Exchange(r.admin, c.request)
		if err != nil {
			t.Errorf("%.60q: %v", c.request, err)
			continue
		}
		var p problem.Document
		if err := json.Unmarshal(a.Body, &p); err != nil || a.Status != c.status || p.Status != c.status ||
			a.Header.Get("Content-Type") != problem.MediaType {
			t.Errorf("%.60q: %d %v %s", c.request, a.Status, a.Header, a.Body)
		}
	}
	for why, want := range map[string]string{"wrong_token": "1", "ambiguous": "2"} {
		if n := r.figure(t, `tagwarden_api_turned_away_total{why="`+why+`"}`); n != want {
			t.Errorf("%s: counted %s, want %s", why, n, want)
		}
	}
	if status, _ := r.get(t, "/api/v1/assessments"); status != http.StatusOK {
		t.Errorf("assessments: %d", status)
	}
}
