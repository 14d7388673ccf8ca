package audit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// person is whom every fifth event of these tests is about.
var person = [16]byte{0xaa, 7}

// about is an event, which is about the person or not. The hundredth is so long that it has several records.
func about(n int) ledger.Event {
	e := event(n)
	if n%5 == 0 {
		e.Subjects = [][16]byte{person, {byte(n)}}
	}
	if n%100 == 50 {
		for i := range 3000 {
			e.Subjects = append(e.Subjects, [16]byte{byte(i), byte(i >> 8), 3})
		}
	}
	return e
}

// ofPerson has all that is about the person go.
func ofPerson() ledger.Erasing {
	return ledger.Erasing{
		Why:      []ledger.Erasure{{Request: "5f21", Because: "she asked"}},
		Together: true,
		Picks: func(record []byte) int {
			if bytes.Contains(record, []byte(hex.EncodeToString(person[:]))) {
				return 0
			}
			return -1
		},
	}
}

// filled is a ledger of so many events in several segments, which is open.
func filled(t *testing.T, o ledger.Options, n int) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart, Policy: "3f2a"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := errors.Join(l.Append([]ledger.Event{about(i)}, named{}),
			l.Outcome(ledger.Outcome{Hit: uint64(i), Events: []int{0}, Outcome: "delivered"})); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			<-time.After(20 * time.Second)
		}
	}
	return l
}

