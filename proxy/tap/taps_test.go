package tap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// ended is which watches ended, and how many events each was shown.
type ended struct {
	mu  sync.Mutex
	all []string
}

func (e *ended) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.all, " ")
}

func newTaps() (*Taps, *ended) {
	e := new(ended)
	return New(Options{
		Rand: rand.Reader, Now: time.Now,
		Ended: func(id, by string, events int) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.all = append(e.all, fmt.Sprintf("%s/%s/%d", id, by, events))
		},
	}), e
}

var jane = Watcher{Key: "token jane tap", Name: "jane"}

func open(t *testing.T, taps *Taps, id string, of Ask) (*Watch, string) {
	t.Helper()
	w, token, err := taps.Open(jane, of, func() (string, error) { return id, nil })
	if err != nil {
		t.Fatal(err)
	}
	return w, token
}

// TestNobodyWatchesCostsNothing: a hit looks at a pointer, and takes no memory.
func TestNobodyWatchesCostsNothing(t *testing.T) {
	taps, _ := newTaps()
	if n := testing.AllocsPerRun(1000, func() {
		if taps.Watches() != nil {
			t.Fatal("somebody watches")
		}
		taps.Outcome(Line{Hit: 1})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSlowWatchersLoseLines: what waits is bounded in lines and in bytes, and what was lost is counted and told once.
func TestSlowWatchersLoseLines(t *testing.T) {
	for what, line := range map[string]Line{
		"lines": {Kind: OfEvent}, "bytes": {Kind: OfEvent, Name: strings.Repeat("x", MostBytes/16)},
	} {
		synctest.Test(t, func(t *testing.T) {
			taps, e := newTaps()
			w, _ := open(t, taps, "1", Ask{})
			room := 0
			for range MostLines + 7 {
				if w.Room() {
					w.Add(line, false)
					room++
				}
			}
			lines, lost, err := taps.Take(t.Context(), "1", jane, time.Second)
			if err != nil || len(lines) != room || room > MostLines || lost != uint64(MostLines+7-room) || lost == 0 {
				t.Errorf("%s: %d of %d lines, %d lost, %v", what, len(lines), room, lost, err)
			}
			held := 0
			for i := range lines {
				held += lines[i].size()
			}
			if held > MostBytes+line.size() {
				t.Errorf("%s: %d bytes waited", what, held)
			}
			w.Lose()
			if lines, lost, _ := taps.Take(t.Context(), "1", jane, time.Second); len(lines) != 0 || lost != 1 {
				t.Errorf("%s: %d lines, %d lost", what, len(lines), lost)
			}
			taps.CloseAll()
			if want := fmt.Sprintf("1/jane/%d", room); e.String() != want {
				t.Errorf("%s: ended: %s, not %s", what, e, want)
			}
		})
	}
}

// TestWatchesEnd: a watch ends when its watcher says so, asks no more, after an hour, and with the server; each time
// nobody watches any more, and it is told once how much was shown.
func TestWatchesEnd(t *testing.T) {
	for what, end := range map[string]func(*Taps){
		"closed": func(taps *Taps) {
			if err := taps.Close("1", jane); err != nil {
				t.Error(err)
			}
		},
		"unasked": func(*Taps) { <-time.After(Unasked + 2*time.Second) },
		"over": func(taps *Taps) {
			for range Lasts / (5 * time.Second) {
				if _, _, err := taps.Take(context.Background(), "1", jane, 5*time.Second); err != nil {
					return
				}
			}
			<-time.After(time.Millisecond)
		},
		"the server": func(taps *Taps) { taps.CloseAll() },
	} {
		synctest.Test(t, func(t *testing.T) {
			taps, e := newTaps()
			w, _ := open(t, taps, "1", Ask{})
			w.Add(Line{Kind: OfEvent}, true)
			w.Add(Line{Kind: OfOutcome}, false)
			if lines, _, err := taps.Take(t.Context(), "1", jane, time.Second); err != nil || len(lines) != 2 {
				t.Fatalf("%s: %d, %v", what, len(lines), err)
			}
			end(taps)
			synctest.Wait()
			if w.Add(Line{}, false); len(w.lines) != 0 || taps.Watches() != nil {
				t.Errorf("%s: it goes on", what)
			}
			if _, _, err := taps.Take(t.Context(), "1", jane, time.Second); !errors.Is(err, ErrGone) {
				t.Errorf("%s: %v", what, err)
			}
			if err := taps.Close("1", jane); !errors.Is(err, ErrGone) || e.String() != "1/jane/1" {
				t.Errorf("%s: %v, ended: %s", what, err, e)
			}
			taps.CloseAll()
			if _, _, err := taps.Open(jane, Ask{}, nil); !errors.Is(err, ErrEnding) {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
}

// TestWhoWaitsIsWoken: by a line, by the end of the watch, and by the end of the call.
func TestWhoWaitsIsWoken(t *testing.T) {
	for what, wakes := range map[string]func(*Taps, *Watch, context.CancelFunc){
		"a line":  func(_ *Taps, w *Watch, _ context.CancelFunc) { w.Add(Line{}, false) },
		"its end": func(taps *Taps, _ *Watch, _ context.CancelFunc) { _ = taps.Close("1", jane) },
		"a call":  func(_ *Taps, _ *Watch, end context.CancelFunc) { end() },
	} {
		synctest.Test(t, func(t *testing.T) {
			taps, _ := newTaps()
			w, _ := open(t, taps, "1", Ask{})
			ctx, end := context.WithCancel(t.Context())
			defer end()
			began, took := time.Now(), make(chan time.Duration)
			go func() {
				_, _, _ = taps.Take(ctx, "1", jane, time.Hour)
				took <- time.Since(began)
			}()
			synctest.Wait()
			if wakes(taps, w, end); <-took != 0 {
				t.Errorf("%s wakes nobody", what)
			}
			taps.CloseAll()
		})
	}
}

// TestPlaces: so many watch at once, and no more; a place is free again when a watch ends, or cannot be recorded.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, _ := newTaps()
		broken := errors.New("it cannot be recorded")
		for range 2 * MostWatches {
			if _, _, err := taps.Open(jane, Ask{}, func() (string, error) { return "", broken }); !errors.Is(err, broken) {
				t.Fatal(err)
			}
		}
		for i := range MostWatches {
			open(t, taps, strconv.Itoa(i), Ask{})
		}
		if _, _, err := taps.Open(jane, Ask{}, nil); !errors.Is(err, ErrFull) {
			t.Errorf("%v", err)
		}
		if err := taps.Close("3", Watcher{Key: "token joan tap", Name: "joan"}); !errors.Is(err, ErrGone) {
			t.Errorf("somebody else's: %v", err)
		}
		if err := taps.Close("3", jane); err != nil {
			t.Error(err)
		}
		open(t, taps, "new", Ask{})
		taps.CloseAll()
	})
}

// TestWants: what is asked for is shown, and of who asks for his own nothing else.
func TestWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, _ := newTaps()
		defer taps.CloseAll()
		open(t, taps, "other", Ask{Own: true})
		own, token := open(t, taps, "own", Ask{Own: true})
		some, none := open(t, taps, "some", Ask{Vendors: []string{"ga4"}, Reasons: []string{"no_consent", "gpc"}})
		if none != "" || len(token) != 43 {
			t.Fatalf("tokens %q, %q", none, token)
		}
		for _, c := range []struct {
			cookie string
			own    bool
		}{
			{"", false}, {Cookie + "=", false}, {Cookie + "=" + token, true}, {"a=b; " + Cookie + "=" + token + ";c=d", true},
			{Cookie + "=" + token + "x", false}, {Cookie + "=" + token[1:], false}, {"x" + Cookie + "=" + token, false},
			{Cookie + "=" + strings.Repeat("x", 1<<16), false}, {"a=" + token, false}, {Cookie, false},
			{Cookie + "=x; " + Cookie + "=" + token, false},
		} {
			r := hit.Request{Headers: []hit.Header{{Name: []byte("cookie"), Value: []byte(c.cookie)}}}
			if c.cookie == "" {
				r.Headers = nil
			}
			p := PreviewOf(&r)
			if own.Wants("ga4", "collect", "permitted", &p) != c.own {
				t.Errorf("%.80q is own: %v", c.cookie, !c.own)
			}
			if some.Wants("ga4", "collect", "permitted", &p) || !some.Wants("ga4", "collect", "gpc", &p) ||
				some.Wants("matomo", "collect", "gpc", &p) {
				t.Error("it is shown otherwise than asked for")
			}
		}
	})
}

// TestOutcomesFollow: what becomes of an event that waited is told to who was shown that it waits, and to nobody else.
func TestOutcomesFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, _ := newTaps()
		defer taps.CloseAll()
		saw, _ := open(t, taps, "saw", Ask{})
		open(t, taps, "not", Ask{})
		saw.Add(Line{Kind: OfEvent, Hit: 7}, true)
		for _, n := range []uint64{0, 7, 8} {
			taps.Outcome(Line{Kind: OfOutcome, Hit: n, Outcome: "delivered"})
		}
		if lines, _, _ := taps.Take(t.Context(), "saw", jane, time.Second); len(lines) != 2 || lines[1].Hit != 7 {
			t.Errorf("%+v", lines)
		}
		if lines, _, _ := taps.Take(t.Context(), "not", jane, time.Second); len(lines) != 0 {
			t.Errorf("%+v", lines)
		}
	})
}
