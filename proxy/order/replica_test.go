package order

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// list is a log of several replicas, in memory.
type list struct {
	mu    sync.Mutex
	cut   bool
	twice bool // each act comes twice
	acts  []Act
	all   []*node
}

// node is a replica, and what it did.
type node struct {
	*Replica
	done  []string
	fails error
}

var errCut = errors.New("cut off")

// Append puts an act on it, and has all of them do it.
func (l *list) Append(_ context.Context, id [16]byte, body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return errCut
	}
	times := 1
	if l.twice {
		times = 2
	}
	for range times {
		l.acts = append(l.acts, Act{Seq: uint64(len(l.acts) + 1), At: time.Unix(int64(len(l.acts)), 0), ID: id, Body: body})
	}
	for _, n := range l.all {
		_ = n.Take(l.acts, "mark")
	}
	return nil
}

func (l *list) isCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

// join opens a replica of a file, which remembers words, each once, and refuses one of them.
func (l *list) join(t *testing.T, file string) *node {
	t.Helper()
	r, err := Open(Options{File: file, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Replica: r}
	if _, err := r.Kept("words", &n.done); err != nil {
		t.Fatal(err)
	}
	r.On("say", func(_ Act, body json.RawMessage) error {
		var word string
		if err := Read(body, &word); err != nil {
			return err
		}
		switch {
		case n.fails != nil:
			return n.fails
		case word == "no":
			return Refuse(errors.New("it is refused"))
		case !slices.Contains(n.done, word):
			n.done = append(n.done, word)
		}
		return nil
	})
	r.Keep("words", func() (any, error) { return n.done, nil })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, n)
	r.Join(l)
	return n
}

// TestReplicasDoTheSame: whoever is asked, all do it, once, in one order; what is refused is refused everywhere; what
// cannot be told is told later, by the next process if need be, and what cannot be done is done again.
func TestReplicasDoTheSame(t *testing.T) {
	for _, twice := range []bool{false, true} {
		ctx, dir := t.Context(), t.TempDir()
		l := &list{twice: twice}
		a, b := l.join(t, filepath.Join(dir, "a")), l.join(t, filepath.Join(dir, "b"))
		if err := errors.Join(a.Ask(ctx, "say", "one"), b.Ask(ctx, "say", "two")); err != nil {
			t.Fatal(err)
		}
		if err := a.Ask(ctx, "say", "no"); err == nil || err.Error() != "it is refused" {
			t.Errorf("%v", err)
		}
		l.isCut(true)
		if err := a.Ask(ctx, "say", "lost"); !errors.Is(err, ErrUntold) {
			t.Errorf("%v", err)
		}
		for _, word := range []string{"three", "four"} {
			kept, err := a.Tell("say", word)
			if err != nil {
				t.Fatal(err)
			}
			impatient, end := context.WithTimeout(ctx, time.Millisecond)
			if err := kept.Wait(impatient); !errors.Is(err, ErrUntold) {
				t.Errorf("%v", err)
			}
			end()
		}
		l.all = l.all[1:] // a ends
		a = l.join(t, filepath.Join(dir, "a"))
		if n, since := a.Untold(); n != 2 || since.IsZero() || len(a.Waiting("say")) != 2 {
			t.Errorf("%d acts wait, since %v", n, since)
		}
		l.isCut(false)
		b.fails = errors.New("the disk is full")
		telling, end := context.WithCancel(ctx)
		go a.TellAlways(telling)
		a.TellAgain()
		late := time.After(time.Minute)
		for tick := time.NewTicker(time.Millisecond); ; {
			if n, _ := a.Untold(); n == 0 {
				break
			}
			select {
			case <-tick.C:
			case <-late:
				t.Fatal("it is never told")
			}
		}
		end()
		want := "one two three four"
		if got := strings.Join(a.done, " "); got != want {
			t.Errorf("done here: %s", got)
		}
		if got := strings.Join(b.done, " "); got != "one two" {
			t.Errorf("what failed was done: %s", got)
		}
		b.fails = nil
		if err := b.Take(l.acts, "mark"); err != nil || strings.Join(b.done, " ") != want {
			t.Errorf("%v, done there: %s", err, b.done)
		}
		c := l.join(t, filepath.Join(dir, "c"))
		copied := filepath.Join(dir, "d")
		if ok, err := CopyForNode(filepath.Join(dir, "b"), copied, nil); err != nil || !ok {
			t.Fatal(err)
		}
		d := l.join(t, copied)
		if mark, seq := d.Position(); mark != "mark" || seq != uint64(len(l.acts)) || !slices.Equal(d.done, b.done) {
			t.Errorf("%s %d %s", mark, seq, d.done)
		}
		if err := a.Ask(ctx, "say", "five"); err != nil {
			t.Fatal(err)
		}
		for _, n := range l.all {
			if got := strings.Join(n.done, " "); got != want+" five" {
				t.Errorf("%s", got)
			}
		}
		if c.Begun() != true {
			t.Error("it has begun")
		}
	}
}

