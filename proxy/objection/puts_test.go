package objection

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/FastFilter/xorfilter"
	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/rules"
)

// everything is all that is in the file.
func everything(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := s.file.db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			return b.ForEach(func(key, value []byte) error {
				all[fmt.Sprintf("%s %x", name, key)] = string(value)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// occupied makes a put of that key fail: bbolt puts no value in the place of a bucket.
func occupied(bucket, key []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		b := tx.Bucket(bucket)
		err := b.Delete(key)
		if err == nil {
			_, err = b.CreateBucket(key)
		}
		return err
	}
}

// garbage puts what cannot be read in the place of a value.
func garbage(bucket, key []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put(key, []byte("garbage")) }
}

// everyKind is a batch of which something is put into every bucket: a new scope and source, a message, a key, progress.
func everyKind(changes int) Batch {
	b := Batch{Key: "new", Digest: [32]byte{2}, Progress: &Progress{File: "import", Line: 7}}
	for i := range changes {
		c := objects(2+i, "newsletter")
		c.Source, c.Because, c.Outbox = Link, strings.Repeat("b", 500), []Message{{To: "crm", Body: []byte("body")}}
		b.Changes = append(b.Changes, c)
	}
	return b
}

// TestNothingIsTakenByHalves: wherever a put or a reading fails, nothing is acknowledged, recorded or shown; the file
// is as it was; and nothing is taken any more.
func TestNothingIsTakenByHalves(t *testing.T) {
	later := noon.Add(2 * keyLife)
	hash, old := sha256.Sum256([]byte("new")), sha256.Sum256([]byte("old"))
	day := string(binary.BigEndian.AppendUint32(nil, dayOf(later)))
	first := subject(2)
	for name, c := range map[string]struct {
		damage  func(tx *bolt.Tx) error
		changes int
		message error
	}{
		"a scope":             {damage: occupied(bucketScopes, []byte{0, 0, 0, 2})},
		"a source":            {damage: occupied(bucketSources, []byte{0, 0, 0, 1})},
		"a subject":           {damage: occupied(bucketSubjects, first.Hash[:])},
		"the log":             {damage: occupied(bucketChanges, number(2))},
		"the log, on its way": {damage: occupied(bucketChanges, number(2)), changes: 100},
		"the tree":            {damage: occupied(bucketTree, number(2))},
		"a key":               {damage: occupied(bucketKeys, hash[:])},
		"a key's time":        {damage: occupied(bucketKeyTimes, keyTime(later, hash[:]))},
		"a key that is old":   {damage: occupied(bucketKeyTimes, keyTime(noon, make([]byte, 32)))},
		"an answer, unread":   {damage: garbage(bucketKeys, hash[:])},
		"an old one, unread":  {damage: garbage(bucketKeys, old[:])},
		"progress":            {damage: occupied(bucketProgress, []byte("import"))},
		"a message":           {damage: occupied(bucketOutbox, number(1))},
		"no message":          {message: errors.New("there is no template")},
		"a measure":           {damage: occupied(bucketMeasures, []byte(day+string([]byte{byNothing, countObjections})))},
		"a measure by name": {damage: occupied(bucketMeasures,
			[]byte(day+string([]byte{byScope, countObjections})+"newsletter"))},
		"the head": {damage: occupied(bucketMeta, keyState)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, inForce, recorded := noon, 0, 0
			s := opened(t, Options{
				Now: func() time.Time {
					return now
				}, InForce: func() { inForce++ }, Record: func([]Recorded, Head) error { recorded++; return nil },
				Tell: func(m *Message, _ *Recorded) ([]byte, error) { return m.Body, c.message },
			})
			if _, err := s.Apply(t.Context(), Batch{Key: "old", Changes: []Change{objects(1, "analytics")}}); err != nil {
				t.Fatal(err)
			}
			now = later
			if c.damage != nil {
				if err := s.file.db.Update(c.damage); err != nil {
					t.Fatal(err)
				}
			}
			before, head := everything(t, s), s.Head()
			batch := everyKind(max(1, c.changes))
			for range 2 {
				if receipts, err := s.Apply(t.Context(), batch); !errors.Is(err, ErrPoisoned) || receipts != nil ||
					c.message != nil && !errors.Is(err, c.message) {
					t.Errorf("acknowledged: %v, %v", receipts, err)
				}
			}
			if !errors.Is(s.Err(), ErrPoisoned) || s.Head() != head || inForce != 1 || recorded != 1 {
				t.Errorf("%v; the head is another: %v; %d in force, %d recorded", s.Err(), s.Head() != head, inForce, recorded)
			}
			standsFor(t, s, 1, "analytics")
			if name != "a subject" {
				standsFor(t, s, 2)
			}
			if after := everything(t, s); !maps.Equal(before, after) {
				t.Error("the file has changed")
			}
		})
	}
}

