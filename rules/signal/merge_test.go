package signal

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// saying is every way in which one source can speak of one category.
func saying(kind Kind) (all []SourceReading) {
	for _, state := range []State{Absent, Valid, Malformed} {
		for how := range Categories(8) {
			for _, at := range []int64{0, 5, 9} {
				if state == Absent && (how > 0 || at > 0) {
					continue
				}
				s := SourceReading{Kind: kind, State: state, At: at}
				switch how & 3 {
				case 1:
					s.Granted = 1
				case 2:
					s.Refused = 1
				case 3:
					s.Doubt = 1
				}
				s.Objected = how >> 2
				all = append(all, s)
			}
		}
	}
	return all
}

// TestSaidTogether: of two readings of one source a no holds over all, what only one grants is in doubt where the other
// speaks of it, what cannot be read stays so, and the older time counts.
func TestSaidTogether(t *testing.T) {
	t.Parallel()
	for _, a := range saying(Own) {
		for _, b := range saying(Payload) {
			got := a
			got.merge(b)
			want := a
			switch {
			case b.State == Absent:
			case a.State == Absent:
				want = b
				want.Kind = Own
			default:
				want = SourceReading{Kind: Own, State: max(a.State, b.State), Objected: a.Objected | b.Objected,
					At: max(a.At, b.At)}
				if a.At != 0 && b.At != 0 {
					want.At = min(a.At, b.At)
				}
				switch {
				case a.Refused|b.Refused != 0:
					want.Refused, want.Doubt = 1, a.Doubt|b.Doubt
				case a.Doubt|b.Doubt != 0:
					want.Doubt = 1
				case a.Granted|b.Granted != 0:
					want.Granted = 1
				}
			}
			if got != want {
				t.Fatalf("%+v and %+v:\n%+v, want\n%+v", a, b, got, want)
			}
		}
	}
	// Categories do not touch one another.
	a, b := SourceReading{State: Valid, Granted: 0b0011, Refused: 0b0100},
		SourceReading{State: Valid, Granted: 0b0101, Doubt: 0b0010}
	if a.merge(b); a != (SourceReading{State: Valid, Granted: 0b0001, Refused: 0b0100, Doubt: 0b0010}) {
		t.Errorf("%+v", a)
	}
	for _, c := range [][3]int64{{0, 0, 0}, {0, 7, 7}, {7, 0, 7}, {7, 8, 7}, {8, 7, 7}} {
		if got := read.Older(c[0], c[1]); got != c[2] {
			t.Errorf("of %d and %d: %d", c[0], c[1], got)
		}
	}
}

