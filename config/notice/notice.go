package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Notice is what visitors are told (GDPR Art. 13 and 14): who receives what, for which purpose, on which basis. It is
// made of the compiled policy alone, and holds only activities that are in force at its time. Its JSON is fixed:
// members may be added, none taken away.
type Notice struct {
	Form       int        `json:"form"`   // of what a notice says: see [Form]
	Digest     string     `json:"digest"` // "sha256:" and hexadecimal, over all the rest but At
	At         string     `json:"at"`     // the day, in UTC, as of which it was written: 2026-11-28
	Lang       string     `json:"lang"`
	Site       string     `json:"site,omitempty"` // "" for all sites
	Names      []string   `json:"names"`          // what visitors know the sites by
	Hosts      []string   `json:"hosts"`          // that they see in the address bar
	Centres    []Centre   `json:"centres"`
	Controller Controller `json:"controller"`
	Activities []Activity `json:"activities"`
	Promises   []Promise  `json:"promises,omitempty"`
	Rights     []string   `json:"rights"`
	Complaint  string     `json:"complaint"`

	Authorities []Authority `json:"authorities"`
	Laws        []string    `json:"laws,omitempty"` // that hold beside the GDPR, for readers elsewhere

	Own        *OwnProcessing `json:"own_processing"`
	Collection *Collection    `json:"collection,omitempty"` // for visitors in US states

	words   *words
	brand   brand
	missing strict.Faults
	unknown bool // of some recipient, or of where it sits
}

// Form counts up when notices begin to say more, or otherwise. One of an older form
// is true no more of what is to be said.
const Form = 2

// Activity is one activity, as a visitor may understand it.
type Activity struct {
	ID         string    `json:"id"`
	Group      string    `json:"group"` // see [Group]
	Recipient  Recipient `json:"recipient"`
	Purposes   []Purpose `json:"purposes"`
	Basis      string    `json:"basis"`              // as policies name it
	Explicit   bool      `json:"explicit,omitempty"` // the consent was asked for exactly this (Art. 9(2)(a))
	BasisName  string    `json:"basis_name"`
	Article    string    `json:"article"`
	Reference  string    `json:"reference,omitempty"`
	Interest   string    `json:"interest,omitempty"`
	Benefit    string    `json:"benefit,omitempty"`
	Grounds    string    `json:"compelling_grounds,omitempty"`
	Refuse     string    `json:"refuse"`
	Signals    []string  `json:"signals,omitempty"` // of the browser, that count as a no
	Data       []Data    `json:"data"`
	Events     []string  `json:"events"`                  // "*" is all
	Titles     []string  `json:"event_titles"`            // the same in words
	Except     []string  `json:"except_events,omitempty"` // of these, those that it is not about
	Excepted   []string  `json:"except_event_titles,omitempty"`
	Regions    []string  `json:"regions,omitempty"`
	Sites      []string  `json:"sites,omitempty"` // host names, where it is not for all that the notice is about
	Retention  string    `json:"retention,omitempty"`
	ConsentAge string    `json:"consent_max_age,omitempty"`
	Transfer   *Transfer `json:"transfer,omitempty"`
	// of notices that were published before: no transfer was given
	Unstated bool `json:"transfer_unstated,omitempty"`

	Device   *DeviceUse `json:"device"`
	Decision Decision   `json:"automated_decision"`
	Duty     Duty       `json:"required"`
}

// Promise is something that never happens, as the policy promises it: a policy that does not keep it is not loaded.
type Promise struct {
	ID   string   `json:"id"`
	Says TextPart `json:"says"`
}

// Purpose is a purpose, in the notice's language or, where it has none in that, in another.
type Purpose struct {
	ID              string   `json:"id"`
	Title           TextPart `json:"title"`
	Description     TextPart `json:"description,omitzero"`
	DirectMarketing bool     `json:"direct_marketing,omitempty"`
}

