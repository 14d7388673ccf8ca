package signal_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// anySignals are signals that say anything, of ten categories.
func anySignals(r *rand.Rand) *signal.Signals {
	state := func() signal.State { return signal.State(r.IntN(3)) }
	set := func() signal.Categories { return signal.Categories(r.Uint64N(1<<10) & r.Uint64N(1<<10)) }
	at := func() int64 { return r.Int64N(3) * 1_700_000_000 }
	s := &signal.Signals{GPC: state(), DNT: state(), N: uint8(r.IntN(signal.MaxSources + 1))}
	for i := range s.Sources[:s.N] {
		s.Sources[i] = signal.SourceReading{
			State: state(), Granted: set(), Refused: set(), Declined: set(), TCFOnly: set(), Doubt: set(), Objected: set(),
			Service: signal.Refusal(max(r.IntN(12)-9, 0)), At: at(), Last: at(),
		}
		if r.IntN(2) == 0 {
			said := &s.Sources[i]
			said.Refused, said.Doubt, said.Objected, said.Service = 0, 0, 0, signal.NotRefused
		}
	}
	optOuts := func() signal.OptOuts {
		return signal.OptOuts{State: state(), Of: signal.US(r.IntN(8)), GPC: r.IntN(2) == 0}
	}
	s.GPP, s.USP, s.Payload = optOuts(), optOuts(), optOuts()
	s.AC = signal.AC{State: state(), Listed: r.IntN(2) == 0, Consented: r.IntN(2) == 0, Disclosed: r.IntN(2) == 0}
	if s.TCF.State = state(); s.TCF.State == signal.Valid {
		s.TCF.At = at()
		for p := 1; p <= iab.NumPurposes; p++ {
			s.TCF.Consent[p], s.TCF.Interest[p] = iab.TCFReason(r.IntN(4)), iab.TCFReason(r.IntN(4))
		}
	}
	return s
}

// TestKeptSignalsAnswerAlike: whatever signals say, what is kept of them about a matter answers every question about it
// as they do, also where a policy numbers its categories otherwise by then; it is written again as the same bytes, and
// read with a byte less or more as none.
func TestKeptSignalsAnswerAlike(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var answers [3]int
	for range 20_000 {
		s, numbers := anySignals(r), r.Perm(10)[:r.IntN(4)]
		matter := signal.Matter{Categories: numbers,
			TCF: iab.Purposes(r.Uint32N(1<<iab.NumPurposes) & r.Uint32N(1<<iab.NumPurposes))}
		kept := s.AppendKept(nil, &matter)
		later, other := signal.Matter{Categories: r.Perm(64)[:len(numbers)], TCF: matter.TCF}, signal.Signals{}
		if !other.ReadKept(kept, &later) {
			t.Fatalf("%+v: %x cannot be read", s, kept)
		}
		if again := other.AppendKept(nil, &later); !bytes.Equal(again, kept) {
			t.Fatalf("%+v: %x is written again as %x", s, kept, again)
		}
		var none signal.Signals
		if none.ReadKept(kept[:len(kept)-1], &later) || none.ReadKept(append(kept, 0), &later) || none != (signal.Signals{}) {
			t.Fatalf("%x is read with a byte less or more", kept)
		}
		of, by := split(numbers, r), signal.Categories(0)
		moved := map[int]int{}
		for i, n := range numbers {
			moved[n] = later.Categories[i]
		}
		for n := range of.All {
			by |= 1 << moved[n]
		}
		us := signal.US(r.IntN(8))
		need, needBy := []signal.Need{{Categories: of, TCF: matter.TCF}}, []signal.Need{{Categories: by, TCF: matter.TCF}}
		a, b := s.Consent(need), other.Consent(needBy)
		if a.Consent == signal.Refused {
			a.At, b.At = 0, 0 // of what refused
		}
		if a != b {
			t.Fatalf("consent to %b: %+v, kept %+v", of, a, b)
		}
		answers[a.Consent]++
		for what, same := range map[string]bool{
			"declines": s.Declines(of) == other.Declines(by), "anyhow": s.DeclinesAnyhow(of) == other.DeclinesAnyhow(by),
			"vendor": s.DeclinesVendor() == other.DeclinesVendor(), "objects": s.Objects(of) == other.Objects(by),
			"opted out": s.OptedOut(us) == other.OptedOut(us), "sale": s.RefusedSale(us) == other.RefusedSale(us),
			"may": s.MayRefuseSale(us) == other.MayRefuseSale(us), "acted": s.Acted(of, matter.TCF) == other.Acted(
				by, matter.TCF),
			"interest": matter.TCF == 0 || s.TCF.Interested(matter.TCF) == other.TCF.Interested(matter.TCF),
			"browser":  s.GPC == other.GPC && s.DNT == other.DNT,
		} {
			if !same {
				t.Fatalf("%s of %b is another: %+v, kept %+v", what, of, s, other)
			}
		}
	}
	for answer, n := range answers {
		if n < 100 {
			t.Errorf("answer %d was given %d times: the test shows too little", answer, n)
		}
	}
}

// split is some of the categories.
func split(numbers []int, r *rand.Rand) (of signal.Categories) {
	for _, n := range numbers {
		if r.IntN(3) > 0 {
			of |= 1 << n
		}
	}
	return of
}

// FuzzKeptSignals: what is read at all is written again as the same bytes.
func FuzzKeptSignals(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	matter := signal.Matter{Categories: []int{3, 1}, TCF: iab.Purposes(0).With(8).With(10)}
	for range 8 {
		f.Add(anySignals(r).AppendKept(nil, &matter))
	}
	golden, _ := hex.DecodeString("0100010000000000000000000000")
	f.Add(golden)
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, kept []byte) {
		var s signal.Signals
		if s.ReadKept(kept, &matter) {
			if again := s.AppendKept(nil, &matter); !bytes.Equal(again, kept) {
				t.Fatalf("%x is written again as %x", kept, again)
			}
		} else if s != (signal.Signals{}) {
			t.Fatalf("%x is not read, and says %+v", kept, s)
		}
	})
}
