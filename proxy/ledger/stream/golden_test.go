package stream_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/stream"
)

var update = flag.Bool("update", false, "write what is sent into the files that say what is wanted")

// kinds are records of every kind.
func kinds(t testing.TB) (all []stream.Record) {
	t.Helper()
	for _, file := range []string{"../testdata/kinds.jsonl", "../words/testdata/records.jsonl", "testdata/hostile.jsonl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			r := stream.Record{Number: uint64(len(all)), Kind: gjson.Get(line, "kind").Str, Line: []byte(line)}
			if at, err := time.Parse(time.RFC3339Nano, gjson.Get(line, "time").Str); err == nil {
				r.At = at
			}
			all = append(all, r)
		}
	}
	return all
}

// golden holds what is sent against what was.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != got {
		t.Errorf("%s changed (%v): it is\n%s", name, err, got)
	}
}

// message is the form of RFC 5424, as far as we use it.
var message = regexp.MustCompile(
	`^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) [!-~]{1,255} tagwarden - [!-~]{1,32} ` +
		`\[tagwarden@32473 number="\d+"( [a-z]+="([^"\\\]\x00-\x1f\x7f]|\\["\\\]])*")*\] (\{.*\})$`)

// TestMessages: each record is one message whose text is the record, byte for byte.
func TestMessages(t *testing.T) {
	t.Parallel()
	s := stream.NewSyslog(stream.SyslogOptions{Facility: stream.Facilities["audit"], Enterprise: 32473, Host: "node 1\n"})
	var b strings.Builder
	for _, r := range kinds(t) {
		got := s.Message(&r)
		found := message.FindStringSubmatch(got)
		if found == nil || found[len(found)-1] != string(r.Line) {
			t.Errorf("this is no message of RFC 5424, or not the record: %q", got)
		}
		b.WriteString(got + "\n")
	}
	golden(t, "syslog.txt", b.String())
}

// TestLogs: a request is JSON as OpenTelemetry has it: integers as texts, and every member of a record is an attribute.
func TestLogs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	o := stream.NewOTLP(stream.OTLPOptions{Host: "node-1", Version: "1.2.3", Now: func() time.Time { return at }})
	all := kinds(t)
	text := o.Logs(all)
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", " "); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	golden(t, "otlp.json", out.String())
	logs := gjson.GetBytes(text, "resourceLogs.0.scopeLogs.0.logRecords").Array()
	if len(logs) != len(all) {
		t.Fatalf("%d logs of %d records", len(logs), len(all))
	}
	for i, log := range logs {
		for name := range gjson.ParseBytes(all[i].Line).Map() {
			if name != "time" && !log.Get(`attributes.#(key=="tagwarden.`+name+`")`).Exists() {
				t.Errorf("%s: no attribute says %s", all[i].Line, name)
			}
		}
	}
}

// TestWithoutPersons: no subject is left, nor the name of a browser, and the rest is.
func TestWithoutPersons(t *testing.T) {
	t.Parallel()
	personal := regexp.MustCompile(`"(subjects|act|form|crc)"|"[0-9a-f]{32}"|browser:`)
	for _, r := range kinds(t) {
		got := stream.WithoutPersons(r.Line)
		if !json.Valid(got) || gjson.GetBytes(got, "kind").Str != r.Kind {
			t.Errorf("%s", got)
		}
		if r.Kind != "objections_head" && personal.Match(got) {
			t.Errorf("it tells persons apart: %s", got)
		}
		for name, value := range gjson.ParseBytes(r.Line).Map() {
			if kept := gjson.GetBytes(got, name); kept.Raw != value.Raw && !personal.MatchString(`"`+name+`"`) {
				t.Errorf("%s is %s, and was %s", name, kept.Raw, value.Raw)
			}
		}
	}
}

// FuzzPosition: what is read is written again as it was; anything else is refused.
func FuzzPosition(f *testing.F) {
	for _, seed := range []string{"{\"next\":17}\n", "{\"next\":17}", "{\"next\":17,\"last\":\"" + strings.Repeat("ab",
		32) + "\"}\n", "{}\n", "{\"next\":-1}\n",
		"{\"next\":1,\"next\":2}\n", "{\"next\":18446744073709551615}\n", "{\"next\":1}\n{\"next\":2}\n", "null\n", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if again, err := stream.ParsePosition(text); err == nil && !bytes.Equal(again, text) {
			t.Errorf("%q is read as %q", text, again)
		}
	})
}
