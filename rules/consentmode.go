package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// consentMode is what a hit states of the visitor's choices in its vendor's own fields, and what it may state.
type consentMode struct {
	shared  *told         // what is told of all events that travel; nil where none does
	mixed   told          // that, where they travel on several activities
	told    []*told       // what is in it, each once
	said    []signal.Mode // by event, the whole hit first: what the page said
	settled []signal.Mode // likewise: what may be stated
}

// reset forgets the hit.
func (c *consentMode) reset() {
	c.shared, c.mixed, c.told = nil, told{says: hit.Emptied(c.mixed.says)}, hit.Emptied(c.told)
	c.said, c.settled = hit.Recycled(c.said), hit.Recycled(c.settled)
}

// toldOf is what the vendor is told of an event that travels, or of all of them; nil of one that does not.
func (m *minimiseState) toldOf(event int32) *told {
	if event == hit.Shared {
		return m.consent.shared
	}
	v := &m.verdicts[event]
	if v.Decision != Permit {
		return nil
	}
	return m.route.told[v.last-v.first-1]
}

// lowering is what becomes of what the page said to the vendor, of a hit as it was minimised.
type lowering struct{ *minimiseState }

// downgrade keeps true what the page states of the visitor's choices to the vendor. An event may state as granted only
// what it travels on; the rest is downgraded in all parameters together, so that they agree. What cannot be read is
// dropped.
func (m lowering) downgrade() {
	h := m.hit
	if len(h.Claims) == 0 && !m.route.tells {
		return
	}
	m.gather()
	m.settle()
	for i := range h.Claims {
		c := &h.Claims[i]
		switch t := m.toldOf(c.Event); {
		case t == nil:
		case c.Signal == "integrations":
			m.keepRefusal(c.Node)
		case h.Nodes[c.Node].Fate == hit.Drop:
		case isChoice(c.Signal):
			m.downgradeChoice(c)
		default:
			m.downgradeClaim(c, t)
		}
	}
}

// keepRefusal has it stay, whatever the profile says, that a page does not want a recipient of the vendor's to have the
// event ("integrations": {"Facebook Pixel": false}): without it the event would go there.
func (m lowering) keepRefusal(i int32) {
	h := m.hit
	n := &h.Nodes[i]
	if n.Fate != hit.Drop || n.Kind != hit.Bool || string(h.Text(i)) != "false" || n.Parent == hit.None {
		return
	}
	above := &h.Nodes[n.Parent]
	if above.Kind != hit.Object || string(h.Bytes(h.KeySpan(n.Parent))) != "integrations" {
		return
	}
	for i := above.Parent; i != hit.None; i = h.Nodes[i].Parent {
		if h.Nodes[i].Kind == hit.Object && string(h.Bytes(h.KeySpan(i))) == "integrations" {
			return // what is deeper is something of one destination
		}
	}
	if !n.Free || !m.nameLeaks(nameOf(h, i), above.Kind) {
		h.Nodes[i].Fate = hit.Keep
	}
}

// gather puts together what is told of all events that travel.
func (m lowering) gather() {
	c := &m.consent
	for e := range m.verdicts {
		t := m.toldOf(int32(e))
		if t == nil || slices.Contains(c.told, t) {
			continue
		}
		if c.told = append(c.told, t); c.shared == nil {
			c.shared = t
			continue
		}
		if c.shared != &c.mixed {
			says := append(c.mixed.says[:0], c.shared.says...)
			c.mixed = *c.shared
			c.mixed.says, c.shared = says, &c.mixed
		}
		c.mixed.and(t)
	}
}

// settle reads what the page said of the storage types, and what may be stated of each event, and of all of them.
func (m lowering) settle() {
	h, c := m.hit, &m.consent
	n := len(h.Events) + 1
	c.said = slices.Grow(c.said[:0], n)[:n]
	clear(c.said)
	for i := range h.Claims {
		claim := &h.Claims[i]
		if !isMode(claim.Signal) {
			continue
		}
		mode, _ := signal.ReadMode(claim.Signal, h.Bytes(h.KeySpan(claim.Node)), h.Text(claim.Node))
		c.said[claim.Event+1].And(mode)
	}
	c.settled = slices.Grow(c.settled[:0], n)[:n]
	clear(c.settled)
	first := true
	for e := range m.verdicts {
		t := m.toldOf(int32(e))
		if t == nil {
			continue
		}
		said := c.said[e+1]
		said.And(c.said[0])
		c.settled[e+1] = said.Settled(t.keep, t.mode)
		if first {
			c.settled[0], first = c.settled[e+1], false
		} else {
			c.settled[0].Least(c.settled[e+1])
		}
	}
}

// isMode tells whether a signal is one of those that are settled together.
func isMode(kind string) bool {
	switch kind {
	case "gcs", "gcd", "npa", "ga4_mp_consent":
		return true
	default:
		return false
	}
}

// deniedAds are the storage types of advertising that are denied by what the event travels on, whatever the page said.
func (m *minimiseState) deniedAds(event int32, t *told) signal.Storage {
	settled := &m.consent.settled[event+1]
	return settled.Denied() & (t.mode.Denied() | ^t.keep) & aboutAds
}

// aboutAds are the storage types that npa speaks of.
const aboutAds = signal.AdStorage | signal.AdUserData | signal.AdPersonalization

// downgradeClaim lowers one parameter.
func (m lowering) downgradeClaim(c *hit.Claim, t *told) {
	h := m.hit
	n := &h.Nodes[c.Node]
	text := h.Text(c.Node)
	if n.Fate == hit.Rewrite {
		text = h.Bytes(n.Edit)
	}
	settled := m.consent.settled[c.Event+1]
	out, ok := m.room[:0], true
	switch c.Signal {
	case "gcs":
		out, ok = signal.DowngradeGCS(out, text, t.keep, settled)
	case "gcd":
		out, ok = signal.DowngradeGCD(out, text, t.keep, settled)
	case "us_privacy":
		if t.advertising != catalog.NoAdvertising {
			return
		}
		out, ok = signal.DowngradeUSP(out, text)
	case "gpp":
		if t.advertising != catalog.NoAdvertising {
			return
		}
		out, ok = iab.DowngradeGPP(out, text)
	case "ga4_mp_consent":
		of := signal.StorageOf(h.Bytes(h.KeySpan(c.Node)))
		if of == 0 || string(text) == "DENIED" || !settled.Denied().Has(of) {
			return
		}
		out = append(out, "DENIED"...)
	case "npa":
		if string(text) == "1" || string(text) == "true" || m.deniedAds(c.Event, t) == 0 {
			return
		}
		if out = append(out, '1'); n.Kind == hit.Bool {
			out = append(out[:0], "true"...)
		}
	case "dma_cps":
		if m.deniedAds(c.Event, t)&signal.AdUserData == 0 {
			return
		}
		out = append(out, '-')
	default:
		return
	}
	m.room = out
	switch {
	case !ok:
		n.Fate = hit.Drop
	case string(out) != string(text):
		h.SetEdit(c.Node, out)
		h.Nodes[c.Node].Downgraded = true
	}
}
