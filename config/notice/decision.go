package notice

import (
	"strings"

	"github.com/tagwarden/tagwarden/config"
)

// Decision is what is said of decisions that a machine makes about visitors (GDPR Art. 13(2)(f)).
type Decision struct {
	None   string   `json:"none,omitempty"` // in words: there is none
	Logic  TextPart `json:"logic,omitzero"`
	Effect TextPart `json:"effect,omitzero"`
	Human  TextPart `json:"human,omitzero"`
}

// Duty is what is said of whether a visitor has to give the data (GDPR Art. 13(2)(e)).
type Duty struct {
	None      string   `json:"none,omitempty"` // in words: there is none
	Otherwise TextPart `json:"otherwise,omitzero"`
}

func (b *builder) decision(a *config.Activity) Decision {
	of := &a.AutomatedDecision
	switch {
	case !of.Said:
		return Decision{}
	case !of.Any():
		return Decision{None: b.words.Decision["none"]}
	}
	where := "activity " + a.ID + ": automated_decision."
	return Decision{
		Logic: b.sentence(of.Logic, where+"logic"), Effect: b.sentence(of.Effect, where+"effect"),
		Human: b.sentence(of.Human, where+"human"),
	}
}

// sentence is a text without the full stop at its end, which the notice sets.
func (b *builder) sentence(t config.Text, what string) TextPart {
	part := b.text(t, what)
	part.Text = strings.TrimRight(part.Text, ". ")
	return part
}

func (b *builder) duty(a *config.Activity) Duty {
	switch {
	case !a.Required.Said:
		return Duty{}
	case !a.Required.Any():
		return Duty{None: b.words.Decision["not_required"]}
	}
	return Duty{Otherwise: b.text(a.Required.Otherwise, "activity "+a.ID+": required.otherwise")}
}
