package signal

import "testing"

// TestOverall: what is counted of a hit, by what its sources say.
func TestOverall(t *testing.T) {
	t.Parallel()
	of := func(all ...SourceReading) (s Signals) {
		s.N = uint8(copy(s.Sources[:], all))
		return s
	}
	yes, no := SourceReading{State: Valid, Granted: 1}, SourceReading{State: Valid, Refused: 2}
	tcf := func(consents int, s Signals) Signals {
		s.TCF.State = Valid
		if consents != 0 {
			s.TCF.Consents = 1
		}
		return s
	}
	for _, c := range []struct {
		what string
		s    Signals
		want string
	}{
		{"nothing", Signals{}, "silent"},
		{"a source that is not there", of(SourceReading{}), "silent"},
		{"what cannot be read", of(SourceReading{State: Malformed}), "silent"},
		{"a browser's signal alone", Signals{GPC: Valid, DNT: Valid}, "silent"},
		{"a yes", of(yes), "granted"},
		{"a yes of two", of(yes, yes), "granted"},
		{"a no", of(no), "refused"},
		{"a default that grants nothing", of(SourceReading{State: Valid, Refused: 3}), "refused"},
		{"an objection", of(SourceReading{State: Valid, Objected: 1}), "refused"},
		{"a doubt", of(SourceReading{State: Valid, Doubt: 1}), "refused"},
		{"a service that is withheld", of(SourceReading{State: Valid, Service: Withheld}), "refused"},
		{"both", of(SourceReading{State: Valid, Granted: 1, Refused: 2}), "partly"},
		{"two that differ", of(yes, no), "partly"},
		{"a yes, and a doubt", of(SourceReading{State: Valid, Granted: 1, Doubt: 2}), "partly"},
		{"a TC string with purposes", tcf(1, Signals{}), "granted"},
		{"one with none", tcf(0, Signals{}), "refused"},
		{"one with none, and a yes", tcf(0, of(yes)), "partly"},
		{"one with purposes, and a no", tcf(1, of(no)), "partly"},
		{"one that cannot be read", Signals{TCF: TCF{State: Malformed, Consents: 1}}, "silent"},
	} {
		if got := c.s.Overall(); got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
