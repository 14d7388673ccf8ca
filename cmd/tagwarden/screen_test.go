package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/replay"
)

// Characters that do something to a terminal or to how a line reads, or cannot be seen, by kind.
var hostileKinds = map[string]string{
	"escape":      "\x1b[2J\x1b]0;title\x07",
	"line ends":   "\r\n\t\v\f\b\x00\x7f",
	"C1":          "\u009b31m\u0085\u0090",
	"embeddings":  "\u202a\u202b\u202c\u202d\u202e",
	"isolates":    "\u2066\u2067\u2068\u2069",
	"marks":       "\u200e\u200f\u061c",
	"zero width":  "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e",
	"separators":  "\u2028\u2029",
	"tags":        "\U000e0041\U000e007f",
	"annotations": "\ufff9\ufffa\ufffb",
}

// evil has one of each kind.
func evil() string {
	var all strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(hostileKinds)) {
		all.WriteString(hostileKinds[kind])
	}
	return "a" + all.String() + "z"
}

// wantHarmless finds what a terminal would not simply show.
func wantHarmless(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s: not UTF-8: %.300q", what, text)
	}
	for i, r := range text {
		if r != '\n' && r != '\t' && hostile(r) {
			t.Errorf("%s: %U is written as it is: %.120q", what, r, text[max(0, i-60):])
			return
		}
	}
}