// found are the lines of a ledger, by number.
func found(t *testing.T, dir string) map[uint64]string {
	t.Helper()
	all := map[uint64]string{}
	err := ledger.SearchNumbered(dir, ledger.Query{}, func(n uint64, record []byte) bool {
		all[n] = string(record)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// isAbout tells whether a record is one of an event that is about the person.
func isAbout(line string) bool {
	kind := string(ledger.KindOf([]byte(line)))
	if kind != ledger.KindEvent {
		return false
	}
	var hit int
	_, rest, _ := strings.Cut(line, `"hit":`)
	_, _ = fmt.Sscanf(rest, "%d", &hit)
	return hit%5 == 0
}

// TestErase: what is about a person goes, all records of a long fact with it, and nothing else; numbers and tree stay,
// proofs that were made before still hold, of what went there is one that says so, and whoever checks the log finds no
// fault. To ask again changes nothing, nor does a start.
func TestErase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		o := options(t, dir)
		l := filled(t, o, 120)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		before := found(t, dir)
		proofs := map[uint64][]byte{}
		for n := range before {
			if proof, err := audit.Prove(dir, n, ""); err == nil {
				proofs[n] = proof
			}
		}
		index := ledger.IndexPath(dir, 0)
		put(t, index, []byte("who"))
		trial := ofPerson()
		trial.Trial = true
		would, err := l.Eraser.Erase(context.Background(), trial)
		if err != nil || would.Records[0] < 24 {
			t.Fatal(would, err)
		}
		done, err := l.Eraser.Erase(context.Background(), ofPerson())
		if err != nil || done.Records[0] != would.Records[0] || done.Segments < 3 || done.Left != 0 {
			t.Fatal(done, err)
		}
		if text, err := os.ReadFile(index); err == nil && string(text) == "who" { // it is made again by and by
			t.Error("an index that names subjects is there still")
		}
		again, err := l.Eraser.Erase(context.Background(), ofPerson())
		if err != nil || again.Records[0] != 0 || len(l.Eraser.Unfinished()) > 0 {
			t.Error(again, err)
		}
		check := func() {
			t.Helper()
			r := fine(t, dir)
			if r.ErasedLines != done.Records[0] {
				t.Errorf("%d lines were erased, and %d are said to be", done.Records[0], r.ErasedLines)
			}
			after := found(t, dir)
			for n, line := range before {
				if there := after[n]; there != line && (there != "" || !isAbout(line)) || there != "" && isAbout(line) {
					t.Errorf("record %d is %.80q, and was %.80q", n, there, line)
				}
			}
		}
		check()
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		key, err := tree.ParseKey(l.Public())
		if err != nil {
			t.Fatal(err)
		}
		for n, proof := range proofs {
			if p, err := audit.CheckProof(proof, key); err != nil || string(p.Line) != before[n] {
				t.Errorf("the proof of record %d does not hold any more: %v", n, err)
			}
			proof, err := audit.Prove(dir, n, "")
			if err != nil {
				t.Errorf("record %d: %v", n, err)
				continue
			}
			p, err := audit.CheckProof(proof, key)
			if err != nil || (p.Line == nil) != isAbout(before[n]) {
				t.Errorf("record %d: %v, %v", n, p, err)
			}
			if isAbout(before[n]) && bytes.Contains(proof, []byte(hex.EncodeToString(person[:]))) {
				t.Errorf("the proof of record %d says whom it was about", n)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, err = ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		check()
		if err := errors.Join(l.Eraser.Finish(), l.Close()); err != nil {
			t.Fatal(err)
		}
		check()
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range names {
			text := read(t, path)
			if strings.HasSuffix(path, ".zst") {
				text = unpack(t, text)
			}
			if bytes.Contains(text, []byte(hex.EncodeToString(person[:]))) {
				t.Errorf("%s still names the person", filepath.Base(path))
			}
		}
	})
}

// TestWhatHasNotEndedStays: of an event that has not ended no record goes, and what is about nobody else does.
func TestWhatHasNotEndedStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		l := filled(t, options(t, dir), 60)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		of := ofPerson()
		of.Ended = func(p ledger.Picked) bool { return p.Hit != 10 && p.Hit != 50 }
		done, err := l.Eraser.Erase(context.Background(), of)
		if err != nil || done.Kept < 3 {
			t.Fatal(done, err)
		}
		left := map[int]bool{}
		for _, line := range found(t, dir) {
			if isAbout(line) {
				var hit int
				_, rest, _ := strings.Cut(line, `"hit":`)
				_, _ = fmt.Sscanf(rest, "%d", &hit)
				left[hit] = true
			}
		}
		if len(left) != 2 || !left[10] || !left[50] {
			t.Error(left)
		}
		fine(t, dir)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// erased is a ledger of which lines were erased, as a server left it that ended; and as it was before.
func erased(t *testing.T) (dir, before string) {
	t.Helper()
	dir, before = filepath.Join(t.TempDir(), "ledger"), filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		l := filled(t, options(t, dir), 60)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Eraser.Erase(context.Background(), ofPerson()); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	fine(t, dir)
	return dir, before
}

// standIn is the line that stands where one was erased.
func standIn(line []byte) []byte {
	entry := tree.EntryOf(bytes.TrimSuffix(line, []byte("\n")))
	return segment.AppendLine(nil, fmt.Appendf(nil, `{"erased":"%s"}`, base64.RawStdEncoding.EncodeToString(entry[:])))
}

// otherBase64 is the same line, but for bits of the last letter that say nothing.
func otherBase64(line []byte) []byte {
	text := gjson.GetBytes(line, "erased").Str
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := strings.IndexByte(letters, text[len(text)-1])
	return segment.AppendLine(nil, fmt.Appendf(nil, `{"erased":"%s%c"}`, text[:len(text)-1], letters[at|1]))
}

// TestErasedIsToldFromTampered: whoever takes a line away, whoever changes what stands in place of one, and whoever
// puts back what was erased is found, and what a server erased is not.
func TestErasedIsToldFromTampered(t *testing.T) {
	for what, c := range map[string]struct {
		kind audit.Kind
		do   func(t *testing.T, dir, before string) (record uint64)
	}{
		"a line is taken away as if it were erased": {audit.Removed, func(t *testing.T, dir, _ string) uint64 {
			of := segments(t, dir)[1]
			at := slices.IndexFunc(of.lines, func(line []byte) bool { return bytes.Contains(line, []byte(`"kind":"event"`)) })
			of.lines[at] = standIn(of.lines[at])
			of.write(t, of.lines, false)
			return uint64(of.first + at)
		}},
		"what stands in its place is of another line": {audit.Changed, func(t *testing.T, dir, _ string) uint64 {
			of := segments(t, dir)[1]
			at := slices.IndexFunc(of.lines, func(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"erased"`)) })
			of.lines[at] = standIn([]byte("another"))
			of.write(t, of.lines, false)
			return uint64(of.first + at)
		}},
		"the line that was erased is put back": {audit.Changed, func(t *testing.T, dir, before string) uint64 {
			of, was := segments(t, dir)[1], segments(t, before)[1]
			put(t, of.path, read(t, was.path))
			at := slices.IndexFunc(of.lines, func(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"erased"`)) })
			return uint64(of.first + at)
		}},
		"another one is taken away as well": {audit.Removed, func(t *testing.T, dir, _ string) uint64 {
			of := segments(t, dir)[1]
			at := slices.IndexFunc(of.lines, func(line []byte) bool { return bytes.Contains(line, []byte(`"kind":"outcome"`)) })
			of.lines[at] = standIn(of.lines[at])
			of.write(t, of.lines, false)
			return uint64(of.first + at)
		}},
		"a record of the segment that was written last": {audit.Removed, func(t *testing.T, dir, _ string) uint64 {
			all := segments(t, dir)
			of := all[len(all)-1]
			of.lines[0] = standIn(of.lines[0])
			of.write(t, of.lines, false)
			return uint64(of.first)
		}},
		"its base64 is written in another way": {audit.Changed, func(t *testing.T, dir, _ string) uint64 {
			of := segments(t, dir)[1]
			at := slices.IndexFunc(of.lines, func(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"erased"`)) })
			of.lines[at] = otherBase64(of.lines[at])
			of.write(t, of.lines, false)
			return uint64(of.first + at)
		}},
	} {
		t.Run(what, func(t *testing.T) {
			dir, before := erased(t)
			record := c.do(t, dir, before)
			r := verify(t, dir)
			if first := r.First(); first == nil || first.Kind != c.kind || first.First != record {
				t.Errorf("want record %d %s; found:\n%s", record, c.kind, told(r))
			}
		})
	}
}

// TestAnErasureThatIsNotSignedIsNotCarriedOut: who can write to the folder of a server that was
// killed can write a record behind the checkpoint that says that lines are to go. The next start has
// none go by it, and says what is there.
func TestAnErasureThatIsNotSignedIsNotCarriedOut(t *testing.T) {
	dir := killed(t)
	all := segments(t, dir)
	last := all[len(all)-1]
	record := fmt.Appendf(nil,
		`{"time":"2026-11-29T07:00:00Z","kind":"erasure","segment":0,"first":1,"end":3,"records":2,"gone":[0,2]}`)
	put(t, last.path, segment.AppendLine(read(t, last.path), record))
	synctest.Test(t, func(t *testing.T) {
		o := options(t, dir)
		o.Known = filepath.Join(dir, ledger.CheckpointFile)
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Eraser.Unfinished()) != 1 {
			t.Error(l.Eraser.Unfinished())
		}
		if err := errors.Join(l.Eraser.Finish(), l.Eraser.Finish()); err != nil {
			t.Fatal(err)
		}
		if got := found(t, dir); got[1] == "" || got[2] == "" {
			t.Error("lines went that nobody had said should")
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, err = ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(l.Eraser.Finish(), l.Close()); err != nil {
			t.Fatal(err)
		}
		if got := found(t, dir); got[1] == "" || got[2] == "" {
			t.Error("lines went once the record was signed")
		}
		fine(t, dir)
	})
}
