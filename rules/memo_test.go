package rules_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// mind is a memo that remembers everything.
type mind struct {
	made     map[minimise.Sum]minimise.Made
	recalled int
}

func (m *mind) Recall(salt uint64, value []byte) (minimise.Sum, minimise.Made, bool) {
	hash := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, salt), value...))
	sum := minimise.Sum{binary.LittleEndian.Uint64(hash[:]), binary.LittleEndian.Uint64(hash[8:])}
	made, known := m.made[sum]
	if known {
		m.recalled++
	}
	return sum, made, known
}

func (m *mind) Remember(sum minimise.Sum, made minimise.Made) {
	made.Bytes = bytes.Clone(made.Bytes)
	m.made[sum] = made
}

// choicesMind is a memo of what sources said, which remembers everything.
type choicesMind struct {
	said  map[string]signal.Reading
	texts []string // by number
}

func (m *choicesMind) Recall(text []byte) (sum [2]uint64, known *signal.Reading) {
	m.texts = append(m.texts, string(text))
	if said, ok := m.said[string(text)]; ok {
		known = &said
	}
	return [2]uint64{uint64(len(m.texts) - 1)}, known
}

func (m *choicesMind) Remember(sum [2]uint64, said signal.Reading) { m.said[m.texts[sum[0]]] = said }

// TestWhatIsRememberedChangesNothing: every hit of every vendor is decided, minimised and encoded as it is where nobody
// remembers, the first time and the second, and for no fewer steps.
func TestWhatIsRememberedChangesNothing(t *testing.T) {
	t.Parallel()
	p, m := compile(t, goldenDraft()), &mind{made: map[minimise.Sum]minimise.Made{}}
	choices := &choicesMind{said: map[string]signal.Reading{}}
	eachGolden(t, func(t *testing.T, vendor, text string) {
		r := request(t, text, vendor, yes)
		without := &judging{policy: p, in: rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now),
			NewestForm: true}}
		with := &judging{policy: p, in: without.in}
		with.in.Memo, with.in.Choices, with.in.IDs = m, choices, &idMemory{ids: map[string]rules.ID{}}
		want := allOf(without, without.judge(&r))
		for range 2 {
			if got := allOf(with, with.judge(&r)); got != want {
				t.Errorf("remembered:\n%s\nwithout:\n%s", got, want)
			}
		}
	})
	if m.recalled < 100 {
		t.Errorf("%d values were remembered", m.recalled)
	}
}

// allOf is all that came of a hit.
func allOf(g *judging, reason rules.Reason) string {
	steps, _ := g.j.Work()
	return fmt.Sprintf("%v %d %v %+q", reason, steps, g.j.Verdicts,
		fmt.Sprint(g.j.Out.Forward, g.j.Out.Method, g.j.Out.Upstream,
			string(g.j.Out.Path), string(g.j.Out.Query), g.j.Out.Headers, string(g.j.Out.Body)))
}