// TextPart is a text, and its language where that is not the notice's.
type TextPart struct {
	Text string `json:"text"`
	Lang string `json:"lang,omitempty"`
}

// Data is a class of data, and what is done to it.
type Data struct {
	Class     string `json:"class"`
	Field     string `json:"field,omitempty"` // the vendor's name, where one field is treated in a way of its own
	Minimiser string `json:"minimiser"`
	What      string `json:"what"`
	Done      string `json:"done"`
}

// Transfer is a transfer to a third country.
type Transfer struct {
	Country   string `json:"country"`
	In        string `json:"in"` // the country in words
	Safeguard string `json:"safeguard"`

	Safeguards []Safeguarded `json:"safeguards,omitempty"` // the same by where the visitor is
}

// New writes the notice of a site, or of all where site is "", in a language, as things stand at a
// time. Beside it there are warnings: what is left out because it does not take place, and what a
// notice should say and the files do not.
func New(l *config.Loaded, site, lang string, at time.Time) (*Notice, []string, error) {
	w, ok := wordsIn(lang)
	if !ok {
		return nil, nil, fmt.Errorf("there is no notice in %q%s", strict.Shortened(lang),
			strict.Suggestion(lang, Languages()))
	}
	sites, err := sitesOf(l, site)
	if err != nil {
		return nil, nil, err
	}
	c := l.Server.Controller
	b := &builder{loaded: l, words: w, lang: lang, sites: sites, at: at, ends: map[string]bool{}}
	n := &Notice{
		Form: Form, At: at.UTC().Format(time.DateOnly),
		Lang: lang, Site: site, Controller: controllerOf(&c), Activities: []Activity{},
		Rights: w.Rights, Complaint: w.Texts["complaint"], words: w, brand: brandOf(l, sites, lang),
	}
	for _, s := range sites {
		of := l.Server.Sites[s.ID]
		n.Names, n.Hosts = append(n.Names, of.Called(lang)), append(n.Hosts, of.SeenHosts()...)
		n.Centres = append(n.Centres, Centre{s.ID, of.Called(lang), centreOf(&of)})
	}
	var readers, countries []string
	for i, a := range l.Policy.Activities() {
		if said := b.activity(a, &l.Activities[i]); said != nil {
			n.Activities = append(n.Activities, *said)
			readers = append(readers, l.Readers(&l.Activities[i])...)
			countries = append(countries, l.Countries(&l.Activities[i])...)
		}
	}
	n.Promises = b.promises()
	n.withoutConsent(b.ends)
	n.law(readers, countries)
	n.Own, n.Collection = own{b}.processing(), collectionOf(b, n)
	n.missing = l.Lacks(func(m config.Missing) bool {
		mine := m.Activity == "" || slices.ContainsFunc(n.Activities, func(a Activity) bool { return a.ID == m.Activity })
		n.unknown = n.unknown || mine && m.Of == config.WhoReceives
		return mine
	}).Sorted()
	n.Digest = n.digest()
	return n, b.warnings, nil
}

// Incomplete tells whether nobody says of a recipient who and where it is: whether data go
// to another country is not known then.
func (n *Notice) Incomplete() bool { return n.unknown }

// Missing lists what the notice cannot do without and nobody says: no text is made of it before.
func (n *Notice) Missing() strict.Faults { return n.missing }

func sitesOf(l *config.Loaded, id string) ([]*rules.Site, error) {
	all := l.Policy.Sites()
	if id == "" {
		return all, nil
	}
	var ids []string
	for _, s := range all {
		if s.ID == id {
			return []*rules.Site{s}, nil
		}
		ids = append(ids, s.ID)
	}
	return nil, fmt.Errorf("there is no site %q%s", strict.Shortened(id), strict.Suggestion(id, ids))
}

