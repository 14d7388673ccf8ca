package objection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// resealed puts a value below a key, with a checksum that is right.
func resealed(bucket, key, value []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		return tx.Bucket(bucket).Put(key, sealed(key, append(make([]byte, 4), value...)))
	}
}

// removed takes a key away.
func removed(bucket, key []byte) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return tx.Bucket(bucket).Delete(key) }
}

// entryOf is a change of the log, as it is stored.
func entryOf(tx *bolt.Tx, seq uint64) (text []byte, err error) {
	err = eachEntry(number(seq), tx.Bucket(bucketChanges).Get(number(seq)), func(_ uint64, e []byte) error {
		text = bytes.Clone(e)
		return nil
	})
	return text, err
}

// logged puts another entry in the place of a change, made of that of another.
func logged(seq, from uint64, change func(text []byte)) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		text, err := entryOf(tx, from)
		if err != nil {
			return err
		}
		change(text)
		return resealed(bucketChanges, number(seq), append(binary.AppendUvarint(nil, uint64(len(text))), text...))(tx)
	}
}

func resaved(change func(*saved)) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		v, err := loadSaved(tx)
		if err != nil {
			return err
		}
		change(&v)
		return putSaved(tx, v)
	}
}

// TestAFileThatContradictsItself: every checksum is right, and what is there does not go together. It is not opened; or
// what lies there is not answered with.
func TestAFileThatContradictsItself(t *testing.T) {
	t.Parallel()
	same, first := func([]byte) {}, subject(1).Hash
	changes := func(s *Store) error { return s.Changes(t.Context(), 0, func(Recorded) bool { return true }) }
	pending := func(s *Store) error { _, err := s.Outbox().Next(0, 9); return err }
	alone := func(s *Store) error { // it is told of by its number, so that those behind it are none the worse
		list, err := s.Outbox().Next(0, 9)
		body, failed := s.Outbox().Body(1)
		if err != nil || failed != nil || len(list) != 1 || list[0].ID != 1 || list[0].To != "" ||
			body == nil || len(body) > 0 {
			return errors.Join(errors.New("messages other than that"), err, failed)
		}
		return fmt.Errorf("%w: message 1 alone", ErrDamaged)
	}
	stats := func(s *Store) error { _, err := s.Stats(); return err }
	for what, c := range map[string]struct {
		damage func(*bolt.Tx) error
		says   string
		asked  func(*Store) error // nil: it cannot be opened
	}{
		"a bucket is missing": {func(tx *bolt.Tx) error {
			return tx.DeleteBucket(bucketOutbox)
		}, `it has no bucket "outbox"`, nil},
		"a format of another time": {func(tx *bolt.Tx) error {
			return tx.Bucket(bucketMeta).Put(keyFormat, []byte("99"))
		}, `has format "99"`, nil},
		"a head that is cut":           {resealed(bucketMeta, keyState, make([]byte, 47)), "the head cannot be read", nil},
		"more subjects than there are": {resaved(func(v *saved) { v.records++ }), "says that there are 3", nil},
		"a name that is not the next":  {resealed(bucketScopes, []byte{0, 0, 0, 9}, []byte("x")), "a name is missing", nil},
		"a name of no number":          {resealed(bucketScopes, []byte{0, 0, 9}, []byte("x")), "a name is missing", nil},
		"acts that make something else": {resealed(bucketSubjects, first[:], []byte{0, 1, 1, 0, 1, 1, 2, 2, byte(ByLink), 1,
			4, byte(Role), 0}), "the acts in a subject's record", nil},
		"an act of nobody": {resealed(bucketSubjects, first[:], []byte{0, 1, 1, 0, 1, 1, 2, 1, 0, 0}),
			"the acts in a subject's record", nil},
		"a scope of no name": {removed(bucketScopes, []byte{0, 0, 0, 2}), errUnknownNumber.Error(), nil},
		"another root":       {resaved(func(v *saved) { v.head.Root[0] ^= 1 }), "do not make its head", nil},
		"a head of nothing":  {resaved(func(v *saved) { v.head = emptyHead }), "the change log holds more", nil},
		"no log": {func(tx *bolt.Tx) error {
			return errors.Join(removed(bucketChanges, number(1))(tx), removed(bucketChanges, number(2))(tx))
		}, "change 2 of the log is missing", nil},
		"a log that ends early": {removed(bucketChanges, number(2)), "does not end where its head says", nil},
		"another last change": {logged(2, 2, func(text []byte) {
			text[len(text)-1] ^= 1
		}), "is not the one that its hash is of", nil},
		"a last change of no length": {resealed(bucketChanges, number(2), []byte{200}),
			"the change log cannot be read", nil},
		"a change of no number": {resealed(bucketChanges, append(number(2), 0), []byte{0}),
			"a number of the change log cannot be read", nil},
		"no hashes":                   {removed(bucketTree, number(2)), "a hash of change 2 of the log is missing", nil},
		"a first change that is gone": {removed(bucketChanges, number(1)), "change 1 of the log is missing", changes},
		"a change in another's place": {logged(1, 2, same), "says that it is another one", changes},
		"a change of no known format": {logged(1, 1, func(text []byte) { text[0] = 99 }), "unknown format", changes},
		"a change that is of no length": {logged(1, 1, func(text []byte) {
			text[len(text)-1] = 99
		}), "cannot be read", changes},
		"a run of no change":       {resealed(bucketChanges, number(1), nil), "change 1 of the log is missing", changes},
		"a message of no receiver": {resealed(bucketOutbox, number(1), []byte{0}), "message 1 alone", alone},
		"a message of no number": {resealed(bucketOutbox, []byte{1}, []byte{0, 0, 0}),
			"a message cannot be read", pending},
		"a message that is damaged": {garbage(bucketOutbox, number(1)), "message 1 alone", alone},
		"a measure of no kind": {func(tx *bolt.Tx) error {
			return tx.Bucket(bucketMeasures).Put([]byte{0, 0, 0, 9, 99, 0}, number(1))
		}, "a measure cannot be read", stats},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := Options{Dir: t.TempDir(), Identity: "keys-1", Now: atNoon}
			s, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			first := objects(1, "analytics")
			first.Outbox = []Message{{To: "crm", Body: []byte("body")}}
			taken(t, s, first)
			taken(t, s, objects(2, "newsletter"))
			if err := errors.Join(s.file.db.Update(c.damage), s.Close()); err != nil {
				t.Fatal(err)
			}
			s, err = Open(o)
			if err == nil {
				defer func() { _ = s.Close() }()
				if c.asked == nil {
					t.Fatal("it is opened")
				}
				err = c.asked(s)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrDamaged) == strings.Contains(
				c.says, "format \"") {
				t.Errorf("%v", err)
			}
		})
	}
}
