package objection

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// sharedLog is a log in memory that stores share, with a clock of its own.
type sharedLog struct {
	mu    sync.Mutex
	now   time.Time
	acts  []Ordered
	fails error
	added chan struct{} // holds one where there is something new
}

func newSharedLog() *sharedLog { return &sharedLog{now: noon, added: make(chan struct{}, 1)} }

func (l *sharedLog) Append(_ context.Context, id [16]byte, act []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails != nil {
		return l.fails
	}
	l.acts = append(l.acts, Ordered{Seq: uint64(len(l.acts) + 1), At: l.now, ID: id, Body: act})
	select {
	case l.added <- struct{}{}:
	default:
	}
	return nil
}

// since are the acts behind a position.
func (l *sharedLog) since(p Position) (acts []Ordered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.acts {
		if l.acts[i].Seq > p.Seq {
			acts = append(acts, l.acts[i])
		}
	}
	return acts
}

// feed gives a store what comes, until the test ends.
func (l *sharedLog) feed(t *testing.T, s *Store) {
	stop := make(chan struct{})
	var fed sync.WaitGroup
	fed.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-l.added:
				if err := ReplicaOf(s).Take(l.since(ReplicaOf(s).Position()), "here"); err != nil {
					t.Error(err)
				}
			}
		}
	})
	t.Cleanup(func() { close(stop); fed.Wait() })
}

