package notice

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
)

// DeviceUse is what is kept on a visitor's device for an activity, or read from it, and why that may be.
type DeviceUse struct {
	Stored  []StoredItem `json:"stored"`
	Derived string       `json:"derived,omitempty"` // in words: an id is made of what the browser sends in any case
	Basis   []string     `json:"basis,omitempty"`   // in words, one for each reason
}

// StoredItem is something that is kept there, or read.
type StoredItem struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`      // as policies name it
	KindName string `json:"kind_name"` // in words
	Kept     string `json:"kept,omitempty"`
	Read     string `json:"read,omitempty"`  // by whom, in words
	Holds    string `json:"holds,omitempty"` // what is in it, in words
}

// Says is the item in one line: name, kind, period, who reads it, and what it holds.
func (s StoredItem) Says() string {
	parts := slices.DeleteFunc([]string{s.KindName, s.Kept, s.Read, s.Holds}, func(part string) bool { return part == "" })
	return s.Name + " (" + strings.Join(parts, ", ") + ")"
}

// device says what is kept on a visitor's device for an activity.
func (b *builder) device(a *config.Activity, recipient string) *DeviceUse {
	of := b.loaded.Access(a)
	if !of.Said {
		return nil
	}
	use := &DeviceUse{Stored: []StoredItem{}}
	for i := range of.Stores {
		s := &of.Stores[i]
		readers := strings.Join(s.Readers, ", ")
		if readers == "" {
			readers = fill(b.words.Device["reader"], "recipient", recipient)
		}
		use.Stored = append(use.Stored, StoredItem{
			Name: s.Name, Kind: s.Kind, KindName: b.words.Device["kind_"+s.Kind], Kept: b.lifetime(s.Period),
			Read: fill(b.words.Device["read_by"], "readers", readers),
		})
	}
	if of.Derived {
		use.Derived = b.words.Device["derived"]
	}
	for i := range of.Reasons {
		use.Basis = append(use.Basis, b.accessBasis(&of.Reasons[i]))
	}
	return use
}

// lifetime is how long something stays on a device, in words.
func (b *builder) lifetime(l config.Lifetime) string {
	switch {
	case l.Session:
		return b.words.Device["session"]
	case l.UntilDeleted:
		return b.words.Device["until_deleted"]
	default:
		return b.words.period(l.Period)
	}
}

// accessBasis says why the device may be touched, with the law of each country where it is known by name.
func (b *builder) accessBasis(r *config.AccessReason) string {
	if r.Why == "" {
		return b.words.Device["not_stated"]
	}
	because := b.words.Device["why_"+r.Why]
	var laws []string
	for i := range r.Laws {
		law := b.law(r, &r.Laws[i])
		if len(r.Laws) > 1 || !r.All {
			law = fill(b.words.Device["in"], "country", b.words.country(r.Laws[i].Regions[0]), "law", law)
		}
		laws = append(laws, law)
	}
	if !r.All {
		laws = append(laws, b.words.Device[map[bool]string{true: "national", false: "elsewhere"}[len(laws) == 0]])
	}
	return because + " (" + b.words.semicolons(laws) + ")"
}

// law is the provision that a reason rests on, in the notice's language.
func (b *builder) law(r *config.AccessReason, law *rules.AccessLaw) string {
	provision := law.Exempt
	if r.Why == config.ByConsent {
		provision = law.Consent
	}
	if text := provision[b.lang]; text != "" {
		return text
	}
	return provision["en"]
}
