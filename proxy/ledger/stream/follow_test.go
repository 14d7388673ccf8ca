package stream_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/stream"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// fake is a receiver that remembers.
type fake struct {
	mu    sync.Mutex
	lines []string
	fails error // what Send fails with
	lost  error // what became of the connection
	most  int   // how many it takes at once; 0: all
}

func (f *fake) Send(_ context.Context, batch []stream.Record) (stream.Sent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return stream.Sent{}, f.fails
	}
	n := len(batch)
	if f.most > 0 {
		n = min(n, f.most)
	}
	for i := range n {
		f.lines = append(f.lines, fmt.Sprintf("%d %s", batch[i].Number, batch[i].Line))
	}
	return stream.Sent{Taken: n}, nil
}

func (f *fake) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.lost
	f.lost = nil
	return err
}

func (f *fake) Close() {}

func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// take is what it got since it was asked last.
func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.lines
	f.lines = nil
	return got
}

// log is a ledger's folder that a test writes, and who follows it.
type log struct {
	t        *testing.T
	dir      string
	synced   atomic.Uint64
	receiver fake
	mu       sync.Mutex
	gaps     []stream.Gap
	failed   []string
	reported []string
	o        stream.Options
}

func newLog(t *testing.T) *log {
	l := &log{t: t, dir: t.TempDir()}
	l.o = stream.Options{
		Dir: l.dir, File: filepath.Join(t.TempDir(), "position.json"), Receiver: &l.receiver, Synced: l.synced.Load,
		Behind: 1 << 40, Subjects: true, Now: time.Now, Random: func() float64 { return 0.5 }, OnSent: func(uint64) {},
		OnGap: func(g stream.Gap) { l.note(func() { l.gaps = append(l.gaps, g) }) },
		OnFailed: func(err error) {
			l.note(func() { l.failed = append(l.failed, fmt.Sprint(err)) })
		},
		Report: func(err error) { l.note(func() { l.reported = append(l.reported, err.Error()) }) },
	}
	return l
}

func (l *log) note(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}

func (l *log) saw() (gaps []stream.Gap, failed, reported []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gaps, failed, reported = l.gaps, l.failed, l.reported
	l.gaps, l.failed, l.reported = nil, nil, nil
	return gaps, failed, reported
}

// line is the record of a number, as somebody wrote it.
func line(n uint64, by string) string {
	return fmt.Sprintf(`{"time":"2026-11-29T12:00:00.5Z","kind":"reload","text":"note %04d by %s","subjects":["aa"]`,
		n, by)
}

func lines(first, end uint64, by string) (b []byte) {
	for n := first; n < end; n++ {
		b = segment.AppendLine(b, []byte(line(n, by)+"}"))
	}
	return b
}

// as is how they are sent.
func as(first, end uint64, by string) (all []string) {
	for n := first; n < end; n++ {
		b := segment.AppendLine(nil, []byte(line(n, by)+"}"))
		all = append(all, fmt.Sprintf("%d %s", n, b[:len(b)-1]))
	}
	return all
}

// write writes records to the segment of a number; synced is how many records are on disk then.
func (l *log) write(segmentOf uint64, text []byte, synced uint64) {
	path := filepath.Join(l.dir, segment.FileName(segmentOf, ".jsonl"))
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.Write(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.synced.Store(synced)
}

// follow runs a follower for a time, and returns what was sent meanwhile.
func (l *log) follow(d time.Duration) []string {
	ctx, cancel := context.WithTimeout(l.t.Context(), d)
	defer cancel()
	stream.New(l.o).Run(ctx)
	return l.receiver.take()
}

func same(t *testing.T, what string, got []string, want ...[]string) {
	t.Helper()
	if all := slices.Concat(want...); !slices.Equal(got, all) {
		t.Errorf("%s: sent is\n%q\nwant\n%q", what, got, all)
	}
}

// TestOnlyWhatIsOnDisk: what is written and may be taken back is not sent, nor believed once it was read.
func TestOnlyWhatIsOnDisk(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.write(0, lines(0, 10, "a"), 5)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { stream.New(l.o).Run(ctx); close(done) }()
		<-time.After(time.Second)
		same(t, "synced", l.receiver.take(), as(0, 5, "a"))
		path := filepath.Join(l.dir, segment.FileName(0, ".jsonl"))
		if err := os.Truncate(path, int64(len(lines(0, 5, "a")))); err != nil {
			t.Fatal(err)
		}
		l.write(0, lines(5, 12, "b"), 9)
		<-time.After(time.Second)
		same(t, "written again", l.receiver.take(), as(5, 9, "b"))
		l.write(12, lines(12, 14, "b"), 14)
		<-time.After(time.Second)
		same(t, "another segment", l.receiver.take(), as(9, 14, "b"))
		cancel()
		<-done
	})
	if gaps, failed, reported := l.saw(); len(gaps)+len(failed)+len(reported) > 0 {
		t.Error(gaps, failed, reported)
	}
}

// TestGoesOn: a start goes on where the last one was; what had not settled is sent again, and nothing is left out.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		l.o.Begin = 3
		l.write(0, lines(0, 10, "a"), 10)
		same(t, "first", l.follow(time.Second), as(3, 10, "a"))
		same(t, "again", l.follow(time.Second))
		l.write(0, lines(10, 12, "a"), 12)
		same(t, "more", l.follow(time.Second), as(10, 12, "a"))

		l.o.Settle = 5 * time.Second
		l.write(0, lines(12, 14, "a"), 14)
		same(t, "sent", l.follow(4*time.Second), as(12, 14, "a"))
		same(t, "not settled", l.follow(6*time.Second), as(12, 14, "a"))
		same(t, "settled", l.follow(6*time.Second))
	})
}

