package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/observe"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// recording reads HAR (by the ending .har) or the JSON lines of captures, and hands every hit on.
// It returns how many entries were passed over because they are no HTTP requests. A file without a hit is a fault: a
// recording that failed is no traffic in which nothing is wrong.
func recording(path, host string, each func(*replay.Request) error) (passed int, err error) {
	hits := 0
	counted := func(r *replay.Request) error {
		hits++
		return each(r)
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	if strings.EqualFold(filepath.Ext(path), ".har") {
		passed, err = replay.HAR(path, f, host, counted)
	} else {
		err = replay.Lines(path, f, host, counted)
	}
	switch {
	case err != nil || hits > 0:
		return passed, err
	case passed > 0:
		return passed, fmt.Errorf(noLook+"no hit is in %s, %s", path, noHTTP(passed))
	default:
		return 0, fmt.Errorf(noLook+"no hit is in %s", path)
	}
}

// explain judges a raw request by a policy.
func (a *explainer) explain(text []byte) (*rules.Explanation, error) {
	request, refused, err := wire.ParseRequest(text, a.from, a.policy.Trusted())
	if err != nil {
		return nil, err
	}
	q := a.question
	q.Request, q.Refused = request, refused
	x, err := a.policy.Explain(&q)
	if err == nil && !a.raw {
		mask(x)
	}
	return x, err
}

// explainer is what explain and replay have in common.
type explainer struct {
	loaded   *config.Loaded // nil where there is none
	policy   *rules.Policy
	question rules.Question
	from     netip.Addr
	raw      bool
	promises *config.OnHits // nil: none was asked for yet
}

// shown are the classes whose values say nothing of a person: they are shown as they are.
var shown = []string{"technical", "account", "container", "event_name", "consent_signal", "revenue", "product",
	"interaction", "performance", "cache_buster", "element"}

// mask hides the middle of what might identify somebody. What would be forwarded is shown as it is.
func mask(x *rules.Explanation) {
	hide := func(fields []rules.ExplainedField) {
		for i := range fields {
			if f := &fields[i]; !slices.Contains(shown, f.Class) && f.Before != f.After {
				whole := f.Before
				f.Before = observe.Masked(whole)
				for k := range f.Otherwise {
					if of := &f.Otherwise[k]; of.After == whole { // as it is shown before
						of.After = f.Before
					}
				}
			}
		}
	}
	hide(x.Shared)
	for i := range x.Events {
		hide(x.Events[i].Fields)
	}
}
