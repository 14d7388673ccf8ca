package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// indexLeavingOut is an index of a packed segment as anybody who may write to the folder makes one: whole, and of that
// segment, but that it says of some records what is wanted of them; nil: nothing.
func indexLeavingOut(t *testing.T, dir string, first uint64, says func(line []byte) []byte) []byte {
	t.Helper()
	of, err := ledger.ReadSealed(dir, first)
	if err != nil {
		t.Fatal(err)
	}
	b := index.NewBuilder(first)
	for line := range bytes.Lines(unpack(t, read(t, names(t, dir, "*.zst")[0]))) {
		b.Add(says(bytes.TrimSuffix(line, []byte("\n"))), len(line))
	}
	text, err := b.Encode(of.Digest, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// asked is how many records of events are found that are about the person.
func asked(t *testing.T, dir string) (n int) {
	t.Helper()
	q := (&query.Question{}).And(query.Subject, hex.EncodeToString(person[:])).And("kind", ledger.KindEvent)
	if _, err := query.Open(dir, query.Options{}).Ask(t.Context(), q, func(*query.Found) bool {
		n++
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnIndexIsHeldAgainstItsSegment: an index whose checksums hold, and which is of its segment,
// and which says something else than the segment's lines do, hides records from whoever asks;
// checking the log finds it, and what it is.
func TestAnIndexIsHeldAgainstItsSegment(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		l := filled(t, options(t, dir), 120)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		<-time.After(5 * time.Second)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	fine(t, dir)
	all := asked(t, dir)
	first := uint64(0)
	path := ledger.IndexPath(dir, first)
	was := read(t, path)
	about := hex.EncodeToString(person[:])
	asIs := func(line []byte) []byte { return line }
	if same := indexLeavingOut(t, dir, first, asIs); !bytes.Equal(same, was) {
		t.Fatal("an index that is made again is another one")
	}
	once := true
	for _, c := range []struct {
		what  string
		says  func(line []byte) []byte
		hides bool
	}{
		{"a person is left out", func(line []byte) []byte {
			return bytes.ReplaceAll(line, []byte(about), []byte(strings.Repeat("0", 32)))
		}, true},
		{"a record is left out", func(line []byte) []byte {
			if once && bytes.Contains(line, []byte(`"kind":"event"`)) {
				once = false
				return nil
			}
			return line
		}, false},
		{"a vendor is another one", func(line []byte) []byte {
			return bytes.ReplaceAll(line, []byte(`"ga4"`), []byte(`"ga5"`))
		}, false},
		{"a time is another one", func(line []byte) []byte {
			return bytes.Replace(line, []byte(`{"time":"2000`), []byte(`{"time":"2003`), 1)
		}, false},
		{"every line is of nobody", func([]byte) []byte { return nil }, true},
	} {
		put(t, path, indexLeavingOut(t, dir, first, c.says))
		if hidden := asked(t, dir) < all; hidden != c.hides {
			t.Errorf("%s: records are hidden: %v", c.what, hidden)
		}
		r := verify(t, dir)
		if len(r.Findings) != 1 || r.Findings[0].File != filepath.Base(path) || !strings.Contains(r.Findings[0].What,
			"its segment's lines") {
			t.Errorf("%s: found %q", c.what, told(r))
		}
		put(t, path, was)
	}
	fine(t, dir)
}

// TestWhoseAnIndexIs: of an index that is of something else than the segment beside it is said what it is of.
func TestWhoseAnIndexIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		l := filled(t, options(t, dir), 120)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		<-time.After(5 * time.Second)
		other := filepath.Join(t.TempDir(), "ledger")
		o := options(t, other)
		o.Node = "eu-2"
		stranger := filled(t, o, 120)
		if err := stranger.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		if err := stranger.Close(); err != nil {
			t.Fatal(err)
		}
		path := ledger.IndexPath(dir, 0)
		was, last := read(t, path), read(t, slices.Max(names(t, dir, "*.idx")))
		if _, err := l.Eraser.Erase(context.Background(), ofPerson()); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			text []byte
			says error
		}{
			{was, index.ErrBefore},
			{read(t, ledger.IndexPath(other, 0)), index.ErrForeign},
			{last, index.ErrOther},
		} {
			put(t, path, c.text)
			r := verify(t, dir)
			if len(r.Findings) != 1 || !strings.HasPrefix(r.Findings[0].What, c.says.Error()) {
				t.Errorf("%v: found %q", c.says, told(r))
			}
			var notes []string
			o := query.Options{Note: func(text string) { notes = append(notes, text) }}
			q := (&query.Question{}).And("vendor", "ga4")
			if _, err := query.Open(dir, o).Ask(t.Context(), q, func(*query.Found) bool { return true }); err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, c.says.Error()) }) {
				t.Errorf("%v: asked, it says %q", c.says, notes)
			}
		}
		// Whoever asks makes a right one.
		all, err := ledger.Segments(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.MakeIndex(all[0], nil, nil); err != nil {
			t.Fatal(err)
		}
		fine(t, dir)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