// TestEveryKindOfPut shows that the batch of the test before puts something into every bucket, where nothing fails.
func TestEveryKindOfPut(t *testing.T) {
	s := opened(t, Options{})
	before := everything(t, s)
	if _, err := s.Apply(t.Context(), everyKind(1)); err != nil {
		t.Fatal(err)
	}
	after := everything(t, s)
	for _, bucket := range bucketsOf1 { // for the others see TestFollowers
		changed := false
		for key, value := range after {
			was, there := before[key]
			changed = changed || strings.HasPrefix(key, string(bucket)+" ") && (!there || was != value)
		}
		if !changed {
			t.Errorf("nothing is put into %s", bucket)
		}
	}
}

// TestWhatCannotBePutIsAnError: each function that puts or deletes something says where that could not be done.
func TestWhatCannotBePutIsAnError(t *testing.T) {
	s := opened(t, Options{})
	if _, err := s.Apply(t.Context(), everyKind(1)); err != nil {
		t.Fatal(err)
	}
	batch := everyKind(1)
	for name, put := range map[string]func(g *group) error{
		"message": func(g *group) error { return g.post(batch.Changes[0].Outbox, nil) },
		"acked":   func(g *group) error { return g.ack([]uint64{1}) },
		"key":     func(g *group) error { return g.remember(&batch, nil) },
		"old key": func(g *group) error { return g.purge() },
		"scope":   func(g *group) error { return g.numbers(&Change{Object: []string{"another"}}) },
		"log":     func(g *group) error { return g.putRun() },
		"long log": func(g *group) error {
			return g.log(&Recorded{Change: Change{Because: strings.Repeat("b", longRun)}})
		},
		"measures": func(g *group) error { return g.putMeasures() },
		"records": func(g *group) error {
			g.run.first = 0
			g.states = []subjectState{{changed: true}}
			return g.finish()
		},
		"only the log":  func(g *group) error { g.counts = nil; return g.finish() },
		"only measures": func(g *group) error { g.run.first = 0; return g.finish() },
		"only the head": func(g *group) error { g.run.first, g.counts, g.now = 0, nil, noon; return g.finish() },
		"progress":      func(g *group) error { return putProgress(g.tx, batch.Progress) },
		"notice":        func(g *group) error { _, err := g.notice(&Notice{About: "a", Step: 1}); return err },
		"the state":     func(g *group) error { return putSaved(g.tx, saved{}) },
	} {
		err := s.file.read(func(tx *bolt.Tx) error {
			g := &group{writer: writerOf(s), tx: tx, clock: noon.Add(2 * keyLife), now: noon.Add(2 * keyLife),
				counts: map[counted]uint64{{}: 1}}
			g.run.first = 9
			if err := put(g); err == nil {
				t.Errorf("%s: no error, though nothing can be put", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnUnreadableRecordIsNotReplaced: who objects, and has a record that cannot be read, is told
// so; nobody else is kept from objecting.
func TestAnUnreadableRecordIsNotReplaced(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "analytics"))
	one := subject(1)
	if err := s.file.db.Update(garbage(bucketSubjects, one.Hash[:])); err != nil {
		t.Fatal(err)
	}
	if receipts, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(1, "newsletter")}}); !errors.Is(
		err, ErrDamaged) || receipts != nil {
		t.Errorf("%v, %v", receipts, err)
	}
	taken(t, s, objects(2, "newsletter"))
	if s.Head().Size != 2 {
		t.Errorf("%d changes", s.Head().Size)
	}
}

// TestAFileThatCannotBeRead any more, from whichever moment on: nothing is answered as if nobody
// had objected, and nothing acknowledged.
func TestAFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	var s *Store
	shut := false
	close := func() {
		s.file.show(unshared) // nobody reads meanwhile
		if err := s.file.db.Close(); err != nil {
			t.Error(err)
		}
	}
	s = opened(t, Options{Dir: dir, Commit: func(tx *bolt.Tx) error {
		err := tx.Commit()
		if shut {
			close()
		}
		return err
	}})
	taken(t, s, objects(1, "analytics"))
	shut = true
	for range 2 { // at the reading after a commit, and at the beginning of the next
		if receipts, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(2, "analytics")}}); !errors.Is(
			err, ErrPoisoned) || receipts != nil {
			t.Errorf("%v, %v", receipts, err)
		}
	}
	one := subject(1)
	_, looked := s.file.standing(one.Hash)
	_, pending := s.Outbox().Next(0, 1)
	_, progress := s.Progress("import")
	_, stats := s.Stats()
	_, backup := s.Backup(&bytes.Buffer{})
	for what, err := range map[string]error{
		"a look-up": looked, "messages": pending, "progress": progress, "measures": stats, "a backup": backup,
		"the log": s.Changes(context.Background(), 0, func(Recorded) bool { return true }),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.file.renew(); err == nil {
		t.Error("a view of nothing")
	}
	var b xorfilter.BinaryFuseBuilder
	if err := (&rebuilder{file: s.file, index: s.index}).rebuild(&b, one.Hash[0], 0); !errors.Is(err, ErrClosed) {
		t.Errorf("a filter is rebuilt of nothing: %v", err)
	}
	closed := opened(t, Options{})
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	err := (&rebuilder{file: closed.file, index: closed.index}).rebuild(&b, 0, 0)
	if err != nil || closed.file.read(func(*bolt.Tx) error { return nil }) == nil {
		t.Errorf("at the end a rebuild is not to be done any more: %v", err)
	}
}