// TestConsentOfTwo: what two sources, a TC string and Google's string come to for one purpose and for two.
func TestConsentOfTwo(t *testing.T) {
	t.Parallel()
	tcfs := []TCF{{}, {State: Malformed}, {State: Valid, At: 3}, {State: Valid, At: 7}}
	tcfs[2].Consent[2], tcfs[3].Consent[2] = iab.TCFOK, iab.TCFNoPurposeConsent
	acs := []AC{{}, {State: Valid, Listed: true, Consented: true}, {State: Valid, Listed: true},
		{State: Malformed, Listed: true}, {State: Malformed}, {State: Valid}}
	for _, a := range saying(Own) {
		for _, b := range saying(Payload) {
			s := Signals{N: 2}
			s.Sources[0], s.Sources[1] = a, b
			s.Sources[2].Refused = 1 // what is not listed is not heeded
			if got, want := s.Objects(1), a.Objected|b.Objected == 1; got != want || s.Objects(2) || s.Objects(0) {
				t.Fatalf("%+v %+v: objects %t", a, b, got)
			}
			for _, tcf := range tcfs {
				for _, ac := range acs {
					s.TCF, s.AC = tcf, ac
					need := Need{Categories: 1, TCF: 1 << 1}
					want := Answer{TCF: iab.TCFOK}
					switch {
					case (a.Refused|a.Objected)&1 != 0:
						want.Consent, want.At = Refused, a.At
					case (b.Refused|b.Objected)&1 != 0:
						want.Consent, want.At = Refused, b.At
					case a.Doubt|b.Doubt != 0:
					case tcf.State == Malformed:
						want.TCF = iab.TCFStringInvalid
					case tcf.State == Valid && tcf.At == 7:
						want.TCF = iab.TCFNoPurposeConsent
					case tcf.State == Valid && ac.Listed && (ac.State == Malformed || !ac.Consented):
						want.TCF = iab.TCFNoVendorConsent
					case tcf.State == Valid || a.Granted|b.Granted != 0:
						want.Consent = Granted
						for _, at := range []int64{a.At * int64(a.Granted), b.At * int64(b.Granted), tcf.At} {
							want.At = read.Older(want.At, at)
						}
					}
					if got := s.Consent([]Need{need}); got != want {
						t.Fatalf("%+v\n%+v\n%s %+v\n%+v, want %+v", a, b, tcf.State, ac, got, want)
					}
				}
			}
			s.TCF, s.AC = TCF{}, AC{}
			if got := s.Consent(nil); got.Consent == Granted || got.TCF != iab.TCFOK {
				t.Fatalf("nothing was asked: %+v", got)
			}
			if got := s.Consent([]Need{{}}); got.Consent == Granted {
				t.Fatalf("a purpose without a category: %+v", got)
			}
			if got := s.Consent([]Need{{Categories: 1}, {Categories: 2}}); got.Consent == Granted {
				t.Fatalf("a category that nothing grants: %+v", got)
			}
		}
	}
	s := Signals{N: 1, Sources: [MaxSources]SourceReading{{State: Valid, Granted: 0b11, At: 4}}}
	for of, want := range map[Categories]Consent{0b1: Granted, 0b11: Granted, 0b111: Silent, 0b100: Silent} {
		if got := s.Consent([]Need{{Categories: of}}).Consent; got != want {
			t.Errorf("%b: %d, want %d", of, got, want)
		}
	}
}

// TestStringsTogether: of two TC strings, two of Google's and two of opt-outs the stricter holds.
func TestStringsTogether(t *testing.T) {
	t.Parallel()
	states := []State{Absent, Valid, Malformed}
	for _, x := range states {
		for _, y := range states {
			for how := range 16 {
				reason := func(yes bool) iab.TCFReason {
					if yes {
						return iab.TCFOK
					}
					return iab.TCFNoVendorConsent
				}
				is := func(bit int) bool { return how>>bit&1 == 1 }
				make := func(state State, yes, interest bool, at int64) (t TCF) {
					if state == Valid {
						t.At = at
						t.Consents, t.Interests = iab.Purposes(how&3), iab.Purposes(how>>2)
						for p := range t.Consent {
							t.Consent[p], t.Interest[p] = reason(yes), reason(interest)
						}
					}
					t.State = state
					return t
				}
				a, b := make(x, is(0), is(1), 5), make(y, is(2), is(3), 4)
				b.Consents, b.Interests = b.Interests, b.Consents
				got := a
				got.merge(b)
				want := a
				switch {
				case y == Absent:
				case x == Absent:
					want = b
				case x == Malformed || y == Malformed:
					want = TCF{State: Malformed}
				default:
					want.At, want.Consents, want.Interests = 4, a.Consents&b.Consents, a.Interests&b.Interests
					for p := range want.Consent {
						want.Consent[p], want.Interest[p] = reason(is(0) && is(2)), reason(is(1) && is(3))
					}
				}
				if got != want {
					t.Fatalf("%s and %s, %b:\n%+v, want\n%+v", x, y, how, got, want)
				}
				c, d := AC{x, true, is(0), is(1)}, AC{y, true, is(2), is(3)}
				both := AC{max(x, y), true, is(0) && is(2), is(1) && is(3)}
				if x == Absent {
					both = d
				}
				if c.merge(d); c != both || c.refuses() != (c.State == Malformed || c.State == Valid && !c.Consented) {
					t.Fatalf("%+v, want %+v", c, both)
				}
				e, f := OptOuts{x, US(how & 3), is(2)}, OptOuts{y, US(how >> 2), is(3)}
				if e.merge(f); e != (OptOuts{max(x, y), US(how&3 | how>>2), is(2) || is(3)}) {
					t.Fatalf("%+v", e)
				}
			}
		}
	}
}

