package alarm

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// TestState: what is read is what was written, after any number of slots.
func TestState(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Minute, time.Hour, 9 * days} {
		l := newLife(t)
		l.facts = []Fact{{ReviewDue, "LIA-1", 3}}
		l.passes(d, func() { l.comes(Granted, "shop", 3, 10) })
		l.w.Judge(l.at.Add(time.Second), l.rules, l.subjects, append(l.facts, Fact{Disk, "", 1}))
		text, err := l.w.State()
		if err != nil {
			t.Fatal(err)
		}
		w, err := Read(text)
		if err != nil {
			t.Fatalf("%v: %v", d, err)
		}
		again, err := w.State()
		if err != nil || !bytes.Equal(text, again) {
			t.Errorf("%v: %v\n%s\n%s", d, err, text, again)
		}
		of := key{Granted, "shop"}
		if w.recent(of, time.Hour) != l.w.recent(of, time.Hour) || w.past(of, time.Hour) != l.w.past(of, time.Hour) ||
			w.watched(0, time.Hour) != l.w.watched(0, time.Hour) ||
			len(w.Pending()) != len(l.w.Pending()) {
			t.Errorf("%v: another one was read", d)
		}
	}
}

// TestAlarmsOutliveARestart: one that rings is not told of again, and ends.
func TestAlarmsOutliveARestart(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.facts = []Fact{{ReviewDue, "LIA-1", 3}}
	l.minute()
	l.wants("it begins", "review_due LIA-1 begins")
	text, err := l.w.State()
	if err != nil {
		t.Fatal(err)
	}
	if l.w, err = Read(text); err != nil {
		t.Fatal(err)
	}
	l.minute()
	l.wants("it rang before")
	if since := l.w.Ringing()[0].Since; !since.Equal(began.Add(time.Minute)) {
		t.Errorf("it rings since %v", since)
	}
	l.facts[0].Value = 365
	l.minute()
	l.wants("it is reviewed", "review_due LIA-1 ends")
}

// FuzzRead: what is no state is refused, and what is one can be gone on with.
func FuzzRead(f *testing.F) {
	w := new(Watch)
	w.Add(began, []Count{{Events, "shop", 0, 10}})
	w.Judge(began, ruled(), []string{"shop"}, []Fact{{Disk, "", 1}})
	text, err := w.State()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{}"))
	f.Add(bytes.Replace(text, []byte(`"disk"`), []byte(`"dusk"`), 1))
	f.Add(bytes.Replace(text, []byte(`[[0,`), []byte(`[[4000000000,`), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, err := Read(text)
		if err != nil {
			if !errors.Is(err, ErrState) {
				t.Error(err)
			}
			return
		}
		now := began
		for range 3 {
			w.Add(now, []Count{{Events, "shop", 1, 2}})
			w.Judge(now, ruled(), []string{"shop"}, []Fact{{Disk, "", 1}})
			now = now.Add(time.Hour)
		}
		for _, a := range w.Pending() {
			_ = a.Text()
		}
		if _, err := w.State(); err != nil {
			t.Error(err)
		}
	})
}

// TestAClockThatGoesBack: by a little what comes is counted; by more than is remembered it begins anew.
func TestAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	of := key{Events, "shop"}
	for back, want := range map[time.Duration]uint64{time.Hour: 30, 30 * days: 20} {
		w, counts := new(Watch), []Count{{Events, "shop", 0, 10}}
		w.Add(began, counts)
		for i := range 2 {
			counts[0].All += 10
			w.Add(began.Add(time.Duration(i)*time.Minute-back), counts)
		}
		if got := w.recent(of, time.Hour).all; got != want {
			t.Errorf("%v: %d, want %d", back, got, want)
		}
	}
}