// shown is what a store holds, whatever the groups were that it was written in, without what is its own.
func shown(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := everything(t, s)
	maps.DeleteFunc(all, func(name, _ string) bool {
		bucket, _, _ := strings.Cut(name, " ")
		return name == fmt.Sprintf("meta %x", keyPosition) || bucket == "changes" || bucket == "tree" ||
			bucket == "keytimes" || bucket == "keys" || bucket == "outbox"
	})
	err := s.Changes(t.Context(), 0, func(r Recorded) bool {
		all[fmt.Sprint("change ", r.Seq)] = string(r.append(nil))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// randomActs asks a store for acts of every kind, as they come in years.
func randomActs(t *testing.T, r *rand.Rand, l *sharedLog, s *Store, m *model, n int) {
	t.Helper()
	for range n {
		l.mu.Lock()
		l.now = l.now.Add(time.Duration(r.IntN(20*24)) * time.Hour)
		now := l.now
		l.mu.Unlock()
		var err error
		switch r.IntN(8) {
		case 0:
			f := Follow{Lead: subject(r.IntN(60)), Site: "shop", Time: now}
			f.Seen = []Subject{subject(r.IntN(60)), subject(r.IntN(60))}
			_, err = s.Follow(t.Context(), []Follow{f})
		case 1:
			k := Keep{Subject: subject(r.IntN(60)), Browser: r.IntN(2) == 0, Site: "shop", Time: now}
			_, err = s.Keep(t.Context(), []Keep{k})
		case 2:
			_, err = s.Expire(t.Context())
		case 3:
			c := chosenBy(r.IntN(60), r.IntN(3), now, "analytics", "-ads")
			b := Batch{Changes: []Change{c}, Key: fmt.Sprint("key ", r.IntN(20)), Digest: [32]byte{byte(r.IntN(2))}}
			_, err = s.Apply(t.Context(), b)
			if errors.Is(err, ErrReused) {
				err = nil
			}
		case 4:
			c := decides(r.IntN(60), fmt.Sprint("LIA-", r.IntN(3)))
			c.Decide.Until = now.Add(40 * 24 * time.Hour)
			_, err = s.Apply(t.Context(), Batch{Changes: []Change{c}, Tallies: []Tally{{Source: Link, Site: "shop", Times: 3}}})
			if errors.Is(err, ErrRestricted) {
				err = nil
			}
		default:
			b := Batch{}
			for range 1 + r.IntN(5) {
				_, c := m.randomChange(r)
				if r.IntN(3) == 0 {
					c.Time = now.Add(-time.Hour)
				}
				b.Changes = append(b.Changes, c)
			}
			_, err = s.Apply(t.Context(), b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestStoresOfOneOrderAreTheSame: whatever groups the acts of a log come to a store in, whatever its clock says and
// however often it is opened anew, it holds what the others hold.
func TestStoresOfOneOrderAreTheSame(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := newSharedLog()
		first := opened(t, Options{Order: l})
		l.feed(t, first)
		randomActs(t, r, l, first, &model{}, 150)
		want, head := shown(t, first), first.Head()
		if head.Size < 100 {
			t.Fatalf("there are %d changes: too few to show something", head.Size)
		}
		for skew, most := range map[time.Duration]int{0: 1, time.Hour: 1000, -400 * 24 * time.Hour: 7} {
			o := Options{Dir: t.TempDir(), Order: l, Now: func() time.Time { return l.now.Add(skew) }}
			for done := false; !done; {
				s := opened(t, o)
				replica := ReplicaOf(s)
				for range 10 {
					acts := l.since(replica.Position())
					if done = len(acts) == 0; done {
						break
					}
					acts = acts[:min(len(acts), 1+r.IntN(most))]
					last := acts[len(acts)-1].Seq
					if err := replica.Take(acts, fmt.Sprint("behind ", last)); err != nil {
						t.Fatal(err)
					}
					if p := replica.Position(); p.Seq != last || p.Mark != fmt.Sprint("behind ", last) {
						t.Fatalf("it has come to %+v, %d was the last", p, last)
					}
				}
				if done {
					if got := shown(t, s); s.Head() != head || replica.Position().At != ReplicaOf(first).Position().At ||
						!reflect.DeepEqual(got, want) {
						t.Errorf("seed %d, at most %d at once: %v", seed, most, different(got, want))
					}
				}
				must(t, s.Close())
			}
		}
	}
}

// different lists what two stores do not share.
func different(got, want map[string]string) (list []string) {
	for name := range maps.Keys(want) {
		if got[name] != want[name] {
			list = append(list, fmt.Sprintf("%s: %q, want %q", name, got[name], want[name]))
		}
	}
	for name := range maps.Keys(got) {
		if _, there := want[name]; !there {
			list = append(list, fmt.Sprintf("%s: %q, want none", name, got[name]))
		}
	}
	return list[:min(len(list), 5)]
}

// TestOnlyTheOneThatWasAskedTellsOthers: messages stay with the store that was asked; the act is everybody's, once.
func TestOnlyTheOneThatWasAskedTellsOthers(t *testing.T) {
	l := newSharedLog()
	asked, other := opened(t, Options{Order: l}), opened(t, Options{Order: l})
	l.feed(t, asked)
	c := objects(1, "ads")
	c.Outbox = []Message{{To: "crm", Body: []byte("body")}}
	taken(t, asked, c)
	acts := l.since(Position{})
	twice := append(acts, Ordered{Seq: 10, At: noon, ID: acts[0].ID, Body: acts[0].Body})
	must(t, ReplicaOf(other).Take(twice, "behind"))
	standsFor(t, other, 1, "ads")
	if asked.Head() != other.Head() || other.Head().Size != 1 {
		t.Errorf("%v and %v", asked.Head(), other.Head())
	}
	for s, want := range map[*Store]int{asked: 1, other: 0} {
		if waiting, err := s.Outbox().Next(0, 10); err != nil || len(waiting) != want {
			t.Errorf("%v, %v; want %d", waiting, err, want)
		}
	}
}

// TestNothingIsLeftOutOfAnOrder: what cannot be done now is done later, and nothing before it.
func TestNothingIsLeftOutOfAnOrder(t *testing.T) {
	l := newSharedLog()
	first := opened(t, Options{Order: l})
	l.feed(t, first)
	taken(t, first, objects(1, "ads"))
	taken(t, first, takesBack(1, "ads"))
	taken(t, first, objects(2, "ads"))
	free := uint64(0)
	s := opened(t, Options{Order: l, Free: func() (uint64, error) { return free, nil }})
	if err := ReplicaOf(s).Take(l.since(Position{}), "behind"); !errors.Is(err, ErrFull) || !s.Full() {
		t.Errorf("%v", err)
	}
	if p := ReplicaOf(s).Position(); p != (Position{}) || s.Head().Size != 0 {
		t.Errorf("it has come to %+v", p)
	}
	free = 1 << 40
	must(t, ReplicaOf(s).Take(l.since(Position{}), "behind"))
	if s.Head() != first.Head() {
		t.Errorf("%v, want %v", s.Head(), first.Head())
	}
	last := ReplicaOf(s).Position()
	for what, wrong := range map[string]struct {
		act  []byte
		want error
	}{
		"a later format": {[]byte{actFormat + 1, actBatch}, ErrNewer},
		"a later kind":   {[]byte{actFormat, actProbe + 1}, ErrNewer},
		"nobody's":       {[]byte{actFormat, actBatch, 200}, errAct},
		"too long":       {make([]byte, mostAct+1), errAct},
	} {
		act := Ordered{Seq: last.Seq + 1, At: noon, Body: wrong.act}
		err := ReplicaOf(s).Take([]Ordered{act}, "behind")
		if !errors.Is(err, wrong.want) || ReplicaOf(s).Position() != last {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestAStoreThatLeftItsOrder: one that did something alone has no place in it any more.
func TestAStoreThatLeftItsOrder(t *testing.T) {
	l := newSharedLog()
	o := Options{Dir: t.TempDir(), Order: l}
	s := opened(t, o)
	l.feed(t, s)
	taken(t, s, objects(1, "ads"))
	come := ReplicaOf(s).Position()
	if format := everything(t, s)[fmt.Sprintf("meta %x", keyFormat)]; format != fileFormatOrdered {
		t.Errorf("format %s: a version that knows no order would take it", format)
	}
	must(t, s.Close())
	o.Order = nil
	s = opened(t, o)
	taken(t, s, objects(1, "ads")) // nothing new
	if ReplicaOf(s).Position() != come {
		t.Error("it left without having done anything")
	}
	taken(t, s, objects(2, "ads"))
	must(t, s.Close())
	o.Order = l
	s = opened(t, o)
	if p := ReplicaOf(s).Position(); p != (Position{}) {
		t.Errorf("it is at %+v", p)
	}
	if format := everything(t, s)[fmt.Sprintf("meta %x", keyFormat)]; format != fileFormat {
		t.Errorf("format %s", format)
	}
}

func FuzzParseAct(f *testing.F) {
	for _, r := range []*request{
		{batch: &Batch{Key: "k", Changes: []Change{objects(1, "ads"), decides(2, "LIA-1"), chosenBy(1, 1, noon, "ads")}}},
		{batch: &Batch{Progress: &Progress{File: "f", Line: 3}, Tallies: []Tally{{Source: Link, Times: 2}}}},
		{follows: []Follow{{Lead: subject(1), Seen: []Subject{subject(2)}, Site: "shop", Time: noon}}},
		{keeps: []Keep{{Subject: subject(1), Browser: true, Site: "shop", Time: noon}}},
		{expire: true},
		{probe: "_INBOX.a.b"},
	} {
		act, err := r.actBytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(act)
	}
	f.Fuzz(func(t *testing.T, act []byte) {
		r, err := parseAct(&Ordered{Seq: 1, At: noon, Body: act})
		if err != nil || r.wrong != nil {
			return
		}
		again, err := r.actBytes()
		if err != nil {
			t.Fatal(err)
		}
		other, err := parseAct(&Ordered{Seq: 1, At: noon, Body: again})
		if err != nil || other.wrong != nil {
			t.Fatalf("%v, %v", err, other)
		}
		r.done, other.done = nil, nil
		if !reflect.DeepEqual(r, other) {
			t.Errorf("%+v, then %+v", r.batch, other.batch)
		}
	})
}
