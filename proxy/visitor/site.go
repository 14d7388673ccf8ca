package visitor

import (
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// Site is what the pages of a site say, as the policy in force has it. It is never changed. Links and redirections are
// relative, so that the pages work below the site's base and without it.
type Site struct {
	ID   string
	Logo *Logo // nil: the site's name stands there
	// "https://shop.example": whose pages may frame the preference centre and call the endpoint, with cookies
	Origins   []string
	Languages []Language // of "en", "de", "fr", at least one; the first is the site's own
	Style     []byte     // the site's CSS, behind ours; nil: none

	Consent  time.Duration // how long the consent counts that counts for longest; zero: nobody says
	ReadsGPC bool          // the signal Global Privacy Control is read
	ReadsDNT bool          // the signal Do Not Track is read
	GPC      bool          // Global Privacy Control is read, and counts for at least one purpose, wherever the visitor is
	Updated  time.Time     // the day on which that was said last
}

// Logo is a site's logo.
type Logo struct {
	Content []byte
	Type    string // "image/svg+xml", and so on
}

// Where is what is known of where a visitor is, as for hits.
type Where struct {
	Region rules.Region
	OptOut bool // its laws let people opt out of sale, sharing and targeted advertising
	Keeps  bool // they have an opt-out by the browser's signal kept
}

// Language is what is said in one language: what applies on this site, of a policy compiled for it.
type Language struct {
	Tag        string    // "en"
	Name       string    // what visitors know the site by
	Title      Text      // heading of the preference centre; zero: ours
	Links      []Link    // the site's own, at the foot
	Purposes   []Purpose // in the order of the policy; each has a flow at least
	Vendors    []Vendor  // every recipient of an activity
	Controller Controller
	Grounded   []Grounded // what may go on despite an objection, where a person decides so
	Authority  string     // where to complain, as a sentence has it behind "to"; "": any data protection authority
	Notice     []byte     // the notice, a whole page of HTML with at most one style element and no script
}

// Controller is who is responsible.
type Controller struct {
	Name    string
	Contact string // an e-mail address, an https address, or what else one can write to
}

// Link is a link of the site's own.
type Link struct {
	Text Text
	URL  string // https
}

// Text is a text, and its language where that is not the page's.
type Text struct {
	Text string
	Lang string
}

// Purpose is a purpose that data are processed for on the site.
type Purpose struct {
	ID          string
	Title       Text
	Description Text

	// Direct marketing may be objected to without reasons, whatever the basis (Art. 21(2) and (3) GDPR).
	DirectMarketing bool

	// ShownOnly says that an objection to it has no effect, for the law gives no right to it: every basis is a contract, a
	// legal obligation or a vital interest, and it is no direct marketing.
	ShownOnly bool

	GPC   bool // the signal Global Privacy Control counts as an objection to it
	DNT   bool // the signal Do Not Track does
	US    bool // laws of US states let people opt out of it: it is sale, sharing or targeted advertising
	Sale  bool // of these, it is sale or sharing
	Flows []Flow
}

// Vendor is a recipient.
type Vendor struct {
	ID        string
	Name      string
	Person    string // the legal person behind it and where its seat is, in words; "" where nothing says who that is
	Policy    string // address of its privacy policy; "" where nothing says where that is
	ShownOnly bool   // an objection to it has no effect: see Purpose
}

// allows tells whether an origin belongs to the site.
func (s *Site) allows(origin string) bool { return slices.Contains(s.Origins, origin) }

// language returns what is said in a language.
func (s *Site) language(tag string) *Language {
	for i := range s.Languages {
		if s.Languages[i].Tag == tag {
			return &s.Languages[i]
		}
	}
	return nil
}

// objectable tells whether a scope is one that can be objected to on this site.
func (l *Language) objectable(scope string) bool {
	if scope == all {
		return true
	}
	if id, ok := strings.CutPrefix(scope, vendorScope); ok {
		v := l.vendor(id)
		return v != nil && !v.ShownOnly
	}
	p := l.purpose(scope)
	return p != nil && !p.ShownOnly
}

func (l *Language) purpose(id string) *Purpose {
	for i := range l.Purposes {
		if l.Purposes[i].ID == id {
			return &l.Purposes[i]
		}
	}
	return nil
}

func (l *Language) vendor(id string) *Vendor {
	for i := range l.Vendors {
		if l.Vendors[i].ID == id {
			return &l.Vendors[i]
		}
	}
	return nil
}
