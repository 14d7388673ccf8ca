package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// bearer makes a token of some roles.
func (r *running) bearer(t *testing.T, name string, roles ...string) string {
	t.Helper()
	body := fmt.Sprintf(`{"name":%q,"roles":["%s"]}`, name, strings.Join(roles, `","`))
	w := r.operate("POST", "/tokens", body)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return gjson.Get(w.Body.String(), "token").Str
}

// as asks the admin listener with a token.
func (r *running) as(t *testing.T, bearer, path string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.admin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+bearer)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// TestAReviewerReadsTheLog: with a token alone: pages of records as they stand, one by its number, its proof; each of
// these readings stands in the log when it is answered, and reading that is a reading too.
func TestAReviewerReadsTheLog(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	file := folder(t, v.URL)
	r := start(t, file)
	for range 3 {
		r.send(t, get(pageView, consent))
	}
	auditor, counter := r.bearer(t, "auditor", "security"), r.bearer(t, "counter", "analyst")
	lines := strings.Split(strings.TrimSuffix(r.ledger(t), "\n"), "\n")
	begin, got := uint64(0), []string{}
	for pages := 0; len(got) < len(lines); pages++ {
		code, text := r.as(t, auditor, fmt.Sprintf("/api/v1/ledger/records?limit=2&begin=%d", begin))
		page := gjson.Parse(text)
		if code != 200 || pages > len(lines) {
			t.Fatalf("%d %s", code, text)
		}
		for _, one := range page.Get("records").Array() {
			if n := one.Get("number").Int(); n != int64(len(got)) {
				t.Fatalf("record %d stands where %d does: %s", n, len(got), text)
			}
			got = append(got, one.Get("record").Raw)
		}
		begin = page.Get("next").Uint()
	}
	for i := range lines {
		if got[i] != lines[i] {
			t.Errorf("record %d is\n%s\nnot\n%s", i, got[i], lines[i])
		}
	}
	code, text := r.as(t, auditor, "/api/v1/ledger/records?kind=event&vendor=ga4&policy="+
		gjson.Get(lines[0], "policy").Str)
	event := gjson.Get(text, "records.0.number").Int()
	if code != 200 || gjson.Get(text, "records.#").Int() != 3 || !gjson.Get(text, "whole").Bool() {
		t.Fatalf("events of a policy, which their rungs name: %d %s", code, text)
	}
	code, text = r.as(t, auditor, fmt.Sprintf("/api/v1/ledger/records/%d", event))
	if code != 200 || gjson.Get(text, "record").Raw != lines[event] {
		t.Errorf("%d %s", code, text)
	}
	if code, text = r.as(t, auditor, "/api/v1/ledger/records/100000"); code != 404 ||
		!strings.Contains(text, "there is no record 100000") {
		t.Errorf("%d %s", code, text)
	}
	proof := ""
	until(t, "a checkpoint covers the event", func() bool {
		code, proof = r.as(t, auditor, fmt.Sprintf("/api/v1/ledger/records/%d/proof", event))
		return code != 503
	})
	_, of := r.as(t, auditor, "/api/v1/ledger/key")
	key, err := tree.ParseKey(gjson.Get(of, "key").Str)
	if err != nil {
		t.Fatal(err, of)
	}
	if proved, err := audit.CheckProof([]byte(proof), key); err != nil || string(proved.Line) != lines[event] {
		t.Errorf("%d %s: %v", code, proof, err)
	}
	if code, text = r.as(t, counter, "/api/v1/ledger/records"); code != 403 || strings.Contains(text, "shop") {
		t.Errorf("an analyst reads the log: %d %s", code, text)
	}
	// Who read the log? The answer names the reading before it, and is one itself.
	_, text = r.as(t, auditor, "/api/v1/ledger/records?kind=reading&by=auditor&limit=1000")
	_, again := r.as(t, auditor, "/api/v1/ledger/records?kind=reading&by=auditor&limit=1000")
	n := gjson.Get(text, "records.#").Int()
	if n < 6 || gjson.Get(again, "records.#").Int() != n+1 {
		t.Errorf("%s\n%s", text, again)
	}
	last := gjson.Get(again, fmt.Sprintf("records.%d.record", n))
	if last.Get("verb").Str != "search" || last.Get("through").Str != "http" || last.Get("records").Int() != n ||
		last.Get("asked").Raw != `["by","kind"]` {
		t.Errorf("%s", last.Raw)
	}
	dir := filepath.Join(filepath.Dir(file), "data", "ledger")
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	away := 0
	for line := range strings.Lines(r.ledger(t)) {
		if gjson.Get(line, "kind").Str == "turned_away" {
			away++
			if gjson.Get(line, "why").Str != "forbidden" || gjson.Get(line, "permission").Str != "search" ||
				gjson.Get(line, "by").Str != "counter" || gjson.Get(line, "count").Int() != 1 {
				t.Error(line)
			}
		}
	}
	if away != 1 {
		t.Errorf("%d records say who was not let in", away)
	}
	if report, err := audit.Verify(audit.Options{Dir: dir}); err != nil || len(report.Findings) > 0 {
		t.Errorf("%v, %+v", err, report)
	}
}
