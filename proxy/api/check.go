package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Standing is what is in force for a person.
type Standing struct {
	InForce []string `json:"in_force"`
	Acts    []Held   `json:"acts,omitempty"` // by whose it stands

	Decisions []Decision `json:"decisions,omitempty"` // by which some of it is lifted
	Detail    string     `json:"detail,omitempty"`    // where nothing is: why nothing ever can be
}

// Standings are what is in force for several, in the order asked for.
type Standings struct {
	Subjects []Standing `json:"subjects"`
}

// check says what is in force for persons: POST /objections/check, since identifiers do not belong into addresses.
func (h *handler) check(w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Objector == nil {
		return missing("objections are not kept here")
	}
	all, batch, err := ofPeople(h, w, r, func(of *act) (Standing, error) { return standingOf(h, of) })
	switch {
	case err != nil:
		return err
	case batch:
		return reply(w, Standings{all})
	}
	return reply(w, all[0])
}

// standingOf is what is in force for a person.
func standingOf(h *handler, who *act) (of Standing, err error) {
	ids := who.IDs
	standing, err := h.opts.Objector.Standing(ids, nil)
	if of.InForce = orEmpty(standing); err != nil || len(standing) == 0 {
		of.Detail = who.unfound()
		return of, err
	}
	held, err := h.opts.Objector.Held(ids, nil)
	if err != nil {
		return of, err
	}
	of.Acts = heldBy(held)
	decided, err := h.opts.Objector.Decided(ids, nil)
	if err != nil {
		return of, err
	}
	of.Decisions = decisionsOf(decided, h.opts.Now())
	return of, nil
}

// ofPeople reads about whom a call asks, one person or a list of them, and calls with each. What is
// wrong with these is told with where they stand in the call's body.
func ofPeople[T any](
	h *handler, w http.ResponseWriter, r *http.Request, each func(who *act) (T, error),
) (all []T, batch bool, err error) {
	v, err := readJSON(w, r)
	if err != nil {
		return nil, false, err
	}
	f := reader{country: h.opts.PhoneCountry}
	acts, places, batch := f.people(v)
	if err := f.problem(); err != nil {
		return nil, false, err
	}
	all = make([]T, len(acts))
	for i := range acts {
		all[i], err = each(&acts[i])
		if fault, ok := errors.AsType[*objection.Fault](err); ok {
			if at, class := places[i].member("ids"), strings.TrimPrefix(fault.What, "ids."); class != fault.What {
				f.at(at.member(class), "%s", fault.Err.Error())
			} else {
				f.at(at, "%s", fault.Error())
			}
		} else if err != nil {
			return nil, false, err
		}
	}
	return all, batch, f.problem()
}

// people reads the identifiers of one person, or of a list of them.
func (b *reader) people(v gjson.Result) (acts []act, places []*place, batch bool) {
	one := func(v gjson.Result, at *place, several bool) {
		a := newAct(at)
		given := false
		known := "ids, country"
		if several {
			known = "ids, country, subjects"
		}
		members(v, at, &b.faults, known, func(name string, v gjson.Result, at *place) bool {
			switch {
			case name == "ids":
				given = true
				b.ids(&a, v, at)
			case name == "country":
				a.country = b.countryOf(v, at)
			case name == "subjects" && several:
				batch = true
				list(v, at, &b.faults, 1, mostActs, func(v gjson.Result, at *place) {
					inner := newAct(at)
					members(v, at, &b.faults, "ids, country", func(name string, v gjson.Result, at *place) bool {
						switch name {
						case "ids":
							b.ids(&inner, v, at)
						case "country":
							inner.country = b.countryOf(v, at)
						default:
							return false
						}
						return true
					})
					b.understand(&inner)
					acts, places = append(acts, inner), append(places, at)
				})
			default:
				return false
			}
			return true
		})
		switch {
		case given && batch:
			b.at(at, "one person and a list of them are given: keep one")
		case given:
			b.understand(&a)
			acts, places = append(acts, a), append(places, at)
		}
	}
	one(v, nil, true)
	for i := range acts {
		if len(acts[i].IDs) == 0 && len(b.all) == 0 {
			b.at(places[i], "ids is missing: who is asked about?")
		}
	}
	if len(acts) == 0 && len(b.all) == 0 {
		b.at(nil, "ids is missing: who is asked about?")
	}
	return acts, places, batch
}
