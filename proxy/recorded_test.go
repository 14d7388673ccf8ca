package proxy

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// TestWhatSignalsSaidIsThereAgain: from what is recorded of signals, and their dates, everything is made again that the
// ladder asks them.
func TestWhatSignalsSaidIsThereAgain(t *testing.T) {
	t.Parallel()
	p := preset(t, "consent-only", time.Now()).Policy
	of := map[string]bool{}
	for _, purpose := range p.Purposes() {
		for _, category := range purpose.Categories {
			of[category] = true
		}
	}
	all := signal.Categories(1)<<len(of) - 1
	if len(of) < 2 {
		t.Fatal(of)
	}
	d := rand.New(rand.NewPCG(8, 9))
	for range 2000 {
		said := someSignals(d, all)
		rungs := ledger.Rungs{Signals: signalsOf(p, &said)}
		encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{})
		text, err := encoder.EncodeEntry(zapcore.Entry{},
			[]zapcore.Field{{Type: zapcore.InlineMarshalerType, Interface: &rungs}})
		if err != nil {
			t.Fatal(err)
		}
		if got := readSignals(t, p, text.Bytes(), said.AppendDates(nil)); got != said {
			t.Fatalf("%s\nis read as\n%+v, was\n%+v", text, got, said)
		}
	}
}

// kinds are sources that speak of categories.
var kinds = []signal.Kind{
	signal.ConsentMode, signal.Own, signal.Payload, signal.Platform(cmp.OneTrust), signal.Platform(cmp.Iubenda),
}

// someSignals are signals as a reader may find them, of some categories.
func someSignals(d *rand.Rand, all signal.Categories) signal.Signals {
	state := func() signal.State { return signal.State(d.IntN(3)) }
	at := func() int64 { return d.Int64N(2) * d.Int64N(1<<32) }
	some := func() signal.Categories { return signal.Categories(d.Uint64()) & all }
	s := signal.Signals{GPC: state(), DNT: state(), N: uint8(d.IntN(4))}
	for i := range s.Sources[:s.N] {
		of := &s.Sources[i]
		*of = signal.SourceReading{
			Kind: kinds[d.IntN(len(kinds))], State: 1 + signal.State(d.IntN(2)), Granted: some(),
			Refused: some(), Declined: some(),
			TCFOnly: some(), Doubt: some(), Objected: some(), Service: signal.Refusal(d.IntN(3)), At: at(),
		}
	}
	if s.TCF.State = state(); s.TCF.State == signal.Valid {
		s.TCF.Policy, s.TCF.Vendor, s.TCF.At = uint8(2+d.IntN(4)), uint16(d.IntN(2)*755), at()
		for purpose := 1; purpose <= iab.NumPurposes; purpose++ {
			s.TCF.Consent[purpose], s.TCF.Interest[purpose] = iab.TCFReason(d.IntN(20)), iab.TCFReason(d.IntN(20))
		}
	}
	if s.AC.State = state(); s.AC.State != signal.Absent {
		s.AC.Listed, s.AC.Consented = d.IntN(2) == 0, d.IntN(2) == 0
	}
	for _, o := range []*signal.OptOuts{&s.GPP, &s.USP, &s.Payload} {
		if o.State = state(); o.State != signal.Absent {
			o.Of, o.GPC = signal.US(d.IntN(8)), d.IntN(2) == 0
		}
	}
	return s
}

// readSignals makes signals of a record and of dates.
func readSignals(t *testing.T, p *rules.Policy, record []byte, dates []int64) (s signal.Signals) {
	t.Helper()
	all := gjson.GetBytes(record, "signals").Array()
	if len(all) != len(dates) {
		t.Fatalf("%d signals, %d dates", len(all), len(dates))
	}
	stateOf := func(r gjson.Result) signal.State {
		for _, state := range []signal.State{signal.Valid, signal.Malformed} {
			if r.Get("state").Str == state.String() {
				return state
			}
		}
		t.Fatalf("no state: %s", r.Raw)
		return 0
	}
	optOuts := func(r gjson.Result) (o signal.OptOuts) {
		o.State, o.GPC = stateOf(r), r.Get("gpc").Bool()
		for _, word := range r.Get("opted_out").Array() {
			of, _ := signal.ParseUS(word.Str)
			o.Of |= of
		}
		return o
	}
	for i, r := range all {
		switch name := r.Get("source").Str; {
		case name == "gpc":
			s.GPC = stateOf(r)
		case name == "dnt":
			s.DNT = stateOf(r)
		case name == "tcf":
			s.TCF = readTCF(r.Get("tcf"))
			s.TCF.State, s.TCF.At = stateOf(r), dates[i]
		case name == "ac":
			s.AC = signal.AC{State: stateOf(r), Listed: r.Get("listed").Bool(), Consented: r.Get("consented").Bool()}
		case name == "gpp":
			s.GPP = optOuts(r)
		case name == "usp":
			s.USP = optOuts(r)
		case name == "payload" && r.Get("opted_out").Exists():
			s.Payload = optOuts(r)
		default:
			s.Sources[s.N] = readSource(t, p, r, stateOf(r), dates[i])
			s.N++
		}
	}
	return s
}

func readTCF(r gjson.Result) (tcf signal.TCF) {
	tcf.Policy, tcf.Vendor = uint8(r.Get("policy").Uint()), uint16(r.Get("vendor").Uint())
	for name, of := range map[string]*[iab.NumPurposes + 1]iab.TCFReason{"consent": &tcf.Consent,
		"interest": &tcf.Interest} {
		r.Get(name).ForEach(func(rule, purposes gjson.Result) bool {
			for _, purpose := range purposes.Array() {
				for reason := range iab.TCFReason(64) {
					if reason.String() == rule.Str {
						of[purpose.Int()] = reason
						break
					}
				}
			}
			return true
		})
	}
	return tcf
}

func readSource(t *testing.T, p *rules.Policy, r gjson.Result, state signal.State, at int64) signal.SourceReading {
	t.Helper()
	set := func(name string) (of signal.Categories) {
		for _, category := range r.Get(name).Array() {
			for n := range 64 {
				if one := signal.Categories(1) << n; slices.Contains(rules.CategoriesIn(p, one), category.Str) {
					of |= one
					break
				}
			}
		}
		return of
	}
	s := signal.SourceReading{
		State: state, Granted: set("granted"), Refused: set("refused"), Declined: set("declined"), TCFOnly: set("tcf_only"),
		Doubt: set("unclear"), Objected: set("objected"), At: at,
		Service: map[string]signal.Refusal{"withheld": signal.Withheld, "declined": signal.Declined}[r.Get("service").Str],
	}
	place := slices.IndexFunc(kinds, func(k signal.Kind) bool { return k.String() == r.Get("source").Str })
	if place < 0 {
		t.Fatal(r.Raw)
	}
	s.Kind = kinds[place]
	return s
}
