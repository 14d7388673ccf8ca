package objection

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The decoders of what is stored: whatever bytes they get, they return an error or something that
// reads the same once it is written again.

func FuzzRecord(f *testing.F) {
	several := []act{
		{Holder{Earlier, [16]byte{}}, scopesOf([]uint32{0, 1, 127})}, {Holder{Browser, [16]byte{1, 7: 8}}, Scopes{"\x00"}},
		{Holder{Browser, [16]byte{2}}, scopesOf([]uint32{128, 1 << 20})}, {Holder{Role, [16]byte{}}, Scopes{"\x00"}},
		{Holder{SeenWith, [16]byte{15: 1}}, scopesOf([]uint32{1<<32 - 1})},
	}
	for _, r := range []record{
		{form: 1}, {first: noon.Unix(), last: noon.Unix() + 5, seq: 7, source: 3, form: 1, scopes: Scopes{"\x00"},
			acts: several[1:2]},
		{first: 5, last: 9, form: 2, back: takenBack{scopesOf([]uint32{0, 3}), 9}},
		{first: 5, last: 9, form: 2, chosen: chosen{refused: Scopes{"\x04"}, by: [browserID]byte{1}, refusedAt: 6}},
		{first: 5, last: 9, form: 2, scopes: Scopes{"\x00"}, acts: several[1:2], back: takenBack{scopesOf([]uint32{3}), 9},
			chosen: chosen{granted: Scopes{"\x04"}, denied: Scopes{"\x06"}, at: 7}},
		{first: -5, last: 1 << 60, seq: touched, source: 1<<32 - 1, form: 255, scopes: unionOf(several), acts: several},
	} {
		f.Add(r.append(nil, &[16]byte{1, 2, 3})[4:])
	}
	f.Add([]byte{0, 0, 0, 0, 0x80, 0x00})
	f.Add([]byte{0, 0, 0, 0, 2, 1})
	f.Add([]byte{0, 1, 0, 0, 1, 1, 0, 0})
	f.Fuzz(func(t *testing.T, rest []byte) {
		key := [16]byte{1, 2, 3}
		value := sealed(key[:], append([]byte{0, 0, 0, 0}, rest...))
		r, err := parseRecord(key[:], value)
		if err != nil {
			return
		}
		again, err := parseRecord(key[:], r.append(nil, &key))
		if again.old = r.old; err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v was read, and then %+v, %v", r, again, err)
		}
		marks := r.scopes.appendMarks(nil)
		if scopesOf(marks) != r.scopes {
			t.Errorf("scopes %v are written in two ways", marks)
		}
		value[len(value)-1] ^= 1
		if _, err := parseRecord(key[:], value); err == nil {
			t.Error("a turned bit was not seen")
		}
	})
}

func FuzzEntry(f *testing.F) {
	full := Recorded{Seq: 9, Time: noon, InForce: []string{All}, Change: Change{
		Subjects: []Subject{subject(1), subject(2)}, Object: []string{"a", "b"}, TakeBack: []string{All},
		Restriction: true, Complaint: true,
		Source: API, Site: "shop", Channel: "mail", Campaign: "spring", By: "operator", Because: "asked by phone",
		Time: noon.Add(-time.Hour), Holder: Holder{Kind: Role}, EveryAct: true,
	}, Gone: []string{"c"}, Each: [][]string{{All}, nil}}
	f.Add(full.append(nil))
	f.Add((&Recorded{Change: Change{Time: time.Unix(-1, 5)}}).append(nil))
	f.Add([]byte{entryFormat, 0, 1})
	follows := full
	follows.Change.Holder, follows.Change.Lead = Holder{SeenWith, subject(3).Hash}, subject(3).Ledger
	f.Add(follows.append(nil))
	f.Add((&Recorded{Seq: 3, Time: noon, Change: chosenBy(1, 2, noon, "+analytics", "-marketing")}).append(nil))
	f.Add(slices.Concat([]byte{entryBeforeHolder, 0, 1}, make([]byte, 4), make([]byte, 10)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseEntry(b)
		if err != nil {
			return
		}
		again, err := parseEntry(r.append(nil))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v was read, and then %+v, %v", r, again, err)
		}
	})
}

