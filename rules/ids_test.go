package rules_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// idMemory is an [rules.IDs] that remembers everything.
type idMemory struct {
	ids      map[string]rules.ID
	recalled int
}

func (m *idMemory) Recall(text []byte) *rules.ID {
	id, known := m.ids[string(text)]
	if !known {
		return nil
	}
	m.recalled++
	return &id
}

func (m *idMemory) Remember(text []byte, id rules.ID) { m.ids[string(text)] = id }

// TestRememberedIDsAreTheSame: shapes and rungs of every event of every vendor's hits have the names that they have
// where nobody remembers, with a yes and without, the first time and the second.
func TestRememberedIDsAreTheSame(t *testing.T) {
	t.Parallel()
	p, m := compile(t, goldenDraft()), &idMemory{ids: map[string]rules.ID{}}
	eachGolden(t, func(t *testing.T, vendor, text string) {
		for _, choice := range []string{yes, "Accept: */*"} {
			r := request(t, text, vendor, choice)
			without := &judging{policy: p, in: rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now),
				NewestForm: true}}
			with := &judging{policy: p, in: without.in}
			with.in.IDs = m
			if without.judge(&r) != rules.Unjudged {
				continue
			}
			for range 2 {
				with.judge(&r)
				for e := range without.j.Verdicts {
					shape, rungs := string(without.j.ShapeID(nil, e)), string(without.j.RungsID(nil, e))
					if got := string(with.j.ShapeID(nil, e)); got != shape {
						t.Errorf("event %d: the shape is %s, remembered %s", e, shape, got)
					}
					if got := string(with.j.RungsID(nil, e)); got != rungs {
						t.Errorf("event %d: the rungs are %s, remembered %s", e, rungs, got)
					}
				}
			}
		}
	})
	if m.recalled < 100 {
		t.Errorf("%d names were remembered", m.recalled)
	}
}
