// Package tap shows hits to people as they come. It is a seam between the way of a hit and whoever watches: while
// nobody does, a hit looks at one pointer. Nothing is kept: lines wait in bounded memory until their watcher takes
// them, and who is too slow loses some, and is told how many. A watch ends when its watcher asks no more.
package tap

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MostWatches is how many may watch at once.
const MostWatches = 8

// For how long somebody may watch, and for how long a watch goes on that nobody asks for.
const (
	Lasts   = time.Hour
	Unasked = 10 * time.Second
)

// Why nobody can watch, or not that.
var (
	ErrFull   = errors.New("as many watch already as may at once")
	ErrGone   = errors.New("there is no such watch, or it has ended")
	ErrEnding = errors.New("the server stops: nothing is begun")
)

// Options are what Taps need.
type Options struct {
	Rand  io.Reader // of tokens
	Now   func() time.Time
	Ended func(id, by string, events int) // told once of each watch that ended, with how many events it was shown
}

// Taps are those who watch. They are safe for concurrent use.
type Taps struct {
	opts Options
	open atomic.Pointer[[]*Watch] // a list that is never changed; nil: nobody watches

	mu     sync.Mutex // guards what follows, and changes of open
	taken  int        // places, of those who watch and who are about to
	closed bool
	ending sync.WaitGroup // of those of which Ended is being told
}

// New makes Taps that nobody watches at.
func New(o Options) *Taps { return &Taps{opts: o} }

// Watches are all; nil: nobody watches. The list is not to be changed.
func (t *Taps) Watches() []*Watch {
	if open := t.open.Load(); open != nil {
		return *open
	}
	return nil
}

// Open begins a watch. Begin is called once there is a place, and names the watch; where it fails
// nothing is begun, and the error is its own. Token is what hits carry that are the watcher's own; "" where Own is not
// asked for.
func (t *Taps) Open(by Watcher, ask Ask, begin func() (id string, err error)) (w *Watch, token string, err error) {
	if err := t.takePlace(); err != nil {
		return nil, "", err
	}
	w, token, err = t.begin(by, ask, begin)
	if err != nil {
		t.mu.Lock()
		t.taken--
		t.mu.Unlock()
	}
	return w, token, err
}

func (t *Taps) takePlace() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrEnding
	case t.taken >= MostWatches:
		return ErrFull
	}
	t.taken++
	return nil
}

func (t *Taps) begin(by Watcher, ask Ask, begin func() (string, error)) (w *Watch, token string, err error) {
	w = &Watch{
		Until: t.opts.Now().Add(Lasts), by: by, ask: ask, wake: make(chan struct{}, 1),
		gone: make(chan struct{}), told: make(chan struct{}),
	}
	if ask.Own {
		var secret [32]byte
		if _, err := io.ReadFull(t.opts.Rand, secret[:]); err != nil {
			return nil, "", fmt.Errorf("cannot make a preview token: %w", err)
		}
		token = base64.RawURLEncoding.EncodeToString(secret[:])
		w.preview = sha256.Sum256([]byte(token))
	}
	if w.ID, err = begin(); err != nil {
		return nil, "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	end := func() { t.end(w) }
	w.timers = [2]*time.Timer{time.AfterFunc(Unasked, end), time.AfterFunc(Lasts, end)}
	open := append(slices.Clone(t.Watches()), w)
	t.open.Store(&open)
	if t.closed {
		t.remove(w)
	}
	return w, token, nil
}

// Take hands out what waits for the watcher of a watch, and how many lines were lost before. It waits
// for the first line for so long.
func (t *Taps) Take(
	ctx context.Context, id string, by Watcher, wait time.Duration,
) (lines []Line, lost uint64, err error) {
	w := t.of(id, by)
	if w == nil {
		return nil, 0, ErrGone
	}
	w.timers[0].Reset(Unasked + wait)
	lines, lost = w.take(ctx, wait)
	return lines, lost, nil
}

// Close ends a watch.
func (t *Taps) Close(id string, by Watcher) error {
	w := t.of(id, by)
	if w == nil {
		return ErrGone
	}
	t.end(w)
	return nil
}

// CloseAll ends all, and has none begin any more. When it returns, Ended was told of each.
func (t *Taps) CloseAll() {
	t.mu.Lock()
	t.closed = true
	for _, w := range t.Watches() {
		t.remove(w)
	}
	t.mu.Unlock()
	t.ending.Wait()
}

// Outcome tells those who were shown an event that waited what became of it.
func (t *Taps) Outcome(l Line) {
	for _, w := range t.Watches() {
		if w.follow(l.Hit) {
			w.Add(l, false)
		}
	}
}

func (t *Taps) of(id string, by Watcher) *Watch {
	for _, w := range t.Watches() {
		if w.ID == id && w.by == by {
			return w
		}
	}
	return nil
}

func (t *Taps) end(w *Watch) {
	t.mu.Lock()
	t.remove(w)
	t.mu.Unlock()
	<-w.told
}

// remove ends a watch that has not ended, under mu. Whoever is to be told is told beside.
func (t *Taps) remove(w *Watch) {
	at := slices.Index(t.Watches(), w)
	if at < 0 {
		return
	}
	left := slices.Delete(slices.Clone(t.Watches()), at, at+1)
	if len(left) == 0 {
		t.open.Store(nil)
	} else {
		t.open.Store(&left)
	}
	t.taken--
	for _, timer := range w.timers {
		timer.Stop()
	}
	w.mu.Lock()
	close(w.gone)
	w.lines, w.bytes = nil, 0
	shown := w.shown
	w.mu.Unlock()
	t.ending.Go(func() {
		defer close(w.told)
		t.opts.Ended(w.ID, w.by.Name, shown)
	})
}
