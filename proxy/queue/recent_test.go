package queue

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestRecentHoldsWhatWasWrittenLast: of each file as much as there is room for, and of what it says that it holds the
// bytes that were written, however they came and wherever they begin.
func TestRecentHoldsWhatWasWrittenLast(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, room := range []int{0, 1, 7, 64, 1000} {
		of := recent{size: room}
		f, all := new(file), []byte(nil)
		begun := 0 // bytes of the file before those that came to it in one
		for range 3000 {
			switch r.IntN(50) {
			case 0: // another file
				f, all, begun = new(file), nil, 0
			case 1: // something is in it of which nobody told
				all = append(all, make([]byte, 1+r.IntN(room+2))...)
				begun = len(all)
			case 2:
				of.forget(f)
				begun = len(all)
			}
			b := make([]byte, r.IntN(room/2+3))
			if r.IntN(20) == 0 {
				b = make([]byte, 3*room)
			}
			for i := range b {
				b[i] = byte(1 + r.IntN(255))
			}
			of.add(f, int64(len(all)), b)
			all = append(all, b...)
			at := r.IntN(len(all) + 1)
			n := r.IntN(len(all) - at + 1)
			want := room > 0 && at >= max(begun, len(all)-room)
			if got := of.holds(f, int64(at), int64(n)); got != want && len(b) > 0 && n > 0 {
				t.Fatalf("room %d, file of %d: bytes %d to %d are held: %t, want %t", room, len(all), at, at+n, got, want)
			}
			if !of.holds(f, int64(at), int64(n)) || n == 0 {
				continue
			}
			got := make([]byte, n)
			if of.read(int64(at), got); !bytes.Equal(got, all[at:at+n]) {
				t.Fatalf("room %d: bytes %d to %d are other ones", room, at, at+n)
			}
			if of.holds(new(file), int64(at), int64(n)) || of.holds(f, int64(at), int64(n+len(all))) {
				t.Fatal("it holds what nobody wrote")
			}
		}
	}
}

// TestWhatCameLastIsReadFromMemory, as long as there is room for it, and from the disk afterwards; and
// nothing of it is left once its file is gone.
func TestWhatCameLastIsReadFromMemory(t *testing.T) {
	d, c := &diary{}, newClock()
	o := options(t.TempDir(), d, c)
	o.Recent = 4 << 10
	q := opened(t, o)
	add(t, q, event(3), event(6))
	path := filepath.Join(o.Dir, files(t, o.Dir, framesSuffix)[0])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("!"), len(whole)), 0o600); err != nil {
		t.Fatal(err)
	}
	it, _ := q.Next("ga4", Due)
	checkRead(t, q, it)
	checkRead(t, q, it)
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		add(t, q, event(300+3*n))
	}
	if q.waiting.recent.holds(it.e.file, it.e.at, int64(it.e.size)) {
		t.Error("there is more in memory than it has room for")
	}
	checkRead(t, q, it)
	q.waiting.recent.forget(it.e.file)
	if b := q.waiting.recent.room; !bytes.Equal(b, make([]byte, len(b))) {
		t.Error("something is left of a file that is gone")
	}
	last, _ := q.Next("ga4", Any)
	checkRead(t, q, last)
}
