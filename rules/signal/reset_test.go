package signal

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestNothingOfAHitIsLeftInAnAsk: what it held points into bytes of a hit, which are another's after it, or is a copy
// of them. What it is used for stays with whoever gave it.
func TestNothingOfAHitIsLeftInAnAsk(t *testing.T) {
	t.Parallel()
	r, err := NewReader([]Source{
		{Kind: TransparencyConsent}, {Kind: PrivacyPlatform}, {Kind: ConsentMode}, {Kind: Platform(cmp.OneTrust)},
		{Kind: Own, Cookie: "own", Category: "analytics", Granted: []string{"yes"}},
	}, someCategories)
	if err != nil {
		t.Fatal(err)
	}
	h := new(hit.Hit)
	h.Reset()
	root := int32(hit.None)
	for _, line := range []told{
		"cookie __gpp=%44BABLA~CAAQAAAAAABA.QA; __gpp_sid=7; own=%79%65%73; OptanonConsent=groups%3DC1%3A1",
		"shared gcd d=\"13r3r3r3r5\"",
		"cookie euconsent-v2=%43" + told(signaltest.FullTC()[1:]), "cookie own=%79",
	} {
		line.add(h, &root)
	}
	h.Chain()
	a := Ask{Declaration: new(Declaration), Strings: new(noStrings), Scratch: new(cmp.Scratch)}
	var s Signals
	r.Hit(h, &s, &a, nil)
	if len(a.jar.all) == 0 || len(a.jar.text) == 0 || a.sections == nil || a.mode == (modeReading{}) {
		t.Errorf("the hit has nothing to forget: %+v", a)
	}
	scratch := a.Scratch
	a.Reset()
	signaltest.Empty(t, "Ask", &a)
	signaltest.Empty(t, "Scratch", scratch)
}

// noStrings decodes every string anew.
type noStrings struct{}

func (*noStrings) TC(text []byte) (*iab.TCString, error) { return iab.DecodeTC(text) }

func (*noStrings) GPP(text []byte) (*iab.GPPString, error) { return iab.DecodeGPP(text) }