// TestOptedOut: an opt-out of what is asked, or one that may be, in each of the places.
func TestOptedOut(t *testing.T) {
	t.Parallel()
	for place := range 3 {
		for _, state := range []State{Absent, Valid, Malformed} {
			for how := range US(16) {
				o := OptOuts{State: state, Of: how & 7, GPC: how > 7}
				for _, gpc := range []State{Absent, Valid} {
					var s Signals
					s.GPC, *[]*OptOuts{&s.GPP, &s.USP, &s.Payload}[place] = gpc, o
					for of := range US(8) {
						may := of != 0 && state == Malformed
						says := of != 0 && state != Absent && (o.Of&of != 0 || o.GPC)
						if s.MayRefuseSale(of) != may || s.RefusedSale(of) != says || s.OptedOut(of) != (of != 0 &&
							(may || says || gpc == Valid)) {
							t.Fatalf("place %d, %+v, gpc %s, of %b: %t %t %t", place, o, gpc, of, s.MayRefuseSale(of),
								s.RefusedSale(of), s.OptedOut(of))
						}
					}
				}
			}
		}
	}
}

// TestPurposesOfVendors: a vendor's bases for each purpose, by declaration and restriction, are what the string
// decides; without a vendor, what the purpose's bits say.
func TestPurposesOfVendors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{signaltest.FullTC(), signaltest.RestrictedTC(2, iab.RequireConsent),
		signaltest.RestrictedTC(11, iab.RequireLI), signaltest.RestrictedTC(9, iab.NotAllowed), signaltest.TypicalTC()} {
		s, err := iab.DecodeTC([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		alone := newTCF(s, &Declaration{})
		for p := 1; p <= iab.NumPurposes; p++ {
			if c, li := s.PurposeAlone(p); alone.Consent[p] != c || alone.Interest[p] != li {
				t.Errorf("purpose %d alone: %s, %s", p, alone.Consent[p], alone.Interest[p])
			}
			for d := iab.Undeclared; d <= iab.DeclaredLIFlexible+1; d++ {
				asked := &Declaration{Vendor: 5}
				asked.Purposes[p] = d
				said, decided := newTCF(s, asked), s.Purpose(5, p, d)
				if (said.Consent[p] == iab.TCFOK) != decided.OnConsent || (said.Interest[p] == iab.TCFOK) != decided.OnLI ||
					said.Vendor != 5 ||
					said.Policy != s.PolicyVersion || said.Version != 2 || said.At != s.Updated {
					t.Errorf("purpose %d, declared %d: %+v, %+v", p, d, said, decided)
				}
				if decided.Reason != iab.TCFOK && said.Consent[p] != decided.Reason && said.Interest[p] != decided.Reason {
					t.Errorf("purpose %d, declared %d: %s, %s: not %s", p, d, said.Consent[p], said.Interest[p], decided.Reason)
				}
				for q := 1; q <= iab.NumPurposes; q++ {
					for _, of := range []iab.Purposes{iab.PurposesOf([]int{q}), iab.PurposesOf([]int{q, 1})} {
						first := said.Consent[q]
						if of.Has(1) && said.Consent[1] != iab.TCFOK {
							first = said.Consent[1]
						}
						if said.consents(of) != first {
							t.Errorf("consent to %b: %s, want %s", of, said.consents(of), first)
						}
					}
				}
			}
		}
	}
	if (&TCF{}).Interested(1<<1) != iab.TCFOK || (&TCF{State: Malformed}).Interested(1<<1) != iab.TCFStringInvalid ||
		(&TCF{State: Valid}).Interested(1<<1) == iab.TCFOK {
		t.Error("legitimate interest of no string, of one that cannot be read, or of one that has none")
	}
}
