package proxy_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// everyVendor writes a configuration in which each vendor of the catalog stands under its own name, with one stand-in for all their hosts.
// Consent lets through what vendors insist on.
func everyVendor(t testing.TB, stand string) string {
	t.Helper()
	var vendors, activities strings.Builder
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		fmt.Fprintf(&vendors, "  %s: { catalog: %s, prefix: /%s, private: true, upstreams: {", id, id, id)
		for _, role := range slices.Sorted(maps.Keys(file.Hosts)) {
			fmt.Fprintf(&vendors, " %s: \"http://%s\",", role, stand)
		}
		vendors.WriteString(" } }\n")
		fmt.Fprintf(&activities, "  - { id: %s-consent, vendor: %s, purposes: [measure], basis: consent, profile: small, events: [\"*\"] }\n", id, id)
	}
	server, _, _ := strings.Cut(shopFiles["tagwarden.yaml"], "vendors:\n")
	return shop(t, stand, map[string]string{
		"tagwarden.yaml":         server + "vendors:\n" + vendors.String(),
		"policy/activities.yaml": "activities:\n" + activities.String(),
		"policy/profiles.yaml": `profiles:
  small:
    classes: { event_name: keep, client_id: keep, device_id: keep, user_id: keep, session_id: keep, url: keep, timestamp: keep, credential: keep, external_id: keep, ip: keep, user_agent: keep, email: keep }
`,
	})
}

// sample is a hit as an SDK sends it.
type sample struct {
	name, vendor, endpoint string
	text                   string // with consent, to the vendor's prefix
	query                  string
	of                     *catalog.Endpoint
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
		head, body, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n\n")
		first, headers, _ := strings.Cut(head, "\n")
		method, rest, _ := strings.Cut(first, " ")
		target, _, _ := strings.Cut(rest, " ")
		path, query, _ := strings.Cut(target, "?")
		var kept strings.Builder
		for line := range strings.SplitSeq(headers, "\n") {
			if name, _, _ := strings.Cut(line, ":"); name != "Content-Length" && name != "Cookie" && line != "" {
				kept.WriteString(line + "\r\n")
			}
		}
		if body = strings.TrimSuffix(body, "\n"); method == "POST" {
			fmt.Fprintf(&kept, "Content-Length: %d\r\n", len(body))
		}
		file, _ := catalog.Builtin(id)
		v, err := catalog.Compile(file, nil, catalog.Names())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(v.Endpoints, func(e catalog.Endpoint) bool {
			return slices.Contains(e.Methods, method) && e.Path.Matches([]byte(path))
		})
		if i < 0 {
			t.Fatalf("%s: no endpoint", name)
		}
		all = append(all, sample{
			name: id + "/" + filepath.Base(name), vendor: id, endpoint: v.Endpoints[i].ID, query: query, of: &v.Endpoints[i],
			text: method + " /t/" + id + target + " HTTP/1.1\r\n" + kept.String() + yes + "\r\n" + body,
		})
	}
	return all
}

// TestAnswersOfEveryVendor: what an SDK is told, for each vendor and each way in which one may answer.
func TestAnswersOfEveryVendor(t *testing.T) {
	const said = `{"said":"by the vendor"}`
	v := standIn(t)
	r := start(t, everyVendor(t, v.Addr()))
	for _, s := range samples(t) {
		asked := s.of.Kind == catalog.Answer
		success, denied := s.of.SuccessFor([]byte(s.query)), s.of.DeniedFor([]byte(s.query))
		for _, status := range []int{0, 101, 200, 202, 204, 301, 302, 304, 307, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 599, 600, 999} {
			body := said
			if status == 101 || status == 204 || status == 304 {
				body = ""
			}
			text := fmt.Sprintf("HTTP/1.1 %03d X\r\nContent-Type: application/json\r\nRetry-After: 7\r\nLocation: https://leak.example/\r\nSet-Cookie: leak=1\r\n", status)
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
				t.Errorf("%s (%s), %03d: answered %d %q, want %d %q", s.name, s.endpoint, status, a.Status, a.Body, want.Status, want.Body)
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
