package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// check checks a proof by the key of a folder.
func check(t *testing.T, dir string, proof []byte) (*tree.Proof, error) {
	t.Helper()
	key, err := tree.ParseKey(string(read(t, filepath.Join(dir, ledger.KeyFile))))
	if err != nil {
		t.Fatal(err)
	}
	return audit.CheckProof(proof, key)
}

// TestProofs: of each record that is there its line is proved, of one that was
// deleted that it was, and by which record.
func TestProofs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		l := write(t, options(t, dir), 0, 400, 2)
		if n, err := l.Retain(time.Now().Add(-2 * time.Minute)); err != nil || n == 0 {
			t.Fatal(n, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	r := fine(t, dir)
	erased := 0
	for n := range r.Size {
		file, err := audit.Prove(dir, n, "")
		if err != nil {
			t.Fatal(n, err)
		}
		proof, err := check(t, dir, file)
		if err != nil || uint64(proof.Number) != n {
			t.Fatal(n, err)
		}
		switch {
		case proof.Line == nil:
			erased++
			if kind := gjson.GetBytes(proof.By.Line, "kind").Str; kind != ledger.KindRetention {
				t.Errorf("record %d was erased by a record of kind %s", n, kind)
			}
			if !strings.Contains(proof.String(), "its line was erased by record") {
				t.Error(proof)
			}
		case !gjson.ValidBytes(proof.Line):
			t.Errorf("record %d: %s", n, proof.Line)
		}
		if n%50 == 0 {
			if _, err := check(t, dir, bytes.Replace(file, []byte(`"number": `), []byte(`"number": 1`), 1)); err == nil {
				t.Errorf("record %d: a proof of another number is taken", n)
			}
		}
	}
	if uint64(erased) != r.Erased || erased == 0 {
		t.Errorf("%d proofs say erased, of %d", erased, r.Erased)
	}
	if _, err := audit.Prove(dir, r.Size, ""); err == nil {
		t.Error("a record that is not there is proved")
	}
}

func TestErases(t *testing.T) {
	for _, c := range []struct {
		line   string
		number int64
		want   bool
	}{
		{`{"time":"x","kind":"retention","first":10,"end":20}`, 10, true},
		{`{"time":"x","kind":"retention","first":10,"end":20}`, 3, true}, // it went earlier
		{`{"time":"x","kind":"retention","first":10,"end":20}`, 20, false},
		{`{"time":"x","kind":"set_aside","first":10,"end":20}`, 19, true},
		{`{"time":"x","kind":"set_aside","first":10,"end":20}`, 9, false},
		{`{"time":"x","kind":"set_aside","first":10,"end":20}`, 20, false},
		{`{"time":"x","kind":"event","first":10,"end":20}`, 10, false},
		{`{"time":"x","kind":"retention","first":10,"end":20`, 10, false},
		{``, 0, false},
	} {
		if err := audit.Erases([]byte(c.line), c.number); (err == nil) != c.want {
			t.Errorf("%s, record %d: %v", c.line, c.number, err)
		}
	}
}

// TestDamageIsSetAside: a ledger that does not start because of a damaged line
// starts again, says so once, and verifies.
func TestDamageIsSetAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		o := options(t, dir)
		l := write(t, o, 0, 40, 1)
		killed := copied(t, dir)
		known := read(t, o.Known)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(killed, dir); err != nil {
			t.Fatal(err)
		}
		put(t, o.Known, known)
		all := segments(t, dir)
		last := all[len(all)-1]
		for _, at := range []int{3, 4, 20} {
			last.lines[at] = bytes.Replace(last.lines[at], []byte(`"time"`), []byte("\x00\x00\x00\x00\x00\x00"), 1)
		}
		last.write(t, last.lines, false)
		if _, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart}); err == nil {
			t.Fatal("it opens")
		}
		damage, err := audit.FindDamage(dir, "a disk failed")
		if err != nil || len(damage) != 1 || len(damage[0].Faults) != 2 {
			t.Fatal(damage, err)
		}
		if err := damage[0].Aside.SetAside(dir, damage[0].Segment.First, nil); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, dir); len(r.Findings) != 1 || r.Findings[0].Kind != audit.Unrecorded {
			t.Errorf("before a start: %s", told(r))
		}
		for range 3 {
			if err := write(t, o, 100, 100, 1).Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if damage, err := audit.FindDamage(dir, "again"); err != nil || len(damage) > 0 {
		t.Error(damage, err)
	}
	r := fine(t, dir)
	if r.Aside != 3 {
		t.Errorf("%d records are set aside", r.Aside)
	}
	said := 0
	for _, s := range segments(t, dir) {
		for _, line := range s.lines {
			if string(ledger.KindOf(line)) == ledger.KindSetAside {
				said++
				if gjson.GetBytes(line, "text").Str != "a disk failed" {
					t.Errorf("%s", line)
				}
			}
		}
	}
	if said != 2 {
		t.Errorf("it is recorded %d times", said)
	}
	file, err := audit.Prove(dir, 4, "")
	if err != nil {
		t.Fatal(err)
	}
	if proof, err := check(t, dir, file); err != nil || proof.Line != nil {
		t.Error(proof, err)
	}
}

func TestWhatCannotBeSetAside(t *testing.T) {
	dir := small(t, 40)
	all := segments(t, dir)
	last := all[len(all)-1]
	last.lines[3] = bytes.Replace(last.lines[3], []byte(`"time"`), []byte("\x00\x00\x00\x00\x00\x00"), 1)
	last.write(t, last.lines, false)
	if err := os.Remove(hashPath(last)); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.FindDamage(dir, "x"); err == nil || !strings.Contains(err.Error(), "put the file back") {
		t.Error(err)
	}
}
