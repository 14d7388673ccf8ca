package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// planDigest names all that shapes the bytes which leave of an event by one route and on one activity, and by which
// what the event said was read: where two policies have the same, each makes the same bytes of an event that both
// permit. What decides whether it is permitted is not in it, but for what facts of an event stand for (purposes and
// their categories, basis, assessment, condition): the rest is judged anew. It is the first half of a SHA-256.
type planDigest [sha256.Size / 2]byte

// digestText is a text to be digested: parts, each behind its length, so that no two lists of parts are the same text.
type digestText []byte

func (t *digestText) add(parts ...string) {
	for _, part := range parts {
		*t = append(binary.AppendUvarint(*t, uint64(len(part))), part...)
	}
}

func (t *digestText) count(numbers ...int) {
	for _, n := range numbers {
		*t = binary.AppendVarint(*t, int64(n))
	}
}

func (t *digestText) is(facts ...bool) {
	for _, fact := range facts {
		*t = append(*t, oneIf(fact))
	}
}

// sum is the text in short, as a part of another one.
func (t *digestText) sum() string {
	sum := sha256.Sum256(*t)
	return string(sum[:])
}

// digests notes for each rung of each route what shapes an event there. It comes last:
// what a vendor may be told changes plans.
func (c *compiler) digests() error {
	plans, vendors := map[*plan]string{}, map[*Recipient]string{}
	for i, s := range c.policy.ids {
		at := c.site(s, c.draft.Sites[i].Signals)
		for _, r := range s.all {
			vendor, known := vendors[r.Recipient]
			if !known {
				vendor = c.vendor(r.Recipient)
				vendors[r.Recipient] = vendor
			}
			for n, a := range r.ladder {
				plan, known := plans[a.plan]
				if !known {
					plan = a.plan.digest(r.Recipient)
					plans[a.plan] = plan
				}
				var t digestText
				t.add(at, vendor, plan)
				c.activity(&t, a)
				r.shape(&t, r.told[n])
				r.digests = append(r.digests, planDigest([]byte(t.sum())[:len(planDigest{})]))
			}
		}
	}
	return nil
}

// site is what of a site shapes events and the facts of them: where it looks for choices, and what they mean.
func (c *compiler) site(s *Site, signals []signal.Source) string {
	var t digestText
	t.add(s.ID)
	text, err := json.Marshal(signals)
	if err != nil {
		panic("BUG: sources of signals cannot be put into words: " + err.Error())
	}
	t.add(string(text))
	if s.country != nil {
		t.add(s.country.Name)
	}
	for _, rule := range c.policy.detectors.Rules() {
		t.add(rule.Label, rule.Pattern, rule.Checksum)
	}
	return t.sum()
}

// vendor is what of a vendor shapes events and the facts of them: its fields, and how it stands in the registers.
func (c *compiler) vendor(r *Recipient) string {
	var t digestText
	d := &r.declared
	t.add(r.ID, r.family, d.ID)
	t.count(d.Vendor, d.Provider, len(d.Services))
	t.add(d.Services...)
	for _, of := range d.Purposes {
		t.count(int(of))
	}
	for i := range r.Catalog.Fields {
		f := &r.Catalog.Fields[i]
		t.add(f.Path, f.Class.String(), f.Format, f.Family, f.Hashed, f.Signal, f.Twin, f.Says.String())
		t.is(f.Required, f.Exact, f.Seals, f.Names)
		t.count(len(f.Also))
		for _, class := range f.Also {
			t.add(class.String())
		}
	}
	return t.sum()
}

// digest is what becomes of each field.
func (p *plan) digest(r *Recipient) string {
	var t digestText
	for class := range p.byClass {
		t.add(p.byClass[class].Canon())
	}
	for i := range p.byField {
		t.add(p.byField[i].Canon())
	}
	for i := range p.set {
		t.add(p.set[i].name, string(p.set[i].text), r.Catalog.Fields[p.set[i].field].Path)
	}
	return t.sum()
}

// activity is what the facts of an event stand for.
func (c *compiler) activity(t *digestText, a *Activity) {
	t.add(a.ID, a.Basis.String(), a.Assessment, a.purposeKey, a.whenText)
	t.is(a.when != nil)
	t.count(len(a.needs))
	for _, need := range a.needs {
		t.count(int(need.TCF), bits.OnesCount64(uint64(need.Categories)))
		for _, n := range a.sorted {
			if need.Categories.Has(1 << n) {
				t.add(c.policy.categories[n])
			}
		}
	}
}

// shape is where an event goes by a route, how, and what its vendor is told there. The address of the vendor is not in
// it: where one was wrong, or moved, what waits goes to the one that is right by then.
func (r *Route) shape(t *digestText, told *told) {
	e := r.Endpoint
	t.add(e.ID, e.Host, e.Carry.Query, e.Carry.Header, e.Carry.Field)
	t.count(int(e.Kind), len(e.Types), len(e.Headers))
	t.add(e.Types...)
	for i := range e.Headers {
		h := &e.Headers[i]
		if t.add(h.Name, h.Value); h.Value == "" {
			t.add(r.Recipient.Catalog.Fields[h.Field].Path)
		}
		t.is(h.KeyOnly)
	}
	t.count(int(told.advertising), int(told.keep))
	for _, s := range [...]signal.Storage{told.mode.Granted(), told.mode.Denied()} {
		t.count(int(s))
	}
	t.is(told.choices.granted, told.choices.unset)
	for i := range told.says {
		told.says[i].shape(t)
	}
}

// shape is what a vendor is told.
func (s *statement) shape(t *digestText) {
	t.add(s.name, s.signal, string(s.text))
	t.count(int(s.place), int(s.when), len(s.list), len(s.regions))
	for _, text := range s.list {
		t.add(string(text))
	}
	for _, region := range s.regions {
		t.add(region.String())
	}
	t.is(s.unknown)
}

// rung is the place of an activity in the route's ladder, -1 where it is none of it.
func (r *Route) rung(activity string) int {
	for i, a := range r.ladder {
		if a.ID == activity {
			return i
		}
	}
	return -1
}
