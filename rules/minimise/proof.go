package minimise

import (
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// proven are the detectors of what proves itself by a sign or a check digit, so that numbers and random ids are hardly
// ever taken for it: an address, a token's header, a secret's prefix, an IBAN, a payment card, a phone number that
// begins with "+".
var proven = scrub.Of(scrub.Email, scrub.JWT, scrub.Key, scrub.IBAN, scrub.Card, scrub.Phone).WithPlus()

// looksIn is what is looked for in a value. Where consent carries an event its ids may be what a site likes; on every
// other basis an id is a person's only in so far as it is an id: what proves to be something else is found too. One
// that has the very form of its vendor's ids is not asked: of long rows of digits a few look like a card's number.
func (a *Action) looksIn(v *Value, env *Env) scrub.Set {
	if a.looks == 0 || env.Consented || !isID(a.class) || inForm(v) {
		return a.looks
	}
	return a.looks | proven
}

// inForm tells whether an identifier has the form that its vendor gives the ids it makes.
func inForm(v *Value) bool {
	if v.Format == pseudonym.Auto || v.Format == pseudonym.Text || v.Format == pseudonym.Digits {
		return false
	}
	shape := pseudonym.Shape(v.Bytes)
	return shape == v.Format || v.Format == pseudonym.AmplitudeDevice && shape == pseudonym.UUID
}
