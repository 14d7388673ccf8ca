package notice

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// Group is what a visitor has a hand in alike: activities that wait for a yes, that
// go on until a no, or that take neither.
type Group struct {
	Key        string // consent, object, opt_out, needed: the words are group_<key> and group_<key>_hint
	Activities []Activity
}

// groups are the keys, in the order in which a notice lists them.
var groups = []string{"consent", "object", "opt_out", "needed"}

// groupOf finds an activity's group. What is direct marketing is open to objection on every basis (Art. 21(2) and (3)).
func groupOf(of basis.Basis, marketing bool) string {
	switch {
	case of == basis.Consent:
		return "consent"
	case of == basis.OptOut:
		return "opt_out"
	case of == basis.LegitimateInterest, of == basis.PublicTask, marketing:
		return "object"
	default:
		return "needed"
	}
}

// Groups lists the activities by what a visitor has a hand in; groups without any are left out.
func (n *Notice) Groups() []Group {
	var all []Group
	for _, key := range groups {
		group := Group{Key: key}
		for i := range n.Activities {
			if n.Activities[i].Group == key {
				group.Activities = append(group.Activities, n.Activities[i])
			}
		}
		if len(group.Activities) > 0 {
			all = append(all, group)
		}
	}
	return all
}

// withoutConsent says of each activity that waits for a consent what is passed on without one: other activities of the
// same recipient for one of its purposes, and whether a refusal ends those as well.
func (n *Notice) withoutConsent(endsWith map[string]bool) {
	w := n.words
	for i := range n.Activities {
		a := &n.Activities[i]
		if a.Group != "consent" {
			continue
		}
		var others []string
		end := true
		for k := range n.Activities {
			if other := &n.Activities[k]; other.Group != "consent" && sharesPurpose(a, other) {
				name := fill(w.Texts["quoted"], "text", w.Texts["group_"+other.Group])
				if !slices.Contains(others, name) {
					others = append(others, name)
				}
				end = end && endsWith[other.ID]
			}
		}
		switch {
		case others == nil:
			a.Refuse += " " + w.Texts["consent_alone"]
		case end:
			a.Refuse += " " + fill(w.Texts["consent_else"], "groups", joinList(others)) + " " + w.Texts["consent_ends"]
		default:
			a.Refuse += " " + fill(w.Texts["consent_else"], "groups", joinList(others))
		}
	}
}

// sharesPurpose tells whether two activities pass data on to the same recipient for a purpose that both have.
func sharesPurpose(a, b *Activity) bool {
	return a.Recipient.ID == b.Recipient.ID && slices.ContainsFunc(a.Purposes, func(p Purpose) bool {
		return slices.ContainsFunc(b.Purposes, func(q Purpose) bool { return p.ID == q.ID })
	})
}

// marketing tells whether one of the purposes is direct marketing.
func (a *Activity) marketing() bool {
	return slices.ContainsFunc(a.Purposes, func(p Purpose) bool { return p.DirectMarketing })
}

// Treated is kinds of data that are treated alike.
type Treated struct {
	Done  string
	Kinds []Kind
}

// Kind is a kind of data; of one that only some fields are treated so, the fields, as the vendor calls them.
type Kind struct {
	What   string
	Fields []string
}

// Treated lists the data by what is done to them, in the order in which that comes first.
func (a *Activity) Treated() []Treated {
	var all []Treated
	for _, d := range a.Data {
		at := slices.IndexFunc(all, func(t Treated) bool { return t.Done == d.Done })
		if at < 0 {
			at, all = len(all), append(all, Treated{Done: d.Done})
		}
		all[at].add(d)
	}
	return all
}

// Kinds counts the kinds of data.
func (a *Activity) Kinds() int {
	whats := map[string]bool{}
	for _, d := range a.Data {
		whats[d.What] = true
	}
	return len(whats)
}

func (t *Treated) add(d Data) {
	at := slices.IndexFunc(t.Kinds, func(k Kind) bool { return k.What == d.What && (k.Fields == nil) == (d.Field == "") })
	if at < 0 {
		at, t.Kinds = len(t.Kinds), append(t.Kinds, Kind{What: d.What})
	}
	if d.Field != "" {
		t.Kinds[at].Fields = append(t.Kinds[at].Fields, d.Field)
	}
}
