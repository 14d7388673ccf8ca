package notice

import (
	"cmp"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// Access is what an answer to who asks for access takes from the configuration, in the words of a notice: the part of
// GDPR Art. 15(1) and (2) that no record holds.
type Access struct {
	Responsible []Named
	Contact     string // of the controller; "": nobody says it
	Rights      []string
	Complaint   []string             // where one may complain
	Recipients  map[string]Recipient // by the ids that records have
	Activities  map[string]AccessActivity
}

// Named is a text, and what it is.
type Named struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// AccessActivity is what is told of an activity, whether it takes place now or not.
type AccessActivity struct {
	Kept     string // how long the recipient keeps the data; "": nobody says it
	Transfer string // to which country, by which safeguard, or that there is none; "": nobody knows
}

// NewAccess writes it in a language, as things stand at a time.
func NewAccess(l *config.Loaded, lang string, at time.Time) (*Access, error) {
	n, _, err := New(l, "", lang, at)
	if err != nil {
		return nil, err
	}
	b := &builder{loaded: l, words: n.words, lang: lang, at: at}
	a := &Access{
		Contact: n.Controller.Contact, Rights: n.accessRights(), Complaint: n.complaints(),
		Recipients: map[string]Recipient{}, Activities: map[string]AccessActivity{},
	}
	of := n.words
	for _, one := range []Named{
		{of.Texts["controller"], list(n.Controller.Name, n.Controller.Address)}, {of.Texts["contact"], n.Controller.Contact},
		{of.Texts["dpo"], n.Controller.DPO}, {of.Recipients["representative"], n.Controller.Representative.String()},
		{of.Recipients["uk_representative"], n.Controller.UKRepresentative.String()},
	} {
		if one.Text != "" {
			a.Responsible = append(a.Responsible, one)
		}
	}
	for i, activity := range l.Policy.Activities() {
		written := &l.Activities[i]
		readers := l.Readers(written)
		r := b.recipient(activity.Recipient, readers)
		if known, is := a.Recipients[r.ID]; !is || len(r.Entities) > len(known.Entities) {
			a.Recipients[r.ID] = r
		}
		told := AccessActivity{Kept: of.period(retention(l, activity, written))}
		if t := b.transfer(written, readers); t != nil {
			told.Transfer = list(t.In, t.Safeguard)
		} else if r.Legal != "" {
			told.Transfer = of.Texts["no_transfer"]
		}
		a.Activities[activity.ID] = told
	}
	return a, nil
}

// accessRights are the rights that a notice names, the right to object among them
// where there is something to object to.
func (n *Notice) accessRights() []string {
	all := append([]string{}, n.Rights...)
	if len(n.Objections()) > 0 {
		all = append(all, n.words.Texts["object_intro"])
	}
	if titles := n.Marketing(); titles != nil {
		all = append(all, fill(n.words.Texts["object_marketing"], "purposes", joinList(titles)))
	}
	return all
}

// complaints says where one may complain, and which laws hold beside the GDPR.
func (n *Notice) complaints() []string {
	all := []string{n.Complaint}
	for _, a := range n.Authorities {
		all = append(all, a.For+n.words.Texts["colon"]+" "+list(cmp.Or(a.Name, a.URL), a.URL))
	}
	return append(all, n.Laws...)
}
