package notice

import "strings"

// toldFacts adds what is said of devices, of decisions and of duties as facts. A notice of an earlier version says
// nothing of them.
func (a *Activity) toldFacts(add func(format string, args ...any)) {
	if a.Device == nil {
		return
	}
	if len(a.Device.Stored) == 0 {
		add("activity %s: device none%s", a.ID, behind("; ", a.Device.Derived))
	}
	for _, s := range a.Device.Stored {
		add("activity %s: device %s", a.ID, s.Says())
	}
	for _, reason := range a.Device.Basis {
		add("activity %s: device basis %s", a.ID, reason)
	}
	d := &a.Decision
	add("activity %s: automated decision %s", a.ID, list(d.None, d.Logic.Text, d.Effect.Text, d.Human.Text))
	add("activity %s: required %s", a.ID, list(a.Duty.None, a.Duty.Otherwise.Text))
}

// ownFacts adds what is said of the server's own processing, and to visitors in US states, as facts.
func (n *Notice) ownFacts(add func(format string, args ...any)) {
	if n.Own == nil {
		return
	}
	for _, p := range n.Own.Parts {
		kept := p.Kept
		if p.Unsaid {
			kept = ""
		}
		add("own processing %s: %s; %s; %s; %s", p.ID, p.Purpose, p.Data, p.Basis, kept)
	}
	for _, s := range n.Own.Cookies {
		add("own processing: cookie %s", s.Says())
	}
	if n.Own.Basis != "" {
		add("own processing: cookies basis %s", n.Own.Basis)
	}
	c := n.Collection
	if c == nil {
		return
	}
	for i := range c.Categories {
		one := &c.Categories[i]
		add("collection %s: sold %t, shared %t; %s; %s", one.ID, one.Sold, one.Shared, strings.Join(one.Purposes, "; "),
			strings.Join(one.Retention, "; "))
	}
	for _, link := range c.OptOut {
		add("collection: %s at %s", link.Text, link.URL)
	}
	if c.GPC != "" {
		add("collection: %s", c.GPC)
	}
}
