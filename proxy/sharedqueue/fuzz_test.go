package sharedqueue

import (
	"bytes"
	"testing"
)

// FuzzMessage: whatever bytes are on the servers, they are read as what a node sealed, or refused.
func FuzzMessage(f *testing.F) {
	key, of := [32]byte{1}, id{2}
	whole, err := seal(&key, of, "ga4", "a", [][]byte{{1, 2}, {}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:headSize])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, node, items, err := unseal(&key, "ga4", b)
		if err == nil && (!bytes.Equal(b, whole) || node != "a" || len(items) != 2) {
			t.Errorf("%q %q", node, items)
		}
		if _, _, _, err := unseal(&key, "other", b); err == nil {
			t.Error("it is read as another vendor's")
		}
	})
}

// FuzzMark: no bytes are a mark but those that a node wrote of that message.
func FuzzMark(f *testing.F) {
	q := &Queue{o: Options{Key: [32]byte{1}}}
	var err error
	if q.marking, err = marking(q).macKey(); err != nil {
		f.Fatal(err)
	}
	m := mark{by: [16]byte{3}, back: true}
	m.begun.Add(7)
	m.ended.Add(255)
	whole := marking(q).appendMark(id{2}, &m)
	f.Add(whole)
	f.Add(whole[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := marking(q).parseMark(id{2}, b)
		if (err == nil) != bytes.Equal(b, whole) || err == nil && got != m {
			t.Errorf("%x: %+v, %v", b, got, err)
		}
		if _, err := marking(q).parseMark(id{4}, b); err == nil {
			t.Error("it is read as another message's")
		}
	})
}