// TestNothingIsBegunInAShutFile: a file that is shut before anything is begun.
func TestNothingIsBegunInAShutFile(t *testing.T) {
	s := opened(t, Options{})
	s.file.show(unshared)
	if err := s.file.db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(1, "analytics")}}); !errors.Is(err, ErrPoisoned) ||
		!errors.Is(s.Err(), ErrPoisoned) {
		t.Errorf("%v, %v", err, s.Err())
	}
	if err := s.Outbox().Ack([]uint64{1}); !errors.Is(err, ErrPoisoned) {
		t.Errorf("acknowledged: %v", err)
	}
}

// TestAViewThatIsOverIsNotHeld: it was rolled back, and its pages may be written anew.
func TestAViewThatIsOverIsNotHeld(t *testing.T) {
	for _, holders := range []int64{0, -1} {
		var v view
		v.holders.Store(holders)
		if v.hold() || v.holders.Load() != holders {
			t.Errorf("with %d holders: %d", holders, v.holders.Load())
		}
	}
}

// TestAStoreThatCannotBeMade says why, and leaves nothing; one that another process made meanwhile is kept.
func TestAStoreThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, FileName)
	write(t, there, []byte("another's"))
	if err := create(durable.Files{}, there, "keys-1"); err != nil || string(read(t, there)) != "another's" {
		t.Errorf("a file that was there: %v, %.20q", err, read(t, there))
	}
	for name, path := range map[string]string{
		"no folder":          filepath.Join(dir, "missing", FileName),
		"a file as a folder": filepath.Join(there, FileName),
		"a name too long":    filepath.Join(dir, strings.Repeat("n", 300)),
	} {
		if err := create(durable.Files{}, path, "keys-1"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || !slices.Equal(left, []string{there}) {
		t.Errorf("left over: %v, %v", left, err)
	}
	if s, err := Open(Options{Dir: filepath.Join(there, "objections"), Identity: "keys-1"}); err == nil {
		t.Errorf("opened below a file: %v", s.Close())
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestMostThatABatchHolds: so much is taken, and one more is not.
func TestMostThatABatchHolds(t *testing.T) {
	for more, taken := range map[int]bool{0: true, 1: false} {
		long := Batch{Key: strings.Repeat("k", 4*mostText+more), Changes: []Change{objects(1, All)}}
		if err := normalise(&long, noon); (err == nil) != taken {
			t.Errorf("a key of %d bytes: %v", len(long.Key), err)
		}
		many := Batch{Changes: []Change{objects(1, All)}}
		for i := 1; i < mostSubjects+more; i++ {
			many.Changes[0].Subjects = append(many.Changes[0].Subjects, subject(i))
		}
		if err := normalise(&many, noon); (err == nil) != taken {
			t.Errorf("%d subjects: %v", len(many.Changes[0].Subjects), err)
		}
		scopes := Batch{Changes: []Change{objects(1)}}
		for i := range mostScopes + more {
			scopes.Changes[0].Object = append(scopes.Changes[0].Object, fmt.Sprint("scope", i))
		}
		spaces := Batch{Changes: []Change{objects(1, All)}}
		spaces.Changes[0].Subjects[0].Space = strings.Repeat("s", mostText+more)
		source := Batch{Changes: []Change{objects(1, All)}}
		source.Changes[0].Source = strings.Repeat("s", 32+more)
		file := Batch{Changes: []Change{objects(1, All)}, Progress: &Progress{File: strings.Repeat("f", mostText+more)}}
		for what, b := range map[string]*Batch{"scopes": &scopes, "a namespace": &spaces, "a source": &source,
			"a file": &file} {
			if err := normalise(b, noon); (err == nil) != taken {
				t.Errorf("%s, %d more than at most: %v", what, more, err)
			}
		}
	}
	nameless := Batch{Changes: []Change{objects(1, All)}}
	nameless.Changes[0].Subjects[0].Space = ""
	for what, b := range map[string]*Batch{"a namespace": &nameless, "a file": {Changes: []Change{objects(1, All)},
		Progress: &Progress{Line: 1}}} {
		if err := normalise(b, noon); err == nil {
			t.Errorf("%s of no name is taken", what)
		}
	}
}

// TestAScopeOfNoNameIsAnError: a record whose scopes nobody can name is not taken for one without objections.
func TestAScopeOfNoNameIsAnError(t *testing.T) {
	s := opened(t, Options{})
	taken(t, s, objects(1, "newsletter"))
	short := (*s.names.Load())[:1]
	s.names.Store(&short)
	if all, err := s.Standing([]Subject{subject(1)}); !errors.Is(err, errUnknownNumber) {
		t.Errorf("%v stand, %v", all, err)
	}
	r := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{}, true })
	one := subject(1)
	if found, err := r.Lookup(one.Hash); !errors.Is(err, errUnknownNumber) {
		t.Errorf("%+v, %v", found, err)
	}
}
