package proxy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// tokenRecords are the records about tokens that are no repetition, in words.
func (r *running) tokenRecords(t *testing.T) (all []string) {
	t.Helper()
	for line := range strings.Lines(r.ledger(t)) {
		if of := gjson.Parse(line); of.Get("kind").Str == ledger.KindToken && !of.Get("again").Bool() {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", of.Get("change").Str, of.Get("name").Str,
				of.Get("roles").Raw, of.Get("by").Str,
				of.Get("through").Str)))
		}
	}
	return all
}

// TestTokensAreOnRecord: whoever makes a token or takes one back, by the API, by a command while no server runs, or by
// hand in the file, while the server runs or not: the log says so, once, and never what would open anything.
func TestTokensAreOnRecord(t *testing.T) {
	t.Parallel()
	second := make(seconds)
	file := folder(t, "http://127.0.0.1:1")
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	aside, err := access.OpenTokens(data)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{}
	hand := func(of *access.Tokens, name string, role access.Role) {
		t.Helper()
		secret, err := of.Create(access.By{}, name, []access.Role{role}, nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, secret)
	}
	hand(aside, "early", access.Read)
	path := filepath.Join(data, access.TokensFile)
	// edit changes the file by hand.
	edit := func(change func(tokens []any) []any) {
		t.Helper()
		var all map[string]any
		if err := json.Unmarshal([]byte(read(t, path)), &all); err != nil {
			t.Fatal(err)
		}
		tokens, _ := all["tokens"].([]any)
		all["tokens"] = change(tokens)
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, string(text))
	}
	set := func(member string, value any) func([]any) []any {
		return func(tokens []any) []any {
			tokens[0].(map[string]any)[member] = value
			return tokens
		}
	}
	r := start(t, file, second.option)
	var want []string
	says := func(what string, more ...string) {
		t.Helper()
		want = append(want, more...)
		if got := r.tokenRecords(t); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%s: recorded is\n%s\nnot\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	restart := func() {
		t.Helper()
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		r = start(t, file, second.option)
	}
	says("at the first start", `made early ["objections-read"]`)
	secrets = append(secrets, r.bearer(t, "chief", "operator", "security"))
	says("the operator makes one", `made chief ["operator","security"] operator socket`)
	if code, text := r.as(t, secrets[1], "/api/v1/ledger/records?kind=token"); code != 200 ||
		gjson.Get(text, "records.#").Int() != 2 {
		t.Errorf("%d %s", code, text)
	}
	restart()
	says("a restart")
	w := r.operate("DELETE", "/tokens", `{"name":"early"}`)
	if w.Code != 200 {
		t.Fatal(w.Body)
	}
	says("the operator takes one back", `revoked early ["objections-read"] operator socket`)
	edit(set("roles", []string{"admin"}))
	second.pass()
	says("roles are changed by hand", `revoked chief ["operator","security"]`, `made chief ["admin"]`)
	edit(set("sha256", strings.Repeat("ab", 32)))
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	says("another token takes the name of one", `revoked chief ["admin"]`, `made chief ["admin"]`)
	if code, _ := r.as(t, secrets[1], "/api/v1/ledger/records"); code != 401 {
		t.Errorf("the one that was there opens: %d", code)
	}
	edit(set("used", "2026-12-01"))
	second.pass()
	says("a day of use")
	edit(set("expires", "2999-01-01T00:00:00Z"))
	second.pass()
	says("another end", `revoked chief ["admin"]`, `made chief ["admin"]`)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if aside, err = access.OpenTokens(data); err != nil {
		t.Fatal(err)
	}
	hand(aside, "late", access.Analyst)
	if err := aside.Revoke(access.By{}, "chief"); err != nil {
		t.Fatal(err)
	}
	r = start(t, file, second.option)
	says("a command, while no server runs", `revoked chief ["admin"]`, `made late ["analyst"]`)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	restart()
	says("the file is gone", `revoked late ["analyst"]`)
	restart()
	says("a restart")
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	text := r.ledger(t)
	for _, secret := range secrets {
		if strings.Contains(text, secret) || strings.Contains(text, secret[3:]) {
			t.Error("the log holds a token")
		}
	}
	if strings.Contains(text, "abababab") {
		t.Error("the log holds the hash of a token")
	}
	report, err := audit.Verify(audit.Options{Dir: filepath.Join(data, "ledger")})
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("%v, %+v", err, report)
	}
}

// TestTokensOfAProcessThatDied: between a change of the tokens and its record, or the other way round, the process may
// die: the next start says what is there, whichever way it was.
func TestTokensOfAProcessThatDied(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		die  func(text string) string // what is left of the file, which held a and b
		want string
	}{
		"made, and the file does not say so":      {func(string) string { return "" }, "made a,made b,revoked a,revoked b"},
		"nothing":                                 {func(text string) string { return text }, "made a,made b"},
		"taken back, and the record does not say": {withoutB, "made a,made b,revoked b"},
	} {
		file := folder(t, "http://127.0.0.1:1")
		r := start(t, file)
		r.bearer(t, "a", "admin")
		r.bearer(t, "b", "admin")
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dataOf(r), access.TokensFile)
		left := c.die(read(t, path))
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if left != "" {
			write(t, path, left)
		}
		r = start(t, file)
		var got []string
		for _, line := range r.tokenRecords(t) {
			words := strings.Fields(line)
			got = append(got, words[0]+" "+words[1])
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// withoutB takes the token b out of a file.
func withoutB(text string) string {
	at := 0
	for i, one := range gjson.Get(text, "tokens").Array() {
		if one.Get("name").Str == "b" {
			at = i
		}
	}
	var all map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return ""
	}
	tokens, _ := all["tokens"].([]any)
	all["tokens"] = append(tokens[:at:at], tokens[at+1:]...)
	out, err := json.Marshal(all)
	if err != nil {
		return ""
	}
	return string(out)
}