func TestVisible(t *testing.T) {
	for given, want := range map[string]string{
		"plain, ünïcode, 漢字, 👍🏽":   "plain, ünïcode, 漢字, 👍🏽",
		"a\x1b[31mb":               `a\u001b[31mb`,
		"a\r\nb\tc":                `a\r\nb\tc`,
		"\u202egnp.exe":            `\u202egnp.exe`,
		"\U000e0041":               `\udb40\udc41`,
		"\xff\x9b31m":              `\ufffd\ufffd31m`,
		"\ufffd":                   "\ufffd",
		"C:\\names \u009b":         `C:\names \u009b`,
		"\x00\a\b\v\f\x7f\u0085":   `\u0000\u0007\u0008\u000b\u000c\u007f\u0085`,
		"\u2028\u2029\u061c\u2066": `\u2028\u2029\u061c\u2066`,
	} {
		if got := visible(given); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
	for kind, text := range hostileKinds {
		for _, r := range text {
			if got := visible(string(r)); (r < ' ' || r > '~') && !strings.HasPrefix(got, `\`) {
				t.Errorf("%s: %U is shown as it is", kind, r)
			}
		}
	}
}

// FuzzScreen: however text is cut into writes, what comes out is harmless, and a document
// in JSON stays one that says the same.
func FuzzScreen(f *testing.F) {
	f.Add(evil(), 3)
	f.Add("\xe2\x80", 1)
	f.Add("\xf0\x9f\x91\x8d\xe2\x80\xae\x9b", 2)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		whole := throughScreen([]byte(text), len(text))
		pieces := throughScreen([]byte(text), max(1, cut))
		if whole != pieces {
			t.Errorf("%q in pieces of %d: %q, as a whole: %q", text, cut, pieces, whole)
		}
		wantHarmless(t, "text", whole)
		if wantOneLine := visible(text); strings.ContainsAny(wantOneLine, "\n\t") {
			t.Errorf("%q is shown as %q", text, wantOneLine)
		}
		document, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		shown := throughScreen(document, max(1, cut))
		if err := errors.Join(json.Unmarshal(document, &before), json.Unmarshal([]byte(shown), &after)); err != nil ||
			before != after {
			t.Errorf("%q as JSON: %s: %q, %v", text, shown, after, err)
		}
	})
}

func throughScreen(text []byte, size int) string {
	var out strings.Builder
	s := &screen{to: &out}
	for len(text) > 0 {
		n := min(size, len(text))
		_, _ = s.Write(text[:n])
		text = text[n:]
	}
	s.end()
	return out.String()
}

// TestPrintf: what is given keeps to its line; what the format says does not change.
func TestPrintf(t *testing.T) {
	faults := strict.Faults{{File: "a\n.yaml", Line: 1, Column: 2, Msg: "one\x1b"},
		{File: "b.yaml", Line: 3, Column: 4, Msg: "two"}}
	for _, c := range []struct {
		format string
		args   []any
		want   string
	}{
		{"%s|%q|%d\n", []any{"a\nb", "a\nb", 7}, "a\\nb|\"a\\nb\"|7\n"},
		{"%-5s|%.2s|%v\n", []any{"é", "abc", []string{"a\t", "b"}}, "é    |ab|[a\\t b]\n"},
		{"%s\n", []any{severalLines("a\nb")}, "a\nb\n"},
		{"%v\n", []any{faults}, "a\\n.yaml:1:2: one\\u001b\nb.yaml:3:4: two\n"},
		{"%v\n", []any{errors.Join(errors.New("x\ny"), errors.New("z"))}, "x\\ny\nz\n"},
		{"%s %[1]s", []any{[]byte("\u202e")}, "\\u202e \\u202e"},
	} {
		var out bytes.Buffer
		printf(&out, c.format, c.args...)
		if out.String() != c.want {
			t.Errorf("%q: %q, want %q", c.format, out.String(), c.want)
		}
	}
}

// TestHostileEverywhere runs every verb that shows what comes from hits, recordings, policies or ledgers on ones that
// were written to do something to the terminal.
func TestHostileEverywhere(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	runs := func(args ...string) (out, errs string) {
		t.Helper()
		var o, e strings.Builder
		run(t.Context(), &terminal{in: strings.NewReader(evil() + "\n"), out: &o, err: &e, now: time.Now}, args)
		return o.String(), e.String()
	}
	if _, errs := runs("init", filepath.Join(dir, "shop")); errs != "" {
		t.Fatal(errs)
	}
	server := filepath.Join(dir, "shop", "tagwarden.yaml")

	name := strings.ReplaceAll(evil(), "\x00", "") // no file has that in its name
	in, body := url.QueryEscape(evil()), evilJSON(t)
	cookie := "Cookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D; " + url.QueryEscape("x"+evil()) + "=1\r\n"
	get := "GET /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=" + in + "&ep." + in + "=" + in + "&dt=" + in +
		" HTTP/1.1\r\nHost: shop.example\r\n" + cookie + "\r\n"
	post := "POST /v1/t HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n" + cookie +
		"Content-Length: " + itoa(len(body)) + "\r\n\r\n" + body
	hits := []string{write("get"+name+".http", get), write("post.http", post)}
	line, err := json.Marshal(replay.Capture{Method: "POST", Target: "/v1/t?" + in + "=" + in,
		Body: base64.StdEncoding.EncodeToString([]byte(body)), Headers: [][2]string{
			{"Host", "shop.example"}, {"Content-Type", "application/json"}, {"X-" + in, evil()},
			{"Cookie", "x" + evil() + "=" + evil()}}})
	if err != nil {
		t.Fatal(err)
	}
	lined := write("hits"+name+".jsonl", string(line)+"\n")
	har, err := json.Marshal(map[string]any{"log": map[string]any{"entries": []any{
		map[string]any{"request": map[string]any{"method": "GET", "url": "https://vendor.example/" + in + "?email=" + in +
			"jane.doe@example.com&" + in + "=4111111111111111", "headers": []any{}}},
		map[string]any{"request": map[string]any{"method": "GET", "url": "data:" + in}},
		map[string]any{"request": map[string]any{"method": "GET",
			"url": "https://www.google-analytics.com/g/collect?v=2&tid=G-1&cid=1.2&en=" + in + "&ep.email" + in +
				"=jane.doe@example.com", "headers": []any{}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	archive := write("hits"+name+".har", string(har))
	record, err := json.Marshal(map[string]any{"kind": "event", "time": "2026-05-04T12:00:00Z", "decision": evil(),
		"reason": evil(), "site": evil(), "vendor": evil(), "name": evil(), evil(): evil()})
	if err != nil {
		t.Fatal(err)
	}
	ledger := filepath.Dir(write("ledger/"+segmentOfBefore, string(record)+"\n"+strings.Replace(string(record), `"event"`,
		`"`+`note"`, 1)+"\n"))
	quoted := quotedYAML(evil())
	bad := write("bad/tagwarden.yaml", "version: 1\n"+quoted+": "+quoted+"\nsites:\n  "+quoted+": { hosts: ["+quoted+
		"], region: { default: "+quoted+" } }\nvendors: { ga4: { catalog: "+quoted+" } }\n")
	write("bad/policy/purposes.yaml", "purposes:\n  "+quoted+": { title: "+quoted+" }\n")
	sly := quotedYAML("a\u202e\u200b\U000e0041z") // a policy may not hold control characters
	write("shop/policy/tests/evil.yaml", "tests:\n  - name: "+sly+
		"\n    hit: hits/ga4-page-view.http\n    expect: { permit: ga4-with-consent }\n  - name: x\n    hit: hits/ga4-page-view.http\n    expect: { deny: objection, absent: ["+
		sly+"] }\n")
	vendor := write("vendor"+name+".yaml", "name: "+quoted+"\n"+quoted+": 1\nendpoints: "+quoted+"\n")

	for _, args := range [][]string{
		{"explain", "--config", server, "--hit", hits[0]}, {"explain", "--config", server, "--hit", hits[0], "--raw"},
		{"explain", "--config", server, "--hit", hits[1]}, {"explain", "--config", server, "--hit", evil()},
		{"explain", "--config", server, "--hit", lined}, {"explain", "--config", server, "--hit", hits[0],
			"--objection", evil()},
		{"replay", "--config", server, lined}, {"replay", "--config", server, archive, "--host", "shop.example"},
		{"replay", "--config", server, evil()},
		{"scan", lined}, {"scan", archive}, {"scan", hits[0]},
		{"diff", server, server, "--traffic", lined}, {"diff", server, bad}, {"diff", evil(), server},
		{"check", "--config", bad}, {"check", "--config", evil()}, {"test", "--config", server},
		{"logs", "tail", "--dir", ledger}, {"logs", "search", "--dir", ledger}, {"logs", "tail", "--dir", evil()},
		{"catalog", "check", vendor}, {"catalog", "show", evil()}, {"catalog", "list"}, {"catalog", evil()},
		{"signals", "decode", evil(), "DB" + evil(), "1~" + evil(), "gcs=" + evil(), "1YN" + "\u009b"},
		{"signals", "decode", "--cookie", evil() + "=" + evil()},
		{"signals", "decode", "--cookie", "OptanonConsent=groups=" + in + ":1"},
		{"lia", "list", "--config", bad}, {"lia", "check", evil(), "--config", server}, {"lia", "new", "--config", server},
		{"lia", evil()},
		{"objections", "check", "--config", server, "--client-id", evil()}, {"objections", "import", evil(), "--config",
			server}, {"objections", evil()},
		{"notice", "--config", server, "--site", evil()}, {"notice", "--config", server, "--check", hits[0]},
		{"report", evil()},
		{"snippet", "--config", server, "ga4", "--origin", evil()}, {"snippet", "--config", server, evil()},
		{"schema", evil()},
		{"token", "create", "--config", server, "--name", evil()}, {"keys", evil()}, {"init", evil() + "\x00"},
		{"serve", "--config", bad},
		{"health", "--url", evil()}, {evil()}, {"explain", "--" + evil()},
	} {
		for _, form := range []string{"text", "json", "jsonl"} {
			with := append(append([]string{}, args...), "--format", form)
			out, errs := runs(with...)
			if args[0] == "logs" && form == "json" && out != "" {
				// Whoever hashes a record needs its bytes: a file gets them as they are stored, as of a document.
				if stored, err := os.ReadFile(filepath.Join(ledger, segmentOfBefore)); err != nil || out != string(stored) {
					t.Errorf("%q: %q is not what is stored: %q, %v", with, out, stored, err)
				}
				out = ""
			}
			wantHarmless(t, strings.Join(with, " "), out+errs)
			if strings.Contains(out+errs, "\\r\n") { // the line end of evil()
				t.Errorf("%q: a value breaks its line", with)
			}
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"explain", "--config", server, "--hit", hits[0], "--raw", "--format", "json"}, "before"},
		{[]string{"logs", "search", "--dir", ledger, "--format", "json"}, "name"},
	} {
		out, errs := runs(c.args...)
		var members any
		decoder := json.NewDecoder(strings.NewReader(out))
		if err := decoder.Decode(&members); err != nil || !within(members, evil()) {
			t.Errorf("%q: the value is not what it was: %v\n%.2000s%s", c.args, err, out, errs)
		}
	}
	out, _ := runs("explain", "--config", server, "--hit", hits[0], "--raw")
	if !strings.Contains(out, `\u202e`) || !strings.Contains(out, `\u001b[2J`) {
		t.Errorf("escapes are not shown: %s", out)
	}
}

// segmentOfBefore is the name of a segment of the version before: its lines need no checksums.
const segmentOfBefore = "20261129T071756.000000000Z-000.jsonl"

// within tells whether a document has a text somewhere.
func within(document any, text string) bool {
	switch d := document.(type) {
	case string:
		return d == text
	case []any:
		for _, one := range d {
			if within(one, text) {
				return true
			}
		}
	case map[string]any:
		for _, one := range d {
			if within(one, text) {
				return true
			}
		}
	}
	return false
}

func mustJSON(t *testing.T, what any) []byte {
	t.Helper()
	text, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// quotedYAML is a text in double quotes as YAML has them, in ASCII.
func quotedYAML(text string) string {
	var quoted strings.Builder
	for _, r := range text {
		quoted.WriteString(sprintf(`\U%08x`, r))
	}
	return `"` + quoted.String() + `"`
}

// evilJSON is an event of Segment's whose names and values are hostile.
func evilJSON(t *testing.T) string {
	return string(mustJSON(t, map[string]any{
		"type": "track", "event": evil(), "anonymousId": "a-1", "messageId": "m-1",
		"properties": map[string]any{evil(): evil(), "url": evil()},
		"context":    map[string]any{evil(): map[string]any{evil(): 1}},
	}))
}

func itoa(n int) string { return sprintf("%d", n) }

// TestOneEdge: nothing but main names the process's own output, and nothing prints past it.
func TestOneEdge(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if file == "main.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, past := range []string{"os.Stdout", "os.Stderr", "fmt.Print", "println("} {
			if strings.Contains(string(text), past) {
				t.Errorf("%s has %s: printf to the terminal's out or err is right", file, past)
			}
		}
	}
}

// TestOutputThatIsNowhere: a verb whose output could not be written is not fine, and
// says so; who closed a pipe is not told.
func TestOutputThatIsNowhere(t *testing.T) {
	for failure, want := range map[error]int{syscall.ENOSPC: usage, syscall.EIO: usage, syscall.EPIPE: fine, nil: fine} {
		for _, words := range [][]string{{"version"}, {"docs", "start"}, {"schema"}, {"help"}, {"completion", "bash"}} {
			var errs strings.Builder
			code := run(t.Context(), &terminal{out: failing{failure}, err: &errs, now: time.Now}, words)
			if code != want || (errs.String() != "") != (want != fine) || want != fine &&
				!strings.Contains(errs.String(), failure.Error()) {
				t.Errorf("%q, %v: exit code %d, %q", words, failure, code, &errs)
			}
		}
	}
}

// failing is a file that cannot be written; nil: it can.
type failing struct{ err error }

func (f failing) Write(b []byte) (int, error) {
	if f.err != nil {
		return 0, &os.PathError{Op: "write", Path: "out", Err: f.err}
	}
	return len(b), nil
}
