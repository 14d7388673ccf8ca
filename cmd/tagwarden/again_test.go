package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// nobodyObjects knows of no objection.
type nobodyObjects struct{}

func (nobodyObjects) Lookup([16]byte) (rules.Objections, error) { return rules.Objections{}, nil }

// TestCaptureAgain replays the recordings, and the hits of its own tests, under every example, for visitors
// from regions of every regime who chose nothing, or everything: what is permitted is permitted again at once,
// on the same activity, and nothing else is.
func TestCaptureAgain(t *testing.T) {
	for _, example := range append(config.Examples(), "") {
		made, err := config.InitExample(example, t.TempDir(), nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		p := loaded.AsApproved().Policy
		choices := map[string]string{}
		for _, purpose := range p.Purposes() {
			for _, category := range purpose.Categories {
				choices[category] = "granted"
			}
		}
		in := rules.Inputs{Now: time.Now(), Keys: rules.NewKeys(pseudonym.TestRoot, p, time.Now())}
		everything, permitted := p.SignalsOf(&rules.Choices{Own: choices}), 0
		both := func(text []byte) {
			for _, code := range []string{"", "FR", "GB", "US-CA"} {
				permitted += again(t, p, undecided(text), code, nil, &in)
				permitted += again(t, p, text, code, everything, &in)
			}
		}
		eachRecorded(t, filepath.Join(captures(), "*.jsonl"), func(r *replay.Request) error {
			both(r.Text)
			return nil
		})
		hits, err := filepath.Glob(filepath.Join(filepath.Dir(made.Server), "policy/tests/hits/*.http"))
		if err != nil || len(hits) == 0 {
			t.Fatalf("%s: no hits: %v", example, err)
		}
		for _, file := range hits {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			both(text)
		}
		if permitted == 0 && captures() == ownCaptures {
			t.Errorf("%s: nothing is permitted: the test shows too little", example)
		}
	}
}

// again judges a raw request, and again what is kept of it; it counts the events that are permitted.
func again(t *testing.T, p *rules.Policy, text []byte, code string, s *signal.Signals, in *rules.Inputs) (
	permitted int) {
	t.Helper()
	request, refused, err := wire.ParseRequest(text, netip.Addr{}, p.Trusted())
	if err != nil {
		t.Fatal(err)
	}
	j := new(rules.Judgement)
	j.Hit.Request = request
	if refused || rules.Read(p, j, in, nil) != rules.Unjudged {
		return 0
	}
	if code != "" {
		j.Region, _ = rules.ParseRegion(code)
	}
	if s != nil {
		j.Signals = append(j.Signals[:0], *s)
	}
	j.Objections = make([]rules.Objections, len(j.Hit.Events))
	if rules.Judge(j, in) != rules.Unjudged {
		return 0
	}
	kept, events := map[int]rules.KeptEvent{}, []int(nil)
	for e := range j.Verdicts {
		events = append(events, e)
	}
	var k rules.Kept
	if facts := j.Keep(nil, events); len(facts) > 0 {
		if err := k.Read(facts); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.LookUp(nobodyObjects{}); err != nil {
		t.Fatal(err)
	}
	for i, e := range k.Events {
		if reason := k.Judge(p, i, rules.Moment{Now: in.Now}); reason != rules.Permitted {
			t.Errorf("%s %s: event %d of %s: %v", request.Path, code, e.Index, e.Activity, reason)
		}
		kept[e.Index] = e
	}
	for e := range j.Verdicts {
		v := &j.Verdicts[e]
		_, isKept := kept[e]
		if leaves := v.Decision == rules.Permit && j.Out.Forward; isKept != leaves || leaves &&
			kept[e].Activity != v.Activity.ID {
			t.Errorf("%s %s: event %d was %v on %v, and is kept as %+v", request.Path, code, e, v.Decision, v.Activity, kept[e])
		}
	}
	return len(kept)
}
