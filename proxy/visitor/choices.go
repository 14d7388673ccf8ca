package visitor

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// choices is what a visitor can choose: one control for everything, for each purpose and for each recipient.
type choices struct {
	page
	Shown      string // the scopes in force that the page shows as chosen, as Format writes them
	Everything choice
	Groups     []group // of purposes
	Fixed      []choice
	Vendors    []choice
	Chosen     bool // there is something to take back
}

// group is purposes that the same right is had to.
type group struct {
	Key     string // of its words
	Choices []choice
}

// choice is one control, and what a visitor has to know of it.
type choice struct {
	*words
	ID         string // of the elements
	Scope      string
	Title      Text
	About      Text
	Bases      []Basis
	Recipients []Vendor
	Marketing  bool
	GPC        bool
	In         bool // it is in force
	Covered    bool // an objection to everything covers it
}

// choices lays out what can be chosen, with what is in force.
func (w *wording) choices(p page, inForce []string) choices {
	in := func(scope string) bool { return slices.Contains(inForce, scope) }
	everything := choice{words: w.words, ID: "all", Scope: all, Title: Text{Text: w.Say("everything")}, In: in(all)}
	c := choices{page: p, Everything: everything}
	groups := [3]group{{Key: "marketing"}, {Key: "interest"}, {Key: "other"}}
	shown := []string{}
	if in(all) {
		shown = append(shown, all)
	}
	for i := range w.said.Purposes {
		of := &w.said.Purposes[i]
		one := choice{
			words: w.words, ID: "p-" + of.ID, Scope: of.ID, Title: of.Title, About: of.Description, Bases: of.Bases,
			Marketing: of.DirectMarketing, GPC: of.GPC && w.site.ReadsGPC, In: in(of.ID), Covered: in(all),
		}
		for _, id := range of.Recipients {
			if vendor := w.said.vendor(id); vendor != nil {
				one.Recipients = append(one.Recipients, *vendor)
			}
		}
		if of.ShownOnly {
			one.In, one.Covered, one.GPC = false, false, false
			c.Fixed = append(c.Fixed, one)
			continue
		}
		if one.In {
			shown = append(shown, of.ID)
		}
		at := 2
		if of.DirectMarketing {
			at = 0
		} else if slices.ContainsFunc(of.Bases, func(b Basis) bool { return b.Right }) {
			at = 1
		}
		groups[at].Choices = append(groups[at].Choices, one)
	}
	for _, g := range groups {
		if len(g.Choices) > 0 {
			c.Groups = append(c.Groups, g)
		}
	}
	for _, of := range w.said.Vendors {
		if of.ShownOnly {
			continue
		}
		one := choice{
			words: w.words, ID: "v-" + of.ID, Scope: vendorScope + of.ID, Title: Text{Text: of.Name},
			Recipients: []Vendor{of}, In: in(vendorScope + of.ID), Covered: in(all),
		}
		if one.In {
			shown = append(shown, one.Scope)
		}
		c.Vendors = append(c.Vendors, one)
	}
	c.Shown, c.Chosen = Format(shown), len(inForce) > 0
	return c
}

// Empty tells whether nothing takes place that could be chosen.
func (c choices) Empty() bool { return len(c.Groups) == 0 && len(c.Fixed) == 0 && len(c.Vendors) == 0 }

// titled says what scopes are, in words: purposes by their titles, recipients by their names, and what the policy does not know (any more)
// by its id.
func (w *wording) titled(scopes []string) []Text {
	var titles []Text
	for _, scope := range scopes {
		scope, restricted := strings.CutPrefix(scope, restriction)
		title := Text{Text: scope}
		if id, ok := strings.CutPrefix(scope, vendorScope); ok {
			name := id
			if of := w.said.vendor(id); of != nil {
				name = of.Name
			}
			title.Text = w.Say("vendor_scope", "name", name)
		} else if scope == all {
			title.Text = w.Say("all_scope")
		} else if scope == objection.KeptOptOut {
			title.Text = w.Say("kept_scope")
		} else if of := w.said.purpose(scope); of != nil {
			title = of.Title
		}
		if restricted {
			title.Text = w.Say("restricted", "what", title.Text)
		}
		titles = append(titles, title)
	}
	return titles
}

// asked reads the form of choices: what is ticked is objected to, and what was shown as in force and is no longer ticked is taken back. What
// cannot be objected to is left out: the policy may have changed since the page was made.
func (w *wording) asked(form *fasthttp.Args) (object, takeBack []string) {
	for _, scope := range form.PeekMulti("object") {
		if s := string(scope); w.said.objectable(s) {
			object = append(object, s)
		}
	}
	object = sorted(object)
	shown, _ := Parse(string(form.Peek("shown")))
	for _, scope := range shown {
		if !slices.Contains(object, scope) {
			takeBack = append(takeBack, scope)
		}
	}
	return object, takeBack
}
