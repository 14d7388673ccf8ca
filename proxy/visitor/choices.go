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
	Objecting  bool // all of it is objected to: nothing is withdrawn, and nothing opted out of
	Marketing  bool // there is direct marketing (Art. 21(2))
	Right      bool // there is what Art. 21(1) gives a right to object to
}

// group is purposes whose data are passed on in the same case.
type group struct {
	Key     string // of its words
	Consent bool   // some of it rests on consent
	Choices []choice
}

// choice is one control, and what a visitor has to know of it.
type choice struct {
	*words
	ID        string // of the elements
	Scope     string
	Title     Text
	About     Text
	Lines     []line
	Label     string // of the control: what ticking it is
	Vendor    *Vendor
	Partly    bool // a contract or the law asks for some of it: that goes on
	Marketing bool
	GPC       bool
	In        bool // it is in force
	Covered   bool // a no to everything covers it
	consent   bool // some of it rests on consent
}

// line is recipients that receive data in one case, on one basis.
type line struct {
	When       string // in which case, in words; "" where that is said of the whole group
	Basis      Basis
	Reference  string
	Recipients []Vendor
}

// choices lays out what can be chosen where a visitor is, with what is in force.
func (w *wording) choices(p page, inForce []string, where Where) choices {
	in := func(scope string) bool { return slices.Contains(inForce, scope) }
	c := choices{page: p, Marketing: w.said.marketing(where), Right: w.said.right(where)}
	everything := w.said.whens(where)
	c.Objecting = everything.open().only(UntilObjection)
	c.Everything = choice{
		words: w.words, ID: "all", Scope: all, Title: Text{Text: w.Say("everything")},
		Label:  w.label(everything, w.said.sale(where, "")),
		Partly: everything != everything.open(), In: in(all),
	}
	shown := []string{}
	show := func(one *choice) {
		if one.In {
			shown = append(shown, one.Scope)
		}
	}
	show(&c.Everything)
	groups := map[string][]choice{}
	for i := range w.said.Purposes {
		of := &w.said.Purposes[i]
		one, key := w.purposeChoice(of, where)
		if of.ShownOnly {
			c.Fixed = append(c.Fixed, one)
			continue
		}
		one.In, one.Covered = in(of.ID), in(all)
		show(&one)
		groups[key] = append(groups[key], one)
	}
	for _, key := range []string{"objection", "consent", "opt_out", "several", "elsewhere"} {
		if len(groups[key]) > 0 {
			consent := func(one choice) bool { return one.consent }
			c.Groups = append(c.Groups, group{key, slices.ContainsFunc(groups[key], consent), groups[key]})
		}
	}
	for i := range w.said.Vendors {
		if of := &w.said.Vendors[i]; !of.ShownOnly {
			one := w.vendorChoice(of, where)
			one.In, one.Covered = in(one.Scope), in(all)
			show(&one)
			c.Vendors = append(c.Vendors, one)
		}
	}
	c.Shown = Format(shown)
	return c
}

// purposeChoice is the control of a purpose, and the key of the group that it stands in.
func (w *wording) purposeChoice(of *Purpose, where Where) (one choice, key string) {
	flows := of.flows(where)
	all := whensOf(flows)
	switch {
	case len(flows) == 0:
		flows, key = of.Flows, "elsewhere"
		all = whensOf(flows)
	case all.only(AfterConsent), all.only(UntilObjection), all.only(UntilOptOut):
		key = all.key()
	default:
		key = "several"
	}
	one = choice{
		words: w.words, ID: "p-" + of.ID, Scope: of.ID, Title: of.Title, About: of.Description,
		Label: w.label(all, of.Sale), consent: all.has(AfterConsent), Marketing: of.DirectMarketing,
		GPC: of.GPC && w.site.ReadsGPC && !of.ShownOnly,
	}
	for i := range flows {
		f := &flows[i]
		said := line{Basis: f.Basis, Reference: f.Reference}
		if key == "several" || key == "elsewhere" || of.ShownOnly {
			said.When = w.Say("when_" + whenKeys[f.When])
		}
		one.add(said, w.said.vendor(f.Vendor))
	}
	return one, key
}

// add puts a recipient into its line.
func (c *choice) add(said line, vendor *Vendor) {
	if vendor == nil {
		return
	}
	at := slices.IndexFunc(c.Lines, func(l line) bool {
		return l.When == said.When && l.Basis == said.Basis && l.Reference == said.Reference
	})
	if at < 0 {
		at, c.Lines = len(c.Lines), append(c.Lines, said)
	}
	same := func(v Vendor) bool { return v.ID == vendor.ID }
	if l := &c.Lines[at]; !slices.ContainsFunc(l.Recipients, same) {
		l.Recipients = append(l.Recipients, *vendor)
	}
}

// vendorChoice is the control of a recipient.
func (w *wording) vendorChoice(of *Vendor, where Where) choice {
	var here, anywhere whens
	for i := range w.said.Purposes {
		theirs := func(flows []Flow) whens {
			return whensOf(slices.DeleteFunc(slices.Clone(flows), func(f Flow) bool { return f.Vendor != of.ID }))
		}
		here |= theirs(w.said.Purposes[i].flows(where))
		anywhere |= theirs(w.said.Purposes[i].Flows)
	}
	if here == 0 {
		here = anywhere
	}
	return choice{
		words: w.words, ID: "v-" + of.ID, Scope: vendorScope + of.ID, Title: Text{Text: of.Name}, Vendor: of,
		Label: w.label(here, w.said.sale(where, of.ID)), Partly: here != here.open(),
	}
}

// label says what ticking a control is: objecting, withdrawing consent, opting out, or what of it there is.
func (w *wording) label(all whens, sale bool) string {
	switch open := all.open(); {
	case open == 0:
		return w.Say("do_objection")
	case open.only(UntilOptOut) && sale:
		return w.Say("do_opt_out_sale")
	default:
		return w.Say("do_" + open.key())
	}
}

// done says what was done last: in the words of objecting where nothing on the page is withdrawn or opted out of.
func (c choices) done(code string) string {
	switch {
	case c.Objecting:
	case code == "objected":
		return c.Say("done_saved")
	case code == "taken":
		return c.Say("done_back")
	}
	return c.Say("done_" + code)
}

// Empty tells whether nothing takes place that could be chosen.
func (c choices) Empty() bool { return len(c.Groups) == 0 && len(c.Fixed) == 0 && len(c.Vendors) == 0 }

// titled says what scopes are, in words: purposes by their titles, recipients by their names, and what the
// policy does not know (any more) by its id.
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

// asked reads the form of choices: what is ticked is objected to, and what was shown as in force and is no longer
// ticked is taken back. What cannot be objected to is left out: the policy may have changed since the page was made.
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
