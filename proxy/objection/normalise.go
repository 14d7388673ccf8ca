package objection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// What a change may hold at most.
const (
	mostSubjects = 1024 // identifiers without a vendor have a form for each
	mostScopes   = 1024
	mostScope    = 128 // bytes of a scope's name
	mostText     = 128 // of a site, a name of a token, a namespace, an idempotency key, a receiver
	mostBecause  = 1000
	mostCampaign = 64 // characters
)

// normalise checks a batch and puts its changes into the form that they are kept in, on copies: scopes sorted and none
// twice, campaigns scrubbed, times no later than now. The error is a *Fault where it is in a change.
func normalise(b *Batch, now time.Time) error {
	switch {
	case len(b.Key) > 4*mostText:
		return fmt.Errorf("the idempotency key has %d bytes: %d at most", len(b.Key), 4*mostText)
	case b.Progress != nil && (b.Progress.File == "" || len(b.Progress.File) > mostText):
		return errors.New("the progress of an import names no file")
	}
	b.Changes, b.Tallies = slices.Clone(b.Changes), slices.Clone(b.Tallies)
	for i := range b.Tallies {
		b.Tallies[i].Campaign = scrubCampaign(b.Tallies[i].Campaign)
	}
	for i := range b.Changes {
		if what, err := b.Changes[i].normalise(now); err != nil {
			return &Fault{Act: i, What: what, Err: err}
		}
	}
	return nil
}

func (c *Change) normalise(now time.Time) (what string, err error) {
	switch n := len(c.Subjects); {
	case n == 0 && c.EndDecision == 0:
		return "subjects", errors.New("there are none")
	case n > mostSubjects:
		return "subjects", fmt.Errorf("there are %d: %d at most", n, mostSubjects)
	case c.Decide != nil && c.EndDecision != 0, c.decides() && len(c.Object)+len(c.TakeBack) > 0:
		return "decision", errors.New("a decision is a change of its own")
	case c.Choice != nil && (c.decides() || c.Complaint || c.EveryAct || len(c.Object)+len(c.TakeBack) > 0):
		return "choice", errors.New("a choice is a change of its own")
	case len(c.Object) == 0 && len(c.TakeBack) == 0 && !c.Complaint && !c.apart():
		return "object", errors.New("there is nothing to do: scopes to object to or to take back are right, or a complaint")
	}
	for i := range c.Subjects {
		if err := plain(c.Subjects[i].Space, mostText); err != nil || c.Subjects[i].Space == "" {
			return "subjects", errors.New("a namespace is not one line of at most 128 bytes")
		}
	}
	if c.Decide != nil {
		if what, err := c.Decide.right(now); err != nil {
			return what, err
		}
	}
	if c.Choice != nil {
		if what, err := c.Choice.right(c.Holder.Kind); err != nil {
			return what, err
		}
	}
	if err := c.rightHolder(); err != nil {
		return "holder", err
	}
	if c.Object, err = sortedScopes(c.Object, false); err != nil {
		return "object", err
	}
	if slices.Contains(c.Object, KeptOptOut) {
		return "object", errors.New("an opt-out is kept by the browser's signal alone: it can be taken back")
	}
	if c.TakeBack, err = sortedScopes(c.TakeBack, true); err != nil {
		return "withdraw", err
	}
	if err := word(c.Source); err != nil || c.Source == "" {
		return "source", errors.New("at most 32 characters of a-z, 0-9, \"-\" and \"_\" are right")
	}
	if err := word(c.Channel); err != nil {
		return "channel", err
	}
	for _, text := range []struct {
		what, text string
		most       int
	}{{"site", c.Site, mostText}, {"by", c.By, mostText}, {"because", c.Because, mostBecause}} {
		if err := plain(text.text, text.most); err != nil {
			return text.what, err
		}
	}
	for i := range c.Outbox {
		if err := plain(c.Outbox[i].To, mostText); err != nil || c.Outbox[i].To == "" {
			return "outbox", errors.New("a message has no receiver")
		}
	}
	c.Campaign = scrubCampaign(c.Campaign)
	if c.dated = !c.Time.IsZero() && !c.Time.After(now); !c.dated {
		c.Time = now // a clock that is ahead is no reason to refuse an objection
	}
	c.Time = c.Time.UTC()
	return "", nil
}

// sortedScopes checks names of scopes and returns them sorted, none twice, on a copy where that changes anything.
func sortedScopes(scopes []string, restrictions bool) ([]string, error) {
	if len(scopes) > mostScopes {
		return nil, fmt.Errorf("there are %d scopes: %d at most", len(scopes), mostScopes)
	}
	for _, scope := range scopes {
		name, restricted := bareScope(scope)
		if vendor, ok := strings.CutPrefix(name, "vendor:"); ok {
			name = vendor
		}
		if err := plain(scope, mostScope); err != nil || name == "" || restricted && !restrictions ||
			strings.HasPrefix(name, restriction) {
			return nil, errors.New(`a scope is "all", the id of a purpose, or "vendor:" and the id of a recipient`)
		}
	}
	ascend := true
	for i := 1; i < len(scopes); i++ {
		ascend = ascend && scopes[i-1] < scopes[i]
	}
	if ascend {
		return scopes, nil
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// plain tells whether a text is one short line.
func plain(text string, most int) error {
	if len(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("one line of at most %d bytes is right", most)
	}
	return nil
}

// word tells whether a text names a source or a channel.
func word(text string) error {
	for i := range len(text) {
		if b := text[i]; !ascii.IsLower(b) && !ascii.IsDigit(b) && b != '-' && b != '_' {
			return errors.New("only a-z, 0-9, \"-\" and \"_\" are right")
		}
	}
	if len(text) > 32 {
		return errors.New("at most 32 characters are right")
	}
	return nil
}

// scrubCampaign is a campaign as it is kept: without what looks like personal data, without
// control characters, at most 64 characters.
func scrubCampaign(campaign string) string {
	if campaign == "" {
		return ""
	}
	if len(campaign) > 1024 {
		campaign = campaign[:1024]
	}
	clean, _ := scrub.Append(nil, []byte(campaign), scrub.All)
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(clean), "\ufffd"))
	if runes := []rune(text); len(runes) > mostCampaign {
		text = string(runes[:mostCampaign])
	}
	return strings.TrimSpace(text)
}
