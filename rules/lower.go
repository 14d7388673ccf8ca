package rules

import (
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// lower keeps true what Google is told of the visitor's choices. An event may state as granted only what it travels on: the storage
// types of the categories that its activity has consent for. The rest is lowered in gcs, gcd, npa and dma_cps together, so that they
// agree. What cannot be read is dropped.
func (j *Judgement) lower() {
	h := &j.Hit
	for i := range h.Claims {
		c := h.Claims[i]
		if h.Nodes[c.Node].Fate == hit.Drop || c.Event != hit.Shared && j.Verdicts[c.Event].Decision != Permit {
			continue
		}
		keep := j.storage(c.Event)
		var lowered signal.Storage
		switch c.Signal {
		case "gcs":
			lowered = j.lowered(c.Node, keep, signal.LowerGCS)
		case "gcd":
			lowered = j.lowered(c.Node, keep, signal.LowerGCD)
		case "ga4_mp_consent":
			if !keep.Has(signal.StorageOf(h.Bytes(h.KeySpan(c.Node)))) && string(h.Text(c.Node)) != "DENIED" {
				j.say(c.Node, "DENIED")
			}
		}
		if lowered&(signal.AdStorage|signal.AdUserData|signal.AdPersonalization) != 0 {
			j.agree(c.Event, lowered)
		}
	}
}

// storage is what an event, or every event that stays, may state as granted.
func (j *Judgement) storage(event int32) signal.Storage {
	keep := ^signal.Storage(0)
	for e := range j.Verdicts {
		v := &j.Verdicts[e]
		if v.Decision != Permit || event != hit.Shared && int32(e) != event {
			continue
		}
		if b := v.Activity.Basis; b != basis.Consent && b != basis.OptOut {
			return 0
		}
		keep &= j.Site.signals.StorageIn(v.Activity.categories)
	}
	return keep
}

// lowered rewrites one value.
func (j *Judgement) lowered(node int32, keep signal.Storage, how func(dst, text []byte, keep signal.Storage) ([]byte, signal.Storage, bool)) signal.Storage {
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

// agree makes the flags of advertising agree with what was lowered: no personalised ads, and no core platform service consented to.
func (j *Judgement) agree(event int32, lowered signal.Storage) {
	h := &j.Hit
	found := false
	for i := range h.Claims {
		c := &h.Claims[i]
		if c.Event != hit.Shared && c.Event != event && event != hit.Shared {
			continue
		}
		kept := h.Nodes[c.Node].Fate != hit.Drop
		switch c.Signal {
		case "npa":
			found = true
			if kept && string(h.Text(c.Node)) != "1" && string(h.Text(c.Node)) != "true" {
				word := "1"
				if h.Nodes[c.Node].Kind == hit.Bool {
					word = "true"
				}
				j.say(c.Node, word)
			}
		case "dma_cps":
			if kept && lowered&signal.AdUserData != 0 {
				j.say(c.Node, "-")
			}
		}
	}
	if !found {
		j.addNPA(event)
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
		h.Claims = append(h.Claims, hit.Claim{Node: i, Event: event, Signal: "npa"})
		j.say(i, "1")
		return
	}
}