// digest names what the notice says.
func (n *Notice) digest() string {
	said := *n
	said.Digest, said.At = "", ""
	text, err := json.Marshal(said)
	if err != nil {
		panic("BUG: a notice is no JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Objections lists the activities on which visitors have a right to object for reasons of their own (Art. 21(1)).
func (n *Notice) Objections() []Activity {
	return slices.DeleteFunc(slices.Clone(n.Activities), func(a Activity) bool {
		return a.Basis != basis.LegitimateInterest.String() && a.Basis != basis.PublicTask.String()
	})
}

// Marketing lists the purposes that are direct marketing, by title.
func (n *Notice) Marketing() []string {
	var titles []string
	for i := range n.Activities {
		for _, p := range n.Activities[i].Purposes {
			if p.DirectMarketing && !slices.Contains(titles, p.Title.Text) {
				titles = append(titles, p.Title.Text)
			}
		}
	}
	return titles
}

// facts are what the notice says, a line each, in the words of policies: what a published notice is held against.
func (n *Notice) facts() []string {
	c := &n.Controller
	all := []string{
		"controller: " + strings.Join([]string{c.Name, c.Address, c.Contact, c.DPO}, "; "),
		"sites: " + strings.Join(n.Names, ", ") + " (" + strings.Join(n.Hosts, ", ") + ")",
	}
	for _, of := range [][2]string{
		{"representative: ", c.Representative.String()}, {"representative in the UK: ", c.UKRepresentative.String()},
	} {
		if of[1] != "" {
			all = append(all, of[0]+of[1])
		}
	}
	for _, a := range n.Authorities {
		all = append(all, "complaint: "+a.URL)
	}
	add := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !slices.Contains(all, line) {
			all = append(all, line)
		}
	}
	for _, p := range n.Promises {
		add("promise %s: %s", p.ID, p.Says.Text)
	}
	for _, c := range n.Centres {
		add("preference centre of %s: %s", c.Site, c.URL)
	}
	for i := range n.Activities {
		a := &n.Activities[i]
		r := &a.Recipient
		for _, fact := range r.facts() {
			add("%s", fact)
		}
		for _, p := range a.Purposes {
			add("purpose %s: %s; %s", p.ID, p.Title.Text, p.Description.Text)
			add("activity %s: %s for %s", a.ID, r.ID, p.ID)
			if p.DirectMarketing { // whose right to object is another, and is told apart
				add("direct marketing: %s", p.ID)
			}
		}
		explicit := ""
		if a.Explicit {
			explicit = ", explicit"
		}
		add("activity %s: basis %s%s%s", a.ID, a.Basis, explicit, behind(" by ", a.Reference))
		for _, of := range [][2]string{
			{"interest", a.Interest}, {"benefit", a.Benefit}, {"compelling grounds", a.Grounds},
			{"saying no", a.Refuse + behind(" ", strings.Join(a.Signals, " "))},
			{"retention", a.Retention}, {"consent counts for", a.ConsentAge}, {"regions", strings.Join(a.Regions, ", ")},
			{"sites", strings.Join(a.Sites, ", ")},
			{"events", strings.Join(a.Events, ", ")}, {"except events", strings.Join(a.Except, ", ")},
		} {
			if of[1] != "" {
				add("activity %s: %s %s", a.ID, of[0], of[1])
			}
		}
		if t := a.Transfer; t != nil {
			add("activity %s: transfer to %s, %s", a.ID, t.Country, t.Safeguard)
		} else if a.Unstated {
			add("activity %s: transfer not stated", a.ID)
		}
		a.toldFacts(add)
		for _, d := range a.Data {
			add("activity %s: data %s%s, %s", a.ID, d.Class, behind(" ", d.Field), d.Done)
		}
	}
	n.ownFacts(add)
	return all
}

// behind puts a mark in front of a text that is not empty.
func behind(mark, text string) string {
	if text == "" {
		return ""
	}
	return mark + text
}

// list joins what is not empty.
func list(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}
