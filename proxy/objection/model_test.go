package objection

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// model says in a few lines what a store does: sets of names by holder, for each subject.
type model struct {
	acts map[int]map[Holder]map[string]bool
	log  []Recorded
	last map[int]uint64
}

// ends is what a change may take back: its own act; a role also what came by links, and with every act all.
func (m *model) ends(c *Change, of Holder) bool {
	return c.EveryAct || of == c.Holder || c.Holder.Kind == Role && of.Kind == ByLink
}

func (m *model) take(subjects []int, c *Change) Receipt {
	changed := false
	all, stood := slices.Contains(c.TakeBack, All), []string(nil)
	for _, n := range subjects {
		before := m.acts[n]
		after := map[Holder]map[string]bool{}
		for holder, scopes := range before {
			left := maps.Clone(scopes)
			for scope := range scopes {
				if m.ends(c, holder) && (all || slices.Contains(c.TakeBack, scope)) {
					delete(left, scope)
				}
			}
			if len(left) > 0 {
				after[holder] = left
			}
		}
		for _, scope := range c.Object {
			if c.Restriction {
				scope = "restriction:" + scope
			}
			holder, browsers := c.Holder, 0
			for h := range after {
				if h.Kind == Browser {
					browsers++
				}
			}
			if holder.Kind == Browser && after[holder] == nil && browsers >= mostBrowsers {
				holder = Holder{Kind: Browsers}
			}
			if after[holder] == nil {
				after[holder] = map[string]bool{}
			}
			after[holder][scope] = true
		}
		if !reflect.DeepEqual(before, after) && len(before)+len(after) > 0 {
			changed = true
			was := m.inForce([]int{n})
			m.acts[n], m.last[n] = after, uint64(len(m.log)+1)
			stood = append(stood, without(was, m.inForce([]int{n}))...)
		}
	}
	r := Receipt{Recorded: noon, New: changed || c.Complaint, InForce: m.inForce(subjects),
		Own: m.holds(subjects, c.Holder)}
	if len(c.TakeBack) > 0 && len(r.InForce) > 0 {
		r.Held = m.held(subjects)
	}
	if r.New {
		r.Seq = uint64(len(m.log) + 1)
		entry := Recorded{Seq: r.Seq, Time: noon, Change: *c, InForce: r.InForce}
		entry.Change.Time = noon
		if all {
			slices.Sort(stood)
			entry.Gone = slices.Compact(stood)
		}
		entry.Each = m.apart(subjects)
		m.log = append(m.log, entry)
		return r
	}
	for _, n := range subjects {
		r.Seq = max(r.Seq, m.last[n])
	}
	return r
}

