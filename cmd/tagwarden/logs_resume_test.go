package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// exportedOf are records of several kinds, one of them in several parts.
func exportedOf(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var b []byte
	for n := range 12 {
		at := fmt.Sprintf("2026-11-29T12:00:%02d.000Z", n)
		line := fmt.Sprintf(`{"time":%q,"kind":"reload","text":"note \"%d\", of two\\nlines"}`, at, n)
		if n%3 == 1 {
			line = fmt.Sprintf(`{"time":%q,"kind":"event","hit":%d,"event":0,"site":"shop","vendor":"ga4","subjects":["%032x"]}`,
				at, n, n)
		}
		if part := n - 5; part == 0 || part == 1 {
			line = fmt.Sprintf(`{"time":"2026-11-29T12:00:05.000Z","kind":"event","hit":5,"event":0,"subjects":["%032x"],"part":%d,"parts":2,"salt":"%s"}`,
				n, part+1, strings.Repeat("A", 22))
		}
		b = segment.AppendLine(b, []byte(line))
	}
	if err := os.WriteFile(filepath.Join(dir, segment.FileName(0, ledger.OpenSuffix)), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAResumedExportIsThatMadeAtOnce: wherever a file of an export stops, and however much later it is gone on with,
// what comes of it is to the byte what one makes that was not interrupted.
func TestAResumedExportIsThatMadeAtOnce(t *testing.T) {
	t.Parallel()
	dir := exportedOf(t)
	now := time.Date(2026, 12, 6, 12, 0, 2, 0, time.UTC)
	export := func(args ...string) (string, int) {
		var errs strings.Builder
		on := terminal{in: strings.NewReader(""), out: &strings.Builder{}, err: &errs, node: "n", now: func() time.Time {
			return now
		}}
		code := run(t.Context(), &on, append([]string{"logs", "export", "--dir", dir}, args...))
		return errs.String(), code
	}
	for i, c := range [][]string{
		{"--format", "jsonl"}, {"--format", "csv"}, {"--format", "jsonl", "--kind", "event"},
		{"--format", "csv", "--kind", "event"},
		{"--format", "jsonl", "--since", "7d"}, {"--format", "csv", "--since", "7d", "--kind", "reload"},
	} {
		now = time.Date(2026, 12, 6, 12, 0, 2, 0, time.UTC)
		whole := filepath.Join(t.TempDir(), "whole")
		if said, code := export(append(c, "--out", whole)...); code != fine {
			t.Fatal(said)
		}
		text, err := os.ReadFile(whole)
		if err != nil || bytes.Count(text, []byte("\n")) < 4 {
			t.Fatalf("%q: %q, %v", c, text, err)
		}
		begun, err := os.ReadFile(whole + begunSuffix)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(4 * time.Second) // 7d would leave out what was to be there
		part := filepath.Join(t.TempDir(), "part")
		for cut := 0; cut <= len(text); cut++ {
			if near := bytes.IndexByte(text[max(cut-2, 0):min(cut+2, len(text))], '\n') >= 0; !near && cut%(41+i) != 0 {
				continue
			}
			for name, b := range map[string][]byte{part: text[:cut], part + begunSuffix: begun} {
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			said, code := export(append(c, "--out", part, "--after", "resume")...)
			got, err := os.ReadFile(part)
			if code != fine || err != nil || !bytes.Equal(got, text) {
				t.Fatalf("%q, cut at %d of %d: exit code %d, %v\n%s%s\nand not\n%s", c, cut, len(text), code, err, said, got, text)
			}
		}
	}
}