// TestFails: a receiver that fails gets all of it later, from the first record that it did not take; so does one whose
// connection broke before what it was sent had settled.
func TestFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		l.write(0, lines(0, 6, "a"), 6)
		l.receiver.fails = errors.New("nobody answers")
		ctx, cancel := context.WithCancel(t.Context())
		f, done := stream.New(l.o), make(chan struct{})
		go func() { f.Run(ctx); close(done) }()
		<-time.After(30 * time.Second)
		if s := f.State(); s.Failing.IsZero() || s.Why != "nobody answers" || s.Next != 0 || s.Oldest.IsZero() {
			t.Errorf("%+v", s)
		}
		_, failed, _ := l.saw()
		if n := len(failed); n < 3 || n > 12 {
			t.Errorf("it was tried %d times in half a minute", n)
		}
		l.receiver.set(func(r *fake) { r.fails, r.most = nil, 2 })
		<-time.After(5 * time.Minute)
		same(t, "by halves", l.receiver.take(), as(0, 6, "a"))
		if s := f.State(); !s.Failing.IsZero() || s.Next != 6 || !s.Oldest.IsZero() {
			t.Errorf("%+v", s)
		}
		cancel()
		<-done

		l.o.Settle = time.Minute
		l.write(0, lines(6, 9, "a"), 9)
		ctx, cancel = context.WithCancel(t.Context())
		defer cancel()
		f, done = stream.New(l.o), make(chan struct{})
		l.receiver.set(func(r *fake) { r.most = 0 })
		go func() { f.Run(ctx); close(done) }()
		<-time.After(10 * time.Second)
		l.receiver.set(func(r *fake) { r.lost = errors.New("it went away") })
		<-time.After(2 * time.Minute)
		same(t, "sent again", l.receiver.take(), as(6, 9, "a"), as(6, 9, "a"))
		cancel()
		<-done
		if gaps, _, _ := l.saw(); len(gaps) > 0 {
			t.Error(gaps)
		}
	})
}

// TestGaps: what is left out is told, once and exactly: too far behind, deleted, damaged.
func TestGaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		l.o.Behind = 20
		l.write(0, lines(0, 100, "a"), 100)
		l.receiver.fails = errors.New("not yet")
		same(t, "none", l.follow(time.Minute))
		l.receiver.fails = nil
		same(t, "the last ones", l.follow(time.Second), as(90, 100, "a"))
		gaps, _, _ := l.saw()
		if want := []stream.Gap{{First: 0, End: 90, Count: 90, Why: stream.WhyBehind}}; !slices.Equal(gaps, want) {
			t.Errorf("%+v", gaps)
		}

		l.write(100, lines(100, 105, "a"), 105) // deleted before it is sent
		l.write(105, append(lines(105, 107, "a"), lines(107, 110, "a")...), 110)
		for _, first := range []uint64{0, 100} {
			if err := os.Remove(filepath.Join(l.dir, segment.FileName(first, ".jsonl"))); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(l.dir, segment.FileName(105, ".jsonl"))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[len(lines(105, 107, "a"))+30] ^= 1
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		want := []stream.Gap{
			{First: 100, End: 105, Count: 5, Why: stream.WhyGone}, {First: 107, End: 108, Count: 1, Why: stream.WhyDamaged},
		}
		l.receiver.fails = errors.New("not yet") // who tries again tells nothing twice
		same(t, "none", l.follow(20*time.Second))
		if gaps, failed, _ := l.saw(); !slices.Equal(gaps, want) || len(failed) < 2 {
			t.Errorf("%+v, %q", gaps, failed)
		}
		l.receiver.fails = nil
		same(t, "what is there", l.follow(time.Minute), as(105, 107, "a"), as(108, 110, "a"))
		if gaps, _, reported := l.saw(); !slices.Equal(gaps, want) || len(reported) != 1 {
			t.Errorf("%+v, %q", gaps, reported)
		}
	})
}

// TestOtherLog: of a log that was put in the place of the one whose records were sent, or where the position is
// damaged, all is sent again: nothing is left out by its number alone.
func TestOtherLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, change := range map[string]func(l *log){
			"shorter":  func(l *log) { l.write(0, lines(0, 4, "b"), 4) },
			"the same": func(l *log) { l.write(0, lines(0, 9, "b"), 9) },
			"damaged": func(l *log) {
				l.write(0, lines(0, 9, "b"), 9)
				if err := os.WriteFile(l.o.File, []byte(`{"next":8,}`), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		} {
			for _, subjects := range []bool{true, false} {
				l := newLog(t)
				l.o.Subjects = subjects
				l.write(0, lines(0, 8, "a"), 8)
				if n := len(l.follow(time.Second)); n != 8 {
					t.Fatalf("%s: %d are sent", what, n)
				}
				if n := len(l.follow(time.Second)); n != 0 {
					t.Errorf("%s: %d are sent twice", what, n)
				}
				if err := os.Remove(filepath.Join(l.dir, segment.FileName(0, ".jsonl"))); err != nil {
					t.Fatal(err)
				}
				change(l)
				if n := len(l.follow(time.Second)); uint64(n) != l.synced.Load() {
					t.Errorf("%s, subjects %v: %d of %d are sent", what, subjects, n, l.synced.Load())
				}
				if _, _, reported := l.saw(); len(reported) != 1 {
					t.Errorf("%s: %q", what, reported)
				}
			}
		}
	})
}
