package webhook

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSeveralAreSentAtOnce: as many as the receiver says, and those about one person one after another.
func TestSeveralAreSentAtOnce(t *testing.T) {
	for _, c := range []struct{ concurrency, people, want int }{{0, 400, 4}, {1, 400, 1}, {16, 400, 16},
		{16, 3, 3}, {16, 1, 1}} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{now: time.Now}
			a := newTemplated(t, "a", func(o *ReceiverOptions) { o.Concurrency = c.concurrency })
			for i := range 400 {
				s.post(t, uint64(i+1), a, person(i%c.people))
			}
			f := &far{answer: always(200), takes: 300 * time.Millisecond}
			begin := time.Now()
			deliver(t, s, f, nil, a)
			for s.left() > 0 && time.Since(begin) < time.Hour {
				pass(100 * time.Millisecond)
			}
			took, ideal := time.Since(begin), time.Duration(400/c.want)*f.takes
			if f.most != c.want || took < ideal || took > ideal+ideal/10+2*time.Second {
				t.Errorf("%+v: %d at once, %v, ideal %v", c, f.most, took, ideal)
			}
		})
	}
}

// TestTheRoomIsShared: where there is no room any more the receiver gives up its oldest that takes most, and no other
// loses anything.
func TestTheRoomIsShared(t *testing.T) {
	for what, c := range map[string]struct {
		most Room
		left int // of the one that is down
	}{
		"by number": {Room{Messages: 100, Bytes: 1 << 30}, 60},
		"by bytes":  {Room{Messages: 1 << 30, Bytes: 100 * 299}, 60},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{now: time.Now}
			a, b := newTemplated(t, "a"), newTemplated(t, "b")
			act := &Act{Type: Objection, Time: time.Now(), Scopes: []string{"all"}, IDs: map[string][]string{"email": {"x"}},
				Source: strings.Repeat("-", 100)}
			put := func(id uint64, r *Receiver, email string) {
				act.IDs["email"][0] = fmt.Sprintf("%-20s", email)
				body, err := r.Message(act, &testKey, rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				if c.most.Bytes < 1<<30 {
					c.most.Bytes = int64(100 * len(body))
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				s.all = append(s.all, Waiting{ID: id, To: r.Name(), Body: body, Since: time.Now()})
			}
			for i := range 1200 {
				put(uint64(i+1), a, person(i))
			}
			f := &far{answer: always(0)}
			o := deliver(t, s, f, func(o *OutboxOptions) { o.Most = c.most }, a, b)
			pass(time.Second)
			if states := o.States(); s.left() != 100 || states[0].Room.Messages != 100 || o.count("a dropped_full") != 1100 {
				t.Fatalf("%s: %d left, %d given up, %+v", what, s.left(), o.count("a dropped_full"), states)
			}
			for i := range 40 {
				put(uint64(i+2000), b, person(i))
			}
			o.Kick()
			pass(time.Second)
			if states := o.States(); states[0].Room.Messages != c.left || states[1].Room.Messages != 40 ||
				o.count("b dropped_full") > 0 {
				t.Errorf("%s: %+v", what, states)
			}
			f.answers(always(200))
			pass(time.Hour)
			got, _ := f.sent()
			if s.left() != 0 || len(got) != 100 {
				t.Errorf("%s: %d left, %d told", what, s.left(), len(got))
			}
			for _, one := range got { // those of the first that are left are its newest
				var n int
				if name, found := strings.CutPrefix(strings.TrimSpace(one), "a.example u"); found {
					if _, err := fmt.Sscanf(name, "%d@", &n); err != nil || n < 1200-c.left {
						t.Errorf("%s: %q was told, %v", what, one, err)
					}
				}
			}
		})
	}
}

// TestADiskThatIsShort: what waits takes no more of it than before, and a few messages always have room.
func TestADiskThatIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, a := &shelf{now: time.Now}, newTemplated(t, "a")
		s.post(t, 1, a, "jane@example.com")
		body, id := s.all[0].Body, uint64(1)
		come := func(n int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for range n {
				id++
				s.all = append(s.all, Waiting{ID: id, To: "a", Body: body, Since: time.Now()})
			}
		}
		var short atomic.Bool
		f := &far{answer: always(0)}
		o := deliver(t, s, f, func(o *OutboxOptions) { o.Short = short.Load }, a)
		for _, c := range []struct {
			comes int
			short bool
			want  int
		}{
			{100, true, 101}, {few.Messages, true, few.Messages}, {2000, false, few.Messages + 2000},
			{500, true, few.Messages + 2000},
			{1, false, few.Messages + 2001},
		} {
			come(c.comes)
			short.Store(c.short)
			o.Kick()
			synctest.Wait()
			if got := o.States()[0].Room.Messages; got != c.want {
				t.Fatalf("%+v: %d wait", c, got)
			}
		}
	})
}

// TestWhoIsGoneIsPaused: nothing is sent to it and nothing is dropped, until its lines change, or for as long as
// messages wait at all; a reload that leaves it as it is changes nothing.
func TestWhoIsGoneIsPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		for i := range 50 {
			s.post(t, uint64(i+1), a, person(i))
		}
		f := &far{answer: always(410)}
		o := deliver(t, s, f, nil, a)
		synctest.Wait()
		paused := func(want bool) {
			t.Helper()
			if states := o.States(); states[0].Paused != want || states[0].Why != WhyGone {
				t.Errorf("%+v", states)
			}
		}
		paused(true)
		_, first := f.sent()
		f.answers(always(200))
		o.are(newTemplated(t, "a")) // as it was
		pass(24 * time.Hour)
		if _, n := f.sent(); first > 4 || n > 0 || s.left() != 50 || o.count("a gone") != first {
			t.Errorf("%d sent, then %d, %d left, %q", first, n, s.left(), o.events())
		}
		paused(true)
		o.are(newTemplated(t, "a", func(o *ReceiverOptions) { o.URL = "https://b.example/y" }))
		pass(time.Minute)
		if got, n := f.sent(); n != 50 || s.left() != 0 || !strings.HasPrefix(got[0], "b.example") {
			t.Errorf("%d sent, %d left", n, s.left())
		}
		paused(false)
		f.answers(always(410))
		for i := range 3 {
			s.post(t, uint64(i+100), a, person(i))
		}
		o.Kick()
		pass(8 * 24 * time.Hour)
		if s.left() != 0 || o.count("a dropped_too_old") != 3 {
			t.Errorf("%d left, %q", s.left(), o.events())
		}
		o.end()
		s.post(t, 200, a, "jane@example.com")
		f.answers(always(200))
		deliver(t, s, f, nil, a) // another process
		synctest.Wait()
		if _, n := f.sent(); n != 1 || s.left() != 0 {
			t.Errorf("after a restart: %d sent, %d left", n, s.left())
		}
	})
}

// TestAChangedReceiverIsTriedAtOnce: whoever mended its lines does not wait for what was wrong before.
func TestAChangedReceiverIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		for i := range 3 {
			s.post(t, uint64(i+1), a, person(i))
		}
		f := &far{answer: always(404)}
		o := deliver(t, s, f, nil, a)
		pass(5 * time.Hour)
		f.answers(always(200))
		o.are(newTemplated(t, "a", func(o *ReceiverOptions) { o.URL = "https://b.example/y" }))
		synctest.Wait()
		if s.left() != 0 {
			t.Errorf("%d left", s.left())
		}
	})
}
