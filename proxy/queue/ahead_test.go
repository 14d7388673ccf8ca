package queue

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// turns counts how often, and how much, is read of a file.
type turns struct {
	io.ReaderAt
	n, bytes int
}

// ReadAt is that of [io.ReaderAt].
func (r *turns) ReadAt(b []byte, at int64) (int, error) {
	r.n++
	r.bytes += len(b)
	return r.ReaderAt.ReadAt(b, at)
}

// manyWaiting is a queue in whose one file so many events of three vendors stand in turn, each about a
// kilobyte long, and what is read of that file.
func manyWaiting(t *testing.T, n int) (q *Queue, path string, read *turns) {
	d, c := &diary{}, newClock()
	o := options(t.TempDir(), d, c)
	q = opened(t, o)
	for i := range n {
		e := event(i + 1)
		e.Body = append(e.Body, bytes.Repeat([]byte(" "), 900)...)
		add(t, q, e)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	f := q.waiting.files[len(q.waiting.files)-1]
	if err := f.open(); err != nil {
		t.Fatal(err)
	}
	read = &turns{ReaderAt: f.reader}
	f.reader = read
	return q, filepath.Join(o.Dir, filepath.Base(f.path)), read
}

// holdsItem tells whether an event that was read is the one that was handed out.
func holdsItem(e *Event, it Item) bool {
	return e.Name == it.Name && e.Vendor == it.Vendor && strings.HasPrefix(string(e.Body),
		string(event(int(it.Name.Hit)).Body))
}

// TestReader: events that leave as they came are read as by themselves, and many of them in one turn, also where
// those of other vendors stand between them.
func TestReader(t *testing.T) {
	const n = 600
	q, _, read := manyWaiting(t, n)
	r := NewReader(q)
	var e Event
	for events := range n / 3 {
		it, found := q.Next("segment", Due)
		if !found {
			t.Fatalf("%d events", events)
		}
		if err := r.Read(it, &e); err != nil || !holdsItem(&e, it) {
			t.Fatalf("%v: %v, %v", it.Name, e.Name, err)
		}
		e.Reset()
	}
	if read.n > n/3/4 || read.bytes > 2*n*1200 {
		t.Errorf("%d events were read in %d turns, %d bytes", n/3, read.n, read.bytes)
	}
}

// TestReaderOfFewReadsLittle: where what stands behind an event is not asked for,
// hardly more of the file is read than is.
func TestReaderOfFewReadsLittle(t *testing.T) {
	const n = 400
	q, _, read := manyWaiting(t, n)
	r := NewReader(q)
	var e Event
	var all []Item
	for it := range q.Pending("") {
		all = append(all, it)
	}
	size := 0
	for i := len(all) - 1; i >= 0; i -= 40 {
		if err := r.Read(all[i], &e); err != nil || !holdsItem(&e, all[i]) {
			t.Fatalf("%v: %v, %v", all[i].Name, e.Name, err)
		}
		size += int(all[i].e.size)
	}
	if read.bytes > 2*size+1200 {
		t.Errorf("%d bytes were read of events of %d", read.bytes, size)
	}
}

// TestReaderAndDamage: of what was read along, what is damaged is told and set aside like anything else, what has ended
// by then is gone, and the others are there.
func TestReaderAndDamage(t *testing.T) {
	const n = 60
	q, path, _ := manyWaiting(t, n)
	var all []Item
	for it := range q.Pending("") {
		all = append(all, it)
	}
	damaged, ended := 17, 31
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[all[damaged].e.at+200] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r := NewReader(q)
	var e Event
	for i, it := range all {
		if i == ended {
			taken, _ := Take(q, all[ended:ended+1])
			if err := q.End(nil, taken...); err != nil {
				t.Fatal(err)
			}
		}
		want := map[int]error{damaged: ErrDamaged, ended: ErrGone}[i]
		if err := r.Read(it, &e); !errors.Is(err, want) || want == nil && (err != nil || !holdsItem(&e, it)) {
			t.Errorf("%d, %v: %v, %v; want %v", i, it.Name, e.Name, err, want)
		}
	}
	if of := q.Stats().Damaged; of != 1 {
		t.Errorf("%d events are damaged", of)
	}
}