func FuzzRun(f *testing.F) {
	f.Add([]byte{3, 'a', 'b', 'c', 0, 1, 'x'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(_ *testing.T, b []byte) {
		key := number(5)
		_ = eachEntry(key, sealed(key, append([]byte{0, 0, 0, 0}, b...)), func(uint64, []byte) error { return nil })
	})
}

func FuzzAnswered(f *testing.F) {
	f.Add(appendAnswered(nil, noon, [32]byte{1}, []Receipt{
		{Seq: 1, Recorded: noon, New: true, Own: true, InForce: []string{All}, Held: []Held{{Browser, 2, []string{All}}}},
		{Recorded: noon},
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		key := []byte("key")
		at, digest, receipts, err := parseAnswered(key, sealed(key, append([]byte{0, 0, 0, 0}, b...)))
		if err != nil {
			return
		}
		at2, digest2, again, err := parseAnswered(key, sealed(key, appendAnswered([]byte{0, 0, 0, 0}, at, digest, receipts)))
		if err != nil || !at.Equal(at2) || digest != digest2 || !reflect.DeepEqual(again, receipts) {
			t.Errorf("%+v was read, and then %+v, %v", receipts, again, err)
		}
	})
}

func FuzzWaiting(f *testing.F) {
	f.Add(append(appendText(appendTime(nil, noon), "crm"), "body"...))
	f.Fuzz(func(_ *testing.T, b []byte) {
		key := number(5)
		_, _ = parseWaiting(key, sealed(key, append([]byte{0, 0, 0, 0}, b...)))
	})
}

func FuzzFollower(f *testing.F) {
	one := follower{day: 20_000, lead: subject(1).Ledger, subject: subject(2)}
	lead := subject(1).Hash
	key := followKey(&lead, &one.subject.Hash)
	f.Add(one.append(nil, key)[4:])
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseFollower(key, sealed(key, append([]byte{0, 0, 0, 0}, b...)))
		if err != nil {
			return
		}
		if again, err := parseFollower(key, got.append(nil, key)); err != nil || again != got {
			t.Errorf("%+v was read, and then %+v, %v", got, again, err)
		}
	})
}

// FuzzPages reads a tree of pages that anything may be: it ends, with an error or in order.
func FuzzPages(f *testing.F) {
	content, root := smallPages(f)
	f.Add(content, root)
	f.Add(content[:len(content)/2], root)
	f.Fuzz(func(t *testing.T, b []byte, root uint64) {
		const size = 1024
		w := &walker{pages: pages{file: bytes.NewReader(b), pageSize: size, pages: uint64(len(b) / size)}}
		var last []byte
		calls := 0
		_ = w.walk(root, nil, nil, func(key, _ []byte) error {
			if calls++; calls > 1 && bytes.Compare(last, key) >= 0 {
				t.Fatal("keys do not ascend")
			}
			last = append(last[:0], key...)
			return nil
		})
		_, _ = parseMeta(b)
	})
}

// smallPages is a file of small pages with a bucket of two levels in it, and the bucket's root.
func smallPages(f *testing.F) (content []byte, root uint64) {
	f.Helper()
	path := filepath.Join(f.TempDir(), "small.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: 1024})
	if err != nil {
		f.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(bucketSubjects)
		for n := range 60 {
			hash := subject(n).Hash
			err = errors.Join(err, b.Put(hash[:], (&record{seq: 1, form: 1}).append(nil, &hash)))
		}
		return err
	})
	err = errors.Join(err, db.View(func(tx *bolt.Tx) error {
		root = uint64(tx.Bucket(bucketSubjects).Root())
		return nil
	}), db.Close())
	if err != nil {
		f.Fatal(err)
	}
	if content, err = os.ReadFile(path); err != nil {
		f.Fatal(err)
	}
	content = content[:len(bytes.TrimRight(content, "\x00"))/1024*1024+1024]
	w := &walker{pages: pages{file: bytes.NewReader(content), pageSize: 1024, pages: uint64(len(content) / 1024)}}
	n := 0
	if err := w.walk(root, nil, nil, func([]byte, []byte) error { n++; return nil }); err != nil || n != 60 {
		f.Fatalf("%d subjects of 60, %v", n, err)
	}
	return content, root
}