func (m *model) inForce(subjects []int) []string {
	all := map[string]bool{}
	for _, n := range subjects {
		for _, scopes := range m.acts[n] {
			maps.Copy(all, scopes)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(all))
}

// apart is what is in force for each, nil where that is the same.
func (m *model) apart(subjects []int) (each [][]string) {
	same := true
	for _, n := range subjects {
		each = append(each, m.inForce([]int{n}))
		same = same && slices.Equal(each[0], each[len(each)-1])
	}
	if same {
		return nil
	}
	return each
}

func (m *model) holds(subjects []int, holder Holder) bool {
	return slices.ContainsFunc(subjects, func(n int) bool { return m.acts[n][holder] != nil })
}

func (m *model) held(subjects []int) (list []Held) {
	for kind := Earlier; kind <= Browsers; kind++ {
		scopes, holders := map[string]bool{}, map[Holder]bool{}
		for _, n := range subjects {
			for holder, of := range m.acts[n] {
				if holder.Kind == kind {
					maps.Copy(scopes, of)
					holders[holder] = true
				}
			}
		}
		if len(holders) > 0 {
			list = append(list, Held{kind, len(holders), slices.Sorted(maps.Keys(scopes))})
		}
	}
	return list
}

func (m *model) randomChange(r *rand.Rand) ([]int, Change) {
	scopes := []string{All, "analytics", "newsletter", "profile", "vendor:ga", "vendor:meta"}
	pick := func(from []string, most int) []string {
		var list []string
		for range r.IntN(most + 1) {
			list = append(list, from[r.IntN(len(from))])
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	c := Change{Source: API, Restriction: r.IntN(4) == 0, Complaint: r.IntN(20) == 0}
	c.Holder = []Holder{{Kind: Role}, {Kind: ByLink}, browserAct(r.IntN(2)), browserAct(r.IntN(40))}[r.IntN(4)]
	var subjects []int
	for range 1 + r.IntN(3) {
		n := r.IntN(60)
		if r.IntN(2) == 0 {
			n %= 3 // some are objected for by many
		}
		subjects = append(subjects, n)
		c.Subjects = append(c.Subjects, subject(n))
	}
	for len(c.Object)+len(c.TakeBack) == 0 {
		c.Object = pick(scopes, 2)
		if r.IntN(2) == 0 {
			c.TakeBack = pick(append([]string{"restriction:all", "restriction:analytics"}, scopes...), 2)
		}
	}
	if c.Holder.Kind == Role && len(c.TakeBack) > 0 && r.IntN(3) == 0 {
		c.EveryAct, c.Because = true, "asked"
	}
	return subjects, c
}

// browserAct is the n-th browser.
func browserAct(n int) Holder {
	return Holder{Kind: Browser, ID: [16]byte{1, byte(n)}}
}

// TestTheStoreIsItsModel: after any changes, in batches, and however often it is
// opened anew, it says what the model says.
func TestTheStoreIsItsModel(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := &model{acts: map[int]map[Holder]map[string]bool{}, last: map[int]uint64{}}
		o := Options{Dir: t.TempDir(), Identity: "keys-1", Now: atNoon, Recent: 1}
		var recorded []Recorded
		o.Record = func(list []Recorded, _ Head) error { recorded = append(recorded, list...); return nil }
		heads := []Head{emptyHead}
		for range 4 {
			o.Past = heads[r.IntN(len(heads))]
			s, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			for range 60 {
				var b Batch
				var want []Receipt
				for range 1 + r.IntN(5) {
					subjects, c := m.randomChange(r)
					b.Changes = append(b.Changes, c)
					want = append(want, m.take(subjects, &c))
				}
				got, err := s.Apply(t.Context(), b)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d: %+v, %v; want %+v; of %+v", seed, got, err, want, b.Changes)
				}
				heads = append(heads, s.Head())
			}
			check(t, s, m)
			for _, head := range heads {
				if then, err := s.HeadAt(head.Size); err != nil || then != head {
					t.Fatalf("head at %d: %v, %v", head.Size, then, err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(recorded, m.log) {
			t.Error("what was recorded is not what was done")
		}
	}
}

// check compares all that a store says with the model.
func check(t *testing.T, s *Store, m *model) {
	t.Helper()
	subjects := 0
	scopes := map[string]uint64{}
	for n := range 61 {
		standsFor(t, s, n, m.inForce([]int{n})...)
		if len(m.acts[n]) > 0 {
			subjects++
		}
		for _, scope := range m.inForce([]int{n}) {
			scopes[scope]++
		}
		if held, err := s.Held([]Subject{subject(n)}); err != nil || !reflect.DeepEqual(held, m.held([]int{n})) {
			t.Errorf("subject %d: %v hold something, %v; want %v", n, held, err, m.held([]int{n}))
		}
	}
	stats, err := s.Stats()
	if err != nil || stats.Subjects != uint64(subjects) || stats.Records != uint64(len(m.acts)) ||
		!reflect.DeepEqual(stats.Scopes, scopes) {
		t.Errorf("%+v, %v; want %d of %d, %v", stats, err, subjects, len(m.acts), scopes)
	}
	since := len(m.log) / 3
	var log []Recorded
	if err := s.Changes(t.Context(), uint64(since), func(r Recorded) bool {
		log = append(log, r)
		return true
	}); err != nil || !reflect.DeepEqual(log, m.log[since:]) {
		t.Errorf("the log since %d: %v, %v\nwant %v", since, log, err, m.log[since:])
	}
}

func TestTheTreeIsThatOfTransparencyLogs(t *testing.T) {
	var mine tree
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var list []tlog.Hash
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	})
	if mine.head() != emptyHead || hex.EncodeToString(emptyHead.Root[:4]) != "e3b0c442" {
		t.Errorf("the empty tree: %x", emptyHead.Root)
	}
	for n := range int64(300) {
		record := fmt.Appendf(nil, "record %d", n)
		want, err := tlog.StoredHashes(n, record, reader)
		if err != nil {
			t.Fatal(err)
		}
		var flat []byte
		for _, h := range want {
			flat = append(flat, h[:]...)
		}
		if got := mine.add(nil, tlog.RecordHash(record)); !slices.Equal(got, flat) {
			t.Fatalf("leaf %d: other hashes", n)
		}
		stored = append(stored, want...)
		root, err := tlog.TreeHash(n+1, reader)
		if err != nil || mine.head() != (Head{Size: uint64(n) + 1, Root: root}) {
			t.Fatalf("after leaf %d: another root, %v", n, err)
		}
	}
}

func TestTheLogIsReadInRuns(t *testing.T) {
	s := opened(t, Options{})
	var changes []Change
	for n := range 700 {
		changes = append(changes, objects(n, "analytics"))
	}
	taken(t, s, changes[:500]...) // more than one run
	for _, c := range changes[500:] {
		taken(t, s, c)
	}
	for _, since := range []uint64{0, 1, 255, 256, 499, 500, 501, 698, 699, 700, 800} {
		want := since
		err := s.Changes(t.Context(), since, func(r Recorded) bool {
			if want++; r.Seq != want {
				t.Errorf("change %d came where %d was due", r.Seq, want)
			}
			return true
		})
		if err != nil || want != max(since, 700) {
			t.Errorf("since %d: it ended at %d, %v", since, want, err)
		}
	}
	stopped := 0
	if err := s.Changes(t.Context(), 0, func(Recorded) bool {
		stopped++
		return stopped < 3
	}); err != nil || stopped != 3 {
		t.Errorf("%d, %v", stopped, err)
	}
	if _, err := s.HeadAt(701); err == nil {
		t.Error("a head that is to come")
	}
}
