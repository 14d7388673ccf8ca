package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// killed is a ledger as a server left it that was killed: its last records are not signed.
func killed(t *testing.T) string {
	t.Helper()
	of, to := filepath.Join(t.TempDir(), "ledger"), filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		l := write(t, options(t, of), 0, 400, 2)
		for i := range 3 {
			if err := l.Append([]ledger.Event{event(400 + i)}, named{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.CopyFS(to, os.DirFS(of)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if r := fine(t, to); r.Unsigned == 0 || r.Packed < 2 {
		t.Fatalf("%+v", r)
	}
	return to
}

// TestWhatIsNotSignedAccountsForNothing: who takes signed lines away can write a record behind the checkpoint, checksum
// and all, that says they are rightly gone. That one counts for nothing.
func TestWhatIsNotSignedAccountsForNothing(t *testing.T) {
	said := func(t *testing.T, dir, format string, args ...any) {
		t.Helper()
		all := segments(t, dir)
		last := all[len(all)-1]
		const record = `{"time":"2026-11-29T07:00:00Z","kind":%s`
		put(t, last.path, segment.AppendLine(read(t, last.path), fmt.Appendf(nil, record, fmt.Sprintf(format, args...))))
	}
	for what, c := range map[string]struct {
		kind audit.Kind
		do   func(t *testing.T, dir string)
	}{
		"retention": {audit.Removed, func(t *testing.T, dir string) {
			all := segments(t, dir)
			if err := os.Remove(all[0].path); err != nil {
				t.Fatal(err)
			}
			said(t, dir, `"retention","first":0,"end":%d,"text":"deleted"}`, all[1].first)
		}},
		"set aside": {audit.Unrecorded, func(t *testing.T, dir string) {
			of := segments(t, dir)[0]
			line := of.lines[1]
			from := int64(len(of.lines[0]))
			entry := tree.EntryOf(bytes.TrimSuffix(line, []byte("\n")))
			text, err := json.Marshal(ledger.Aside{Because: "so", Damaged: []ledger.Damaged{{
				From: from, To: from + int64(len(line)), First: 1, Entries: []tree.Entry{entry},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			of.lines[1] = append(bytes.Repeat([]byte("#"), len(line)-1), '\n')
			of.write(t, of.lines, false)
			put(t, filepath.Join(dir, segment.FileName(0, ledger.AsideSuffix)), text)
			digest := sha256.Sum256(text)
			said(t, dir, `"set_aside","first":1,"end":2,"digest":"%s","text":"so"}`, hex.EncodeToString(digest[:]))
		}},
		"sealed": {audit.Changed, func(t *testing.T, dir string) {
			path := names(t, dir, "*.sum")[0]
			text := bytes.Replace(read(t, path), []byte(`"memory":{`), []byte(`"memory":{"revoked":{"LIA-9":1},`), 1)
			put(t, path, text)
			sum, err := ledger.ParseSummary(text, 0)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(text)
			said(t, dir, `"sealed","first":0,"end":%d,"segment":"%s","summary":"%s"}`,
				sum.End, sum.Digest, hex.EncodeToString(digest[:]))
		}},
	} {
		t.Run(what, func(t *testing.T) {
			dir := killed(t)
			c.do(t, dir)
			if r := verify(t, dir); len(r.Findings) == 0 || r.Findings[0].Kind != c.kind {
				t.Errorf("%+v\n%s", r, told(r))
			}
		})
	}
}

// TestWhatADyingServerLeavesIsFine: files that it had begun, and hashes of the open segment that it was making again.
func TestWhatADyingServerLeavesIsFine(t *testing.T) {
	for what, leave := range map[string]func(t *testing.T, dir string, next uint64){
		"a segment that has no name yet": func(t *testing.T, dir string, next uint64) {
			put(t, filepath.Join(dir, segment.FileName(next, ledger.OpenSuffix+segment.BesideSuffix)),
				[]byte(`{"time":"2026-11`))
		},
		"nodes behind those that the next file has": func(t *testing.T, dir string, next uint64) {
			all := names(t, dir, "*.level1")
			path := all[len(all)-1]
			nodes := read(t, path)
			first, _, _ := strings.Cut(filepath.Base(path), ".")
			var number uint64
			if _, err := fmt.Sscanf(first, "%d", &number); err != nil {
				t.Fatal(err)
			}
			number += uint64(len(nodes)) / 32 << tree.Height
			put(t, path, append(nodes, bytes.Repeat([]byte{7}, 32)...))
			put(t, filepath.Join(dir, segment.FileName(number, tree.Suffix(1))), nil)
		},
		"hashes that are made again": func(t *testing.T, dir string, next uint64) {
			all := names(t, dir, "*.hash")
			if err := os.Remove(all[len(all)-1]); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, segment.FileName(next, ledger.OpenSuffix)), forged(1))
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := killed(t)
			leave(t, dir, verify(t, dir).Records)
			fine(t, dir)
		})
	}
}
