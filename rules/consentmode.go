package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// consentMode is what a hit stated of the visitor's choices to Google and does no more.
type consentMode struct {
	downgraded []signal.Storage // by event, the whole hit first: what it stated as granted and does no more
	stated     []bool           // likewise: it speaks of personalised ads
}

// reset forgets the hit.
func (c *consentMode) reset() {
	c.downgraded, c.stated = hit.Recycled(c.downgraded), hit.Recycled(c.stated)
}

// downgrade keeps true what Google is told of the visitor's choices. An event may state as granted only what it travels
// on: the storage types of the categories that its activity has consent for. The rest is downgraded in gcs, gcd, npa
// and dma_cps together, so that they agree. What cannot be read is dropped.
func (m *minimiseState) downgrade() {
	of := &m.consent
	h := m.hit
	if len(h.Claims) == 0 {
		return
	}
	n := len(h.Events) + 1 // the whole hit first
	of.downgraded = slices.Grow(of.downgraded[:0], n)[:n]
	clear(of.downgraded)
	shared := m.storage(hit.Shared)
	for i := range h.Claims {
		c := &h.Claims[i]
		keep := shared
		if c.Event != hit.Shared {
			if m.verdicts[c.Event].Decision != Permit {
				continue
			}
			keep = m.storage(c.Event)
		}
		if h.Nodes[c.Node].Fate != hit.Drop {
			of.downgraded[c.Event+1] |= m.downgradeClaim(c, keep)
		}
	}
	m.agree()
}

// downgradeClaim lowers one parameter, and returns what it stated as granted and does no more.
func (m *minimiseState) downgradeClaim(c *hit.Claim, keep signal.Storage) signal.Storage {
	h := m.hit
	switch c.Signal {
	case "gcs":
		return m.downgradeText(c.Node, keep, signal.DowngradeGCS)
	case "gcd":
		return m.downgradeText(c.Node, keep, signal.DowngradeGCD)
	case "ga4_mp_consent":
		if of := signal.StorageOf(h.Bytes(h.KeySpan(c.Node))); !keep.Has(of) && string(h.Text(c.Node)) != "DENIED" {
			say(h, c.Node, "DENIED")
			return of
		}
	}
	return 0
}

// storage is what an event, or every event that stays, may state as granted.
func (m *minimiseState) storage(event int32) signal.Storage {
	if event != hit.Shared {
		a := m.verdicts[event].Activity
		if a.Basis != basis.Consent && a.Basis != basis.OptOut {
			return 0
		}
		return m.site.signals.StorageIn(a.categories)
	}
	keep := ^signal.Storage(0)
	for e := range m.verdicts {
		if m.verdicts[e].Decision == Permit {
			keep &= m.storage(int32(e))
		}
	}
	return keep
}

// downgrading appends a value that states no more than keep, and returns what it stated beyond that; ok is false where
// it cannot be read.
type downgrading func(dst, text []byte, keep signal.Storage) (out []byte, downgraded signal.Storage, ok bool)

// downgradeText rewrites one value.
func (m *minimiseState) downgradeText(node int32, keep signal.Storage, how downgrading) signal.Storage {
	out, downgraded, ok := how(m.room[:0], m.hit.Text(node), keep)
	m.room = out
	switch n := &m.hit.Nodes[node]; {
	case !ok:
		n.Fate = hit.Drop
	case downgraded != 0:
		m.hit.SetEdit(node, out)
		n.Downgraded = true
	}
	return downgraded
}

// say puts a word of ours in place of a value.
func say(h *hit.Hit, node int32, word string) {
	arena := h.Grow()
	from := len(arena)
	n := &h.Nodes[node]
	n.Edit, n.Fate, n.Downgraded = h.Grown(append(arena, word...), from), hit.Rewrite, true
}

// aboutAds are the storage types that npa speaks of.
const aboutAds = signal.AdStorage | signal.AdUserData | signal.AdPersonalization

// agree makes the flags of advertising agree with what was lowered: no personalised ads, and no core platform service
// consented to. What all events share agrees with each of them.
func (m *minimiseState) agree() {
	h, of := m.hit, &m.consent
	var any signal.Storage
	for _, downgraded := range of.downgraded {
		any |= downgraded
	}
	if any&aboutAds == 0 {
		return
	}
	of.stated = slices.Grow(of.stated[:0], len(of.downgraded))[:len(of.downgraded)]
	clear(of.stated)
	for i := range h.Claims {
		c := &h.Claims[i]
		downgraded := any
		if c.Event != hit.Shared {
			downgraded = of.downgraded[c.Event+1] | of.downgraded[0]
		}
		kept := h.Nodes[c.Node].Fate != hit.Drop
		switch {
		case c.Signal == "npa":
			of.stated[c.Event+1] = true
			if kept && downgraded&aboutAds != 0 {
				sayNoAds(h, c.Node)
			}
		case c.Signal == "dma_cps" && kept && downgraded&signal.AdUserData != 0:
			say(h, c.Node, "-")
		}
	}
	if of.stated[0] {
		return
	}
	if of.downgraded[0]&aboutAds != 0 {
		m.addNPA(hit.Shared)
		return
	}
	for e := range h.Events {
		if of.downgraded[e+1]&aboutAds != 0 && !of.stated[e+1] {
			m.addNPA(int32(e))
		}
	}
}

// sayNoAds states that there are no personalised ads, in the words of the value that stands there.
func sayNoAds(h *hit.Hit, node int32) {
	switch text := string(h.Text(node)); {
	case text == "1" || text == "true":
	case h.Nodes[node].Kind == hit.Bool:
		say(h, node, "true")
	default:
		say(h, node, "1")
	}
}

// addNPA states that there are no personalised ads, where the hit says nothing of it and the vendor has a field for it.
func (m *minimiseState) addNPA(event int32) {
	h := m.hit
	fields := m.route.Recipient.Catalog.Fields
	for f := range fields {
		if fields[f].Signal != "npa" || fields[f].Path != "npa" {
			continue
		}
		if a, _ := m.action(event, int32(f), fields[f].Class, hit.Unknown); a == nil {
			return
		}
		at := h.QueryRoot
		if event != hit.Shared {
			at = h.Events[event].Root
		}
		if at == hit.None || h.Nodes[at].Kind != hit.Form {
			return
		}
		i := h.Make(at, []byte("npa"), hit.Text)
		n := &h.Nodes[i]
		n.Field, n.Class = int32(f), fields[f].Class
		say(h, i, "1")
		return
	}
}
