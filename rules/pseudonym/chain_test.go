package pseudonym

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestChainSleeps: n periods slept through are exactly n single steps, and exactly what the root gives for the day.
func TestChainSleeps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.IntN(3*365*24)) * time.Hour)
		slept := time.Duration(random.IntN(400*24*60)) * time.Minute
		at := TestRoot.State(from)
		single := at
		moved, err := at.Advance(from.Add(slept))
		if err != nil {
			t.Fatal(err)
		}
		for h := time.Duration(0); h < slept; h += 7 * time.Hour {
			if _, err := single.Advance(from.Add(h)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := single.Advance(from.Add(slept)); err != nil {
			t.Fatal(err)
		}
		if at != single || at != TestRoot.State(from.Add(slept)) {
			t.Fatalf("%v from %v: at once, by seven hours and from the root give three states", slept, from)
		}
		for r := range numRotations {
			if slices.Contains(moved, r) != (r.Period(from) != r.Period(from.Add(slept))) {
				t.Errorf("%v from %v: %v moved", slept, from, moved)
			}
		}
	}
}

// TestChainNeverGoesBack: whatever the clock says, a key that was replaced never comes again.
func TestChainNeverGoesBack(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	state := TestRoot.State(noon)
	seen := map[Key]bool{}
	last, day := state.chains[Day].key, state.Since()
	for range 2000 {
		before := state
		at := state.Since().Add(time.Duration(random.IntN(30*24)-15*24) * time.Hour)
		moved, err := state.Advance(at)
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(before.Until()) && (len(moved) > 0 || state != before) {
			t.Fatalf("%v moved %v, at a time that is not after its day", moved, at)
		}
		if now := state.chains[Day].key; now != last {
			if seen[now] || !state.Since().After(day) {
				t.Fatal("a key comes again")
			}
			seen[last] = true
			last, day = now, state.Since()
		}
	}
}

func TestChainClockFarAhead(t *testing.T) {
	state := TestRoot.State(noon)
	before := state
	for _, at := range []time.Time{noon.AddDate(1, 2, 0), noon.AddDate(20, 0, 0), end,
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if moved, err := state.Advance(at); !errors.Is(err, ErrAhead) || moved != nil || state != before {
			t.Errorf("%v: moved %v, %v", at, moved, err)
		}
	}
	if moved, err := state.CatchUp(noon.AddDate(20, 0, 0)); err != nil || len(moved) != 3 || state != TestRoot.State(
		noon.AddDate(20, 0, 0)) {
		t.Errorf("catching up moved %v, %v", moved, err)
	}
	if _, err := state.CatchUp(end); !errors.Is(err, ErrAhead) {
		t.Errorf("behind the end: %v", err)
	}
	if _, err := new(State).CatchUp(noon); err == nil {
		t.Error("the zero state is advanced")
	}
	// From the root, a clock that is beyond all reason costs no more than the chains are long, and gives
	// keys that are valid at no such time.
	late := time.Date(999_999, 1, 1, 0, 0, 0, 0, time.UTC)
	keys := New(TestRoot, late, Scope{Vendor: "ga4"})
	if keys.Valid(late) || keys.Valid(end) || !keys.Valid(end.Add(-time.Second)) {
		t.Error("keys behind the end of the chains")
	}
	if early := TestRoot.State(time.Time{}); early.Since() != first {
		t.Errorf("before the beginning: %v", early.Since())
	}
}

func TestChainTurn(t *testing.T) {
	for r := range numRotations {
		state := TestRoot.State(noon)
		before := state
		state.Rekey([16]byte{1}, []Rotation{r}, false)
		period, turns := state.Chain(r)
		if was, _ := before.Chain(r); period != was || turns != 1 {
			t.Errorf("%v: period %d, %d turns", r, period, turns)
		}
		next := before
		if _, err := next.Advance(r.End(noon)); err != nil {
			t.Fatal(err)
		}
		for other := range numRotations {
			if (state.chains[other].key != before.chains[other].key) != (other == r) {
				t.Errorf("turning %v: %v", r, other)
			}
		}
		if r != Never && state.chains[r].key == next.chains[r].key {
			t.Errorf("a turned chain of %v is the next period's", r)
		}
	}
	state := TestRoot.State(noon)
	ledger, identity := state.LedgerSubjectKey(), state.Identity()
	state.ShredLedger(Key{1})
	if state.LedgerSubjectKey() == ledger || state.Shreds() != 1 || state.Identity() != identity ||
		state.SubjectKey() != TestRoot.SubjectKey() {
		t.Error("shredding does not change the ledger's subject key alone")
	}
	if other := (Root{1}).State(noon); other.Identity() == identity {
		t.Error("two roots, one identity")
	}
}

func TestStateFile(t *testing.T) {
	state := TestRoot.State(noon)
	state.Rekey([16]byte{1}, []Rotation{Week}, false)
	state.ShredLedger(Key{7})
	text := state.Append(nil)
	if got, err := ParseState(text); err != nil || got != state {
		t.Fatalf("read back: %v", err)
	}
	for n := range text {
		broken := bytes.Clone(text)
		broken[n] ^= 1
		for name, damaged := range map[string][]byte{"cut": text[:n], "one bit": broken,
			"longer": append(bytes.Clone(text), text[n])} {
			if got, err := ParseState(damaged); !errors.Is(err, ErrState) || !got.Zero() {
				t.Fatalf("%s at %d: %v", name, n, err)
			}
		}
	}
	if s := fmt.Sprintf("%v %+v %#v %s", &state, &state, &state, state.Chains().keys); strings.Contains(s, "[7") ||
		strings.Contains(s, "0x7") {
		t.Errorf("a key is printed: %s", s)
	}
	if n := len(State{}.Append(nil)); n == 0 {
		t.Error("nothing is written")
	}
	if _, err := ParseState(State{}.Append(nil)); !errors.Is(err, ErrState) {
		t.Errorf("keys of zeros: %v", err)
	}
}

func FuzzParseState(f *testing.F) {
	state := TestRoot.State(noon)
	text := state.Append(nil)
	for _, seed := range [][]byte{text, text[:40], nil, []byte("{}\n"), bytes.Repeat([]byte{0}, len(text))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseState(text)
		if err != nil {
			if !s.Zero() {
				t.Fatal("an error and a state")
			}
			return
		}
		if !bytes.Equal(s.Append(nil), text) || s.Since().Before(first) || !s.Since().Before(end) {
			t.Fatal("what was read is not what would be written")
		}
	})
}

func BenchmarkRootState(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		TestRoot.State(noon)
	}
}

func BenchmarkStateAdvanceADay(b *testing.B) {
	state := TestRoot.State(noon)
	b.ReportAllocs()
	for b.Loop() {
		s := state
		if _, err := s.Advance(noon.AddDate(0, 0, 1)); err != nil {
			b.Fatal(err)
		}
	}
}
