package proxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// sample is a hit as an SDK sends it.
type sample struct {
	name, endpoint string
	text           string // with consent, to the vendor's prefix
	query          string
	of             *catalog.Endpoint
}

// samples are the hits of the catalog's golden cases.
func samples(t testing.TB) []sample {
	t.Helper()
	files, err := filepath.Glob("../rules/catalog/testdata/*/*.http")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d hits, %v", len(files), err)
	}
	var all []sample
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		id := filepath.Base(filepath.Dir(name))
		method, rest, _ := strings.Cut(string(raw), " ")
		target, _, _ := strings.Cut(rest, " ")
		path, query, _ := strings.Cut(target, "?")
		file, _ := catalog.Builtin(id)
		v, err := catalog.Compile(file, nil, catalog.Names())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(v.Endpoints, func(e catalog.Endpoint) bool {
			return slices.Contains(e.Methods, method) && e.Path.Fits([]byte(path)) != catalog.NoFit
		})
		if i < 0 {
			t.Fatalf("%s: no endpoint", name)
		}
		all = append(all, sample{
			name: id + "/" + filepath.Base(name), endpoint: v.Endpoints[i].ID, query: query, of: &v.Endpoints[i],
			text: overTheWire(string(raw), id, yes),
		})
	}
	return all
}

// TestAnswersOfEveryVendor: what an SDK is told, for each vendor and each way in which one may answer.
func TestAnswersOfEveryVendor(t *testing.T) {
	const said = `{"said":"by the vendor"}`
	v := standIn(t)
	r := start(t, goldenConfig(t, catalog.BuiltinIDs(), "http://"+v.Addr()))
	for _, s := range samples(t) {
		asked := s.of.Kind == catalog.Answer
		success, denied := s.of.SuccessFor([]byte(s.query)), s.of.DeniedFor([]byte(s.query))
		for _, status := range []int{0, 101, 200, 202, 204, 301, 302, 304, 307, 400, 401, 403, 404, 408, 413, 429, 500, 502,
			503, 504, 599, 600, 999} {
			body := said
			if status == 101 || status == 204 || status == 304 {
				body = ""
			}
			text := fmt.Sprintf("HTTP/1.1 %03d X\r\nContent-Type: application/json\r\nRetry-After: 7\r\nLocation: https://leak.example/\r\nSet-Cookie: leak=1\r\n",
				status)
			if body != "" {
				text += fmt.Sprintf("Content-Length: %d\r\n", len(body))
			}
			v.Answer(text + "\r\n" + body)
			v.Forget()
			a := r.ask(t, s.text)
			want := catalog.AnswerFile{Status: status}
			switch {
			case status >= 400 && status < 600:
				if s.of.Relays(status) {
					want.Body = said
				}
			case status < 200 || status >= 300:
				want = *denied
			case !asked:
				want = *success
			case status != 204:
				want.Body = said
			}
			if a.Status != want.Status || string(a.Body) != string(want.Bytes()) {
				t.Errorf("%s (%s), %03d: answered %d %q, want %d %q", s.name, s.endpoint, status, a.Status, a.Body,
					want.Status, want.Body)
			}
			if after := a.Header.Get("Retry-After"); (after == "7") != (status >= 400 && status < 600) {
				t.Errorf("%s, %03d: Retry-After %q", s.name, status, after)
			}
			if strings.Contains(string(a.Raw), "leak") {
				t.Errorf("%s, %03d: it got through:\n%s", s.name, status, a.Raw)
			}
			if len(v.Requests()) != 1 {
				t.Fatalf("%s: the vendor got %d requests", s.name, len(v.Requests()))
			}
		}
	}
}