// TestAlone: a server that is alone does at once what it is asked for, unless it left with something untold.
func TestAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), FileName)
	l := &list{cut: true}
	n := l.join(t, file)
	if _, err := n.Tell("say", "early"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{File: file}); !errors.Is(err, ErrLeftUntold) {
		t.Errorf("%v", err)
	}
	if err := n.Take([]Act{{Seq: 1, Body: []byte(`{"kind":"say","act":"word"}`)},
		{Seq: 2, ID: [16]byte(n.kept.Untold[0].ID),
			Body: []byte(`{"kind":"say","act":"early"}`)}}, "x"); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	var said string
	r.On("say", func(_ Act, body json.RawMessage) error {
		if err := Read(body, &said); err != nil || said == "no" {
			return errors.Join(err, Refuse(errors.New("it is refused")))
		}
		return nil
	})
	if err := r.Ask(t.Context(), "say", "no"); err == nil || err.Error() != "it is refused" {
		t.Errorf("%v", err)
	}
	kept, err := r.Tell("say", "told")
	if err != nil || kept.Wait(t.Context()) != nil || said != "told" {
		t.Errorf("%v, %s", err, said)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it has left its cluster: %v", err)
	}
}

// TestWhatIsNewer: an act of a later version is not done, and nothing behind it.
func TestWhatIsNewer(t *testing.T) {
	l := &list{}
	for body, want := range map[string]error{
		`{"kind":"sing","act":"x"}`:         ErrNewer,
		`{"kind":"say","act":"x","loud":1}`: ErrNewer,
		`{"kind":"say"}`:                    errAct,
		`{"act":"x"}`:                       errAct,
		`{"kind":"say","act":7}`:            errAct,
		`[]`:                                errAct,
		``:                                  errAct,
		`{"kind":"` + strings.Repeat("x", 40) + `","act":1}`: errAct,
	} {
		n := l.join(t, filepath.Join(t.TempDir(), "n"))
		acts := []Act{{Seq: 1, Body: []byte(`{"kind":"say","act":"one"}`)}, {Seq: 2, Body: []byte(body)},
			{Seq: 3, Body: []byte(`{"kind":"say","act":"three"}`)}}
		if err := n.Take(acts, "mark"); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
		if mark, seq := n.Position(); mark != "" || seq != 1 || len(n.done) != 1 {
			t.Errorf("%s: %q %d %s", body, mark, seq, n.done)
		}
	}
}

func FuzzAct(f *testing.F) {
	for _, seed := range []string{`{"kind":"say","act":"x"}`, `{"kind":"","act":{}}`, `{}`, `null`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := parseAct(text)
		if err != nil {
			return
		}
		again, err := actText(a.Kind, a.Body)
		if err != nil {
			return // longer in its usual form
		}
		if b, err := parseAct(again); err != nil || b.Kind != a.Kind {
			t.Fatalf("%v: %s", err, again)
		}
	})
}

func FuzzFile(f *testing.F) {
	good := file{Mark: "m", Seq: 7, Stands: map[string]json.RawMessage{"x": []byte("[1]")},
		Untold: []untold{{ID: make([]byte, 16), Kind: "say", Body: []byte(`"x"`)}}}
	text, err := good.text()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{text, text[:20], nil, []byte("{}\n")} {
		f.Add(seed)
	}
	for n := range text {
		broken := slices.Clone(text)
		broken[n] ^= 1
		if _, err := parseFile(broken); !errors.Is(err, ErrDamaged) {
			f.Errorf("a bit of byte %d: %v", n, err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := parseFile(text)
		if err != nil {
			return
		}
		again, err := read.text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseFile(again); err != nil {
			t.Fatal(err)
		}
	})
}
