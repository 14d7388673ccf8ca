package notice

import (
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Collection is the notice at collection for visitors in US states (Cal. Civ. Code 1798.100(a), 11 CCR 7012): the
// categories of personal information, as that law names them, what each is for, whether it is sold or shared, and for
// how long it is kept.
type Collection struct {
	Categories []Category   `json:"categories"`
	OptOut     []OptOutLink `json:"opt_out,omitempty"` // where what is sold or shared, or sensitive, can be ended
	GPC        string       `json:"gpc,omitempty"`     // in words: what is closed by the browser's signal
}

// Category is one category of personal information.
type Category struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Purposes  []string `json:"purposes"`
	Sold      bool     `json:"sold"`
	Shared    bool     `json:"shared"`
	Retention []string `json:"retention"` // a period with who keeps it
}

// OptOutLink is a text that leads somewhere. Its text is English where a law says how it reads.
type OptOutLink struct {
	Text  string `json:"text"`
	Means string `json:"means,omitempty"` // the same in the notice's language
	URL   string `json:"url"`
}

// The categories, in the order of Cal. Civ. Code 1798.140(v)(1).
const (
	identifiers = "identifiers"
	protected   = "protected"
	commercial  = "commercial"
	activity    = "internet"
	geolocation = "geolocation"
	sensitive   = "sensitive"
)

var categories = []string{identifiers, protected, commercial, activity, geolocation, sensitive}

// categoryOf says which category a class belongs to; what says nothing of a consumer belongs to none.
var categoryOf = func() map[hit.Class]string {
	of := map[hit.Class]string{}
	for category, classes := range map[string][]hit.Class{
		identifiers: {
			hit.AdvertisingID, hit.ClickID, hit.ClientID, hit.Cookie, hit.DeviceID, hit.Email, hit.ExternalID,
			hit.Fingerprint, hit.IP, hit.PersonName, hit.Phone, hit.PostalAddress, hit.SessionID, hit.UserID,
		},
		protected:  {hit.BirthDate, hit.Gender},
		commercial: {hit.Product, hit.Revenue, hit.TransactionID},
		activity: {
			hit.CacheBuster, hit.Campaign, hit.ClientHint, hit.ConsentSignal, hit.Custom, hit.Element, hit.Error,
			hit.EventID, hit.EventName, hit.FreeText, hit.Interaction, hit.Language, hit.PageID, hit.PageTitle,
			hit.Performance, hit.Recording, hit.Referrer, hit.Screen,
			hit.SearchTerm, hit.Timestamp, hit.Timezone, hit.URL, hit.UserAgent, hit.UserTrait,
		},
		geolocation: {hit.CoarseGeo},
		sensitive:   {hit.PreciseGeo, hit.Sensitive},
	} {
		for _, class := range classes {
			of[class] = category
		}
	}
	return of
}()

// notPersonal are the classes that are of no category, with the reason.
var notPersonal = map[hit.Class]string{
	hit.Technical:  "says nothing of a visitor",
	hit.Account:    "the site's own account",
	hit.Container:  "what is inside has a class of its own",
	hit.Credential: "the site's own key",
}

// collectionOf makes the notice at collection; nil where no activity and no site is for visitors of an opt-out region.
func collectionOf(b *builder, n *Notice) *Collection {
	var ids, here []string
	for _, s := range b.sites {
		ids = append(ids, s.ID)
	}
	served := false
	for i := range b.loaded.Activities {
		a := &b.loaded.Activities[i]
		may, named := config.OptOutVisitors(b.loaded, a, ids)
		if may && slices.ContainsFunc(n.Activities, func(of Activity) bool { return of.ID == a.ID }) {
			here, served = append(here, a.ID), served || named
		}
	}
	if !served {
		return nil
	}
	c := &Collection{Categories: []Category{}}
	for _, id := range categories {
		if one := categoryIn(b, n, id, here); one != nil {
			c.Categories = append(c.Categories, *one)
		}
	}
	c.close(b, n, here)
	return c
}

// categoryIn gathers what activities do with a category; nil where none does anything.
func categoryIn(b *builder, n *Notice, id string, activities []string) *Category {
	c := &Category{ID: id, Name: b.words.Collection["category_"+id]}
	add := func(list *[]string, text string) {
		if !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	for i := range n.Activities {
		a := &n.Activities[i]
		if !slices.Contains(activities, a.ID) || !slices.ContainsFunc(a.Data, func(d Data) bool {
			class, _ := hit.ParseClass(d.Class)
			return categoryOf[class] == id
		}) {
			continue
		}
		for _, p := range a.Purposes {
			add(&c.Purposes, p.Title.Text)
			us := b.loaded.Purposes[p.ID].US
			c.Sold, c.Shared = c.Sold || slices.Contains(us, "sale"), c.Shared || slices.Contains(us, "sharing")
		}
		add(&c.Retention, a.Retention+" ("+a.Recipient.Name+")")
	}
	if id == identifiers || id == activity { // the requests themselves
		add(&c.Purposes, b.words.OwnTexts["title"])
		if kept, said := (own{b}).logKept(); said {
			add(&c.Retention, kept+" ("+b.words.Own["log"].Title+")")
		}
	}
	if len(c.Purposes) == 0 {
		return nil
	}
	return c
}

// close says how what is sold, shared or sensitive can be ended.
func (c *Collection) close(b *builder, n *Notice, activities []string) {
	var closed []string
	for i := range n.Activities {
		a := &n.Activities[i]
		if a.Basis != basis.OptOut.String() || len(a.Signals) == 0 || !slices.Contains(activities, a.ID) {
			continue
		}
		for _, p := range a.Purposes {
			if len(b.loaded.Purposes[p.ID].US) > 0 && !slices.Contains(closed, p.Title.Text) && gpcReadFor(b, a.ID) {
				closed = append(closed, p.Title.Text)
			}
		}
	}
	ends := func(of func(*Category) bool) bool {
		return slices.ContainsFunc(c.Categories, func(one Category) bool { return of(&one) })
	}
	text := ""
	switch {
	case ends(func(one *Category) bool { return one.ID == sensitive }):
		text = "choices"
	case ends(func(one *Category) bool { return one.Sold || one.Shared }):
		text = "do_not_sell"
	case len(closed) > 0:
		text = "choices"
	}
	english, _ := wordsIn("en")
	for _, s := range b.sites {
		site := b.loaded.Server.Sites[s.ID]
		link := OptOutLink{Text: english.Collection[text], URL: centreOf(&site)}
		if b.lang != "en" {
			link.Means = b.words.Collection[text]
		}
		if text != "" && !slices.Contains(c.OptOut, link) {
			c.OptOut = append(c.OptOut, link)
		}
	}
	if len(closed) > 0 {
		c.GPC = fill(b.words.Collection["gpc"], "purposes", b.words.semicolons(closed))
	}
}

// gpcReadFor tells whether every site of an activity reads the browser's signal.
func gpcReadFor(b *builder, id string) bool {
	at := slices.IndexFunc(b.loaded.Activities, func(a config.Activity) bool { return a.ID == id })
	for _, s := range b.sites {
		if takesPlaceOn(b.loaded, &b.loaded.Activities[at], s.ID) && b.loaded.Server.Sites[s.ID].Signals.GPC == nil {
			return false
		}
	}
	return true
}
