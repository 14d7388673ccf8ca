package witness

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// FuzzAnswer: what is taken for a witness's signature makes a checkpoint that verifies, whatever stands around it.
func FuzzAnswer(f *testing.F) {
	l := newLog(f)
	l.grow(f, 10, "record")
	a, b := newFake("a.example", 2, l.key), newFake("b.example", 3, l.key)
	text, _, _ := strings.Cut(string(l.checkpoint()), "\n\n")
	f.Add([]byte(a.cosign(text+"\n", time.Unix(1, 0))))
	f.Add([]byte(b.cosign(text+"\n", time.Unix(1, 0)) + a.cosign(text+"\n", time.Unix(2, 0))))
	f.Add([]byte("— a.example AAAA\n\n"))
	c, _ := client(f, f.TempDir(), l, 1, a)
	now, err := c.newest()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := c.cosignature(&c.opts.Witnesses[0], now, body)
		if err != nil {
			return
		}
		read, err := tree.OpenCheckpoint([]byte(string(now.signed)+got.line), l.key, a.witness(t).Key)
		if err != nil || len(read.Signed) != 2 || got.at < 0 || strings.Count(got.line, "\n") != 1 {
			t.Errorf("%q is taken: %v", body, err)
		}
	})
}

// FuzzSize: a size that is read is written in one way.
func FuzzSize(f *testing.F) {
	f.Add("text/x.tlog.size", []byte("20852014\n"))
	f.Add("text/x.tlog.size; charset=utf-8", []byte("0\n"))
	f.Add("text/plain", []byte("1\n"))
	f.Add("text/x.tlog.size", []byte("01\n\n"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		size, err := sizeIn(kind, body)
		if err == nil && (size < 0 || fmt.Sprintf("%d\n", size) != string(body) ||
			!strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "text/x.tlog.size")) {
			t.Errorf("%q, %q is read as %d", kind, body, size)
		}
	})
}

// FuzzStates: what is read of witnesses comes out as it went in.
func FuzzStates(f *testing.F) {
	f.Add([]byte(`{"version":1,"witnesses":[{"name":"a","url":"https://a.example","size":3,"signed":"2026-11-29T07:00:00Z",` +
		`"dispute":{"witness":"a","kind":"larger","theirs":4,"ours":3,"since":"2026-11-29T07:00:00Z"}}]}`))
	f.Add([]byte(`{"version":1}{}`))
	f.Add([]byte(`{"version":2,"witnesses":[]}`))
	f.Add([]byte(`{"version":1,"witnesses":[{"name":"","size":-1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseStates(text)
		if err != nil {
			return
		}
		written, err := json.Marshal(states{1, all})
		if err != nil {
			return // a year beyond four digits
		}
		again, err := parseStates(written)
		if err != nil || normal(t, again) != normal(t, all) {
			t.Errorf("%q becomes %q (%v)", text, written, err)
		}
	})
}

// normal is what is known of witnesses as JSON says it: of one time there are many values.
func normal(t *testing.T, all []State) string {
	t.Helper()
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) == "null" {
		return "[]"
	}
	return string(text)
}
