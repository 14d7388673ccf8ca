package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

func TestAWholeLedgerIsFine(t *testing.T) {
	r := fine(t, small(t, 700))
	if r.Records != r.Size || r.Unsigned != 0 || r.Size < 1400 || r.Packed == 0 || r.Packed == r.Segments || !r.Own {
		t.Errorf("%+v", r)
	}
}

// TestAnEmptyKeyIsNone: the folder's own key counts where none is given, and not where one was meant.
func TestAnEmptyKeyIsNone(t *testing.T) {
	t.Parallel()
	for _, key := range []string{" ", "\n", "\r\n\t"} {
		if report, err := audit.Verify(audit.Options{Dir: t.TempDir(), Key: key}); err == nil ||
			!strings.Contains(err.Error(), "the key that was given is empty") {
			t.Errorf("%q: %v, %v", key, report, err)
		}
		if _, err := audit.Prove(t.TempDir(), 0, key); err == nil || !strings.Contains(err.Error(),
			"the key that was given is empty") {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// TestEveryByteCounts: any byte of any file that is another one is found, and nothing panics. Of a longer log, with
// nodes of the tree, every third of all but lines and their hashes.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	for perRun, step := range map[int]int{2: 1, 150: 3} {
		dir := small(t, perRun)
		fine(t, dir)
		for _, path := range names(t, dir, "*") {
			if perRun > 2 && strings.Contains("*.jsonl*.zst*.hash", "*"+filepath.Ext(path)) {
				continue
			}
			was := read(t, path)
			same := 0
			for i := 0; i < len(was); i += step {
				edited := bytes.Clone(was)
				edited[i] ^= 1 << (i % 8)
				put(t, path, edited)
				r, err := audit.Verify(audit.Options{Dir: dir, Workers: 1})
				if err != nil || len(r.Findings) > 0 {
					continue
				}
				if strings.HasSuffix(path, ".zst") && bytes.Equal(unpack(t, edited), unpack(t, was)) {
					same++ // packing may write the same lines in other bytes
					continue
				}
				t.Errorf("%s: byte %d of %d (%q): not found", filepath.Base(path), i, len(was), was[i])
			}
			put(t, path, was)
			if same > 0 {
				t.Logf("%s: %d of %d flips unpack to the same lines", filepath.Base(path), same, len(was))
			}
		}
		fine(t, dir)
	}
}

func TestEveryFileCounts(t *testing.T) {
	dir := small(t, 700)
	all := segments(t, dir)
	last := segment.FileName(uint64(all[len(all)-1].first), "")
	for _, path := range names(t, dir, "*") {
		was := read(t, path)
		for what, edited := range map[string][]byte{
			"removed": nil, "emptied": {}, "cut": was[:len(was)/2], "more": append(bytes.Clone(was), "more\n"...),
			"twice": append(bytes.Clone(was), was...),
		} {
			nodes := strings.HasPrefix(filepath.Ext(path), ".level")
			if (nodes || strings.HasPrefix(filepath.Base(path), last)) && (what == "more" || what == "twice") ||
				nodes && what == "cut" {
				continue // what stands behind the checkpoint is not signed yet, and of nodes the next file has the last ones
			}
			if what == "removed" && strings.HasSuffix(path, ".idx") {
				continue // whoever asks makes it again
			}
			if what == "removed" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				put(t, path, edited)
			}
			r, err := audit.Verify(audit.Options{Dir: dir, Workers: 1})
			if err == nil && len(r.Findings) == 0 && len(r.Notes) == 0 {
				t.Errorf("%s %s: not found", filepath.Base(path), what)
			}
			put(t, path, was)
		}
	}
	put(t, filepath.Join(dir, "notes.txt"), nil)
	if r := verify(t, dir); len(r.Findings) != 1 || r.Findings[0].Kind != audit.Unknown {
		t.Errorf("a file that is none of a ledger's: %s", told(r))
	}
}

// TestWhatAServerWroteIsFine: over several runs that ended in good order or not, with segments that were sealed, packed
// and deleted, and also while it writes.
func TestWhatAServerWroteIsFine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		o := options(t, dir)
		for run := range 6 {
			l := write(t, o, run*300, 0, 1)
			fine(t, dir) // a start signs what it begins with
			for i := range 300 {
				if err := l.Append([]ledger.Event{event(run*300 + i)}, named{}); err != nil {
					t.Fatal(err)
				}
				if i%30 == 7 {
					<-time.After(time.Second * 7 / 2)
					fine(t, dir)
				}
			}
			if run == 3 {
				if n, err := l.Retain(time.Now().Add(-time.Minute)); err != nil || n == 0 {
					t.Fatal(n, err)
				}
				fine(t, dir)
			}
			killed := copied(t, dir) // as it lies there now
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if run%2 == 1 {
				continue
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(killed, dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(o.Known); err != nil {
				t.Fatal(err)
			}
			open := segments(t, dir)
			last := open[len(open)-1]
			put(t, last.path, append(read(t, last.path), `{"time":"2026-11`...))
			if r := fine(t, dir); r.Unsigned == 0 {
				t.Error("all is signed of a server that was killed")
			}
		}
	})
	r := fine(t, dir)
	t.Logf("%+v", r)
	if r.Erased == 0 {
		t.Error("nothing is erased")
	}
}

// TestVerifyBesideAServer: while a server appends, signs, seals and packs, nothing is found.
func TestVerifyBesideAServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		o := options(t, dir)
		o.Seal = 3 * time.Second
		l := write(t, o, 0, 1, 1)
		for round := range 25 {
			done := make(chan struct{})
			go func() {
				defer close(done)
				<-time.After(time.Second) // as the server's own second begins
				for range 3 {
					fine(t, dir)
				}
			}()
			<-time.After(time.Second)
			for i := range 200 {
				if err := l.Append([]ledger.Event{event(round*200 + i)}, named{}); err != nil {
					t.Error(err)
				}
			}
			if round == 15 {
				if _, err := l.Retain(time.Now().Add(-10 * time.Second)); err != nil {
					t.Error(err)
				}
			}
			<-done
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if r := fine(t, dir); r.Erased == 0 || r.Packed == 0 {
		t.Errorf("%+v", r)
	}
}
