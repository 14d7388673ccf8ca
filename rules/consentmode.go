package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// lower keeps true what Google is told of the visitor's choices. An event may state as granted only what it travels on: the storage
// types of the categories that its activity has consent for. The rest is lowered in gcs, gcd, npa and dma_cps together, so that they
// agree. What cannot be read is dropped.
func (j *Judgement) lower() {
	h := &j.Hit
	if len(h.Claims) == 0 {
		return
	}
	n := len(h.Events) + 1 // the whole hit first
	j.lowered = slices.Grow(j.lowered[:0], n)[:n]
	clear(j.lowered)
	shared := j.storage(hit.Shared)
	for i := range h.Claims {
		c := &h.Claims[i]
		keep := shared
		if c.Event != hit.Shared {
			if j.Verdicts[c.Event].Decision != Permit {
				continue
			}
			keep = j.storage(c.Event)
		}
		if h.Nodes[c.Node].Fate != hit.Drop {
			j.lowered[c.Event+1] |= j.lowerClaim(c, keep)
		}
	}
	j.agree()
}

// lowerClaim lowers one parameter, and returns what it stated as granted and does no more.
func (j *Judgement) lowerClaim(c *hit.Claim, keep signal.Storage) signal.Storage {
	h := &j.Hit
	switch c.Signal {
	case "gcs":
		return j.lowerText(c.Node, keep, signal.LowerGCS)
	case "gcd":
		return j.lowerText(c.Node, keep, signal.LowerGCD)
	case "ga4_mp_consent":
		if of := signal.StorageOf(h.Bytes(h.KeySpan(c.Node))); !keep.Has(of) && string(h.Text(c.Node)) != "DENIED" {
			j.say(c.Node, "DENIED")
			return of
		}
	}
	return 0
}

// storage is what an event, or every event that stays, may state as granted.
func (j *Judgement) storage(event int32) signal.Storage {
	if event != hit.Shared {
		a := j.Verdicts[event].Activity
		if a.Basis != basis.Consent && a.Basis != basis.OptOut {
			return 0
		}
		return j.Site.signals.StorageIn(a.categories)
	}
	keep := ^signal.Storage(0)
	for e := range j.Verdicts {
		if j.Verdicts[e].Decision == Permit {
			keep &= j.storage(int32(e))
		}
	}
	return keep
}

// lowerText rewrites one value.
func (j *Judgement) lowerText(node int32, keep signal.Storage, how func(dst, text []byte, keep signal.Storage) ([]byte, signal.Storage, bool)) signal.Storage {
	h := &j.Hit
	text := h.Text(node)
	arena := h.Grow()
	from := len(arena)
	out, lowered, ok := how(arena, text, keep)
	n := &h.Nodes[node]
	switch {
	case !ok:
		n.Fate = hit.Drop
		h.Retain(from)
	case lowered == 0:
		h.Retain(from)
	default:
		n.Edit, n.Fate, n.Lowered = h.Grown(out, from), hit.Rewrite, true
	}
	return lowered
}

func (j *Judgement) say(node int32, word string) {
	arena := j.Hit.Grow()
	from := len(arena)
	n := &j.Hit.Nodes[node]
	n.Edit, n.Fate, n.Lowered = j.Hit.Grown(append(arena, word...), from), hit.Rewrite, true
}

// aboutAds are the storage types that npa speaks of.
const aboutAds = signal.AdStorage | signal.AdUserData | signal.AdPersonalization

// agree makes the flags of advertising agree with what was lowered: no personalised ads, and no core platform service consented to. What
// all events share agrees with each of them.
func (j *Judgement) agree() {
	h := &j.Hit
	var any signal.Storage
	for _, lowered := range j.lowered {
		any |= lowered
	}
	if any&aboutAds == 0 {
		return
	}
	j.stated = slices.Grow(j.stated[:0], len(j.lowered))[:len(j.lowered)]
	clear(j.stated)
	for i := range h.Claims {
		c := &h.Claims[i]
		lowered := any
		if c.Event != hit.Shared {
			lowered = j.lowered[c.Event+1] | j.lowered[0]
		}
		kept := h.Nodes[c.Node].Fate != hit.Drop
		switch {
		case c.Signal == "npa":
			j.stated[c.Event+1] = true
			if kept && lowered&aboutAds != 0 {
				j.sayNoAds(c.Node)
			}
		case c.Signal == "dma_cps" && kept && lowered&signal.AdUserData != 0:
			j.say(c.Node, "-")
		}
	}
	if j.stated[0] {
		return
	}
	if j.lowered[0]&aboutAds != 0 {
		j.addNPA(hit.Shared)
		return
	}
	for e := range h.Events {
		if j.lowered[e+1]&aboutAds != 0 && !j.stated[e+1] {
			j.addNPA(int32(e))
		}
	}
}

// sayNoAds states that there are no personalised ads, in the words of the value that stands there.
func (j *Judgement) sayNoAds(node int32) {
	switch text := string(j.Hit.Text(node)); {
	case text == "1" || text == "true":
	case j.Hit.Nodes[node].Kind == hit.Bool:
		j.say(node, "true")
	default:
		j.say(node, "1")
	}
}

// addNPA states that there are no personalised ads, where the hit says nothing of it and the vendor has a field for it.
func (j *Judgement) addNPA(event int32) {
	h := &j.Hit
	fields := j.Route.Recipient.Catalog.Fields
	for f := range fields {
		if fields[f].Signal != "npa" || fields[f].Path != "npa" {
			continue
		}
		if a, _ := j.action(event, int32(f), fields[f].Class, hit.Unknown); a == nil {
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
		j.say(i, "1")
		return
	}
}
