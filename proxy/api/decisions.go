package api

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Decision is one that stands: what a person decided for one who objected. Nothing of that one is in it.
type Decision struct {
	Number      uint64    `json:"number"`
	Made        time.Time `json:"made"`
	Assessment  string    `json:"assessment"`
	Version     int       `json:"assessment_version"`
	Purposes    []string  `json:"purposes,omitempty"` // none: whatever rests on the assessment
	Until       time.Time `json:"until"`
	By          string    `json:"by"`
	Because     string    `json:"because"`
	Told        string    `json:"told,omitempty"`
	Restriction bool      `json:"restriction,omitempty"` // what was restricted goes on, too
	Over        bool      `json:"over,omitempty"`        // its time is over: it lifts nothing
}

// Decisions are those that stand, by number.
type Decisions struct {
	Decisions []Decision `json:"decisions"`
}

// Decided is what became of a decision that was asked for.
type Decided struct {
	Number   uint64             `json:"number"`
	Recorded time.Time          `json:"recorded"`
	InForce  []string           `json:"in_force"` // what is objected to: it stands, and is lifted in part
	IDs      []objection.Masked `json:"ids"`      // as they were understood, most of each left out
}

// Ended is what became of a decision that was taken back.
type Ended struct {
	Seq      uint64    `json:"seq"`
	Recorded time.Time `json:"recorded"`
}

// decisionsOf lists decisions as they are at a time.
func decisionsOf(list []objection.Decision, now time.Time) []Decision {
	all := make([]Decision, 0, len(list))
	for i := range list {
		d := &list[i]
		all = append(all, Decision{
			Number: d.Number, Made: d.Made.UTC(), Assessment: d.Assessment, Version: d.Version, Purposes: d.Purposes,
			Until: d.Until.UTC(), By: d.By, Because: d.Because, Told: d.Told, Restriction: d.Restriction,
			Over: !d.Until.After(now),
		})
	}
	return all
}

// decisions lists the decisions that stand: GET /objections/decisions.
func (h *handler) decisions(w http.ResponseWriter, _ *http.Request, _ caller) error {
	if h.opts.Store == nil {
		return missing("objections are not kept here")
	}
	return reply(w, Decisions{decisionsOf(h.opts.Store.Decisions(), h.opts.Now())})
}

// decide takes a person's decision for one who objected: POST /objections/decisions.
func (h *handler) decide(w http.ResponseWriter, r *http.Request, who caller) error {
	b := reader{list: "objections", now: h.opts.Now(), country: h.opts.PhoneCountry}
	one := newAct(nil)
	d := &objection.Decision{}
	const known = "ids, country, site, assessment, purposes, until, by, because, told, restriction"
	read := func(name string, v gjson.Result, at *place) bool {
		switch name {
		case "ids":
			b.ids(&one, v, at)
		case "country":
			one.country = b.countryOf(v, at)
		case "site":
			one.Change.Site = readText(v, at, &b.faults, 64)
		case "assessment":
			d.Assessment = readText(v, at, &b.faults, 64)
		case "purposes":
			list(v, at, &b.faults, 1, mostScopes, func(v gjson.Result, at *place) {
				d.Purposes = append(d.Purposes, readText(v, at, &b.faults, 64))
			})
		case "until":
			d.Until = untilOf(v, at, &b.faults)
		case "by":
			d.By = readText(v, at, &b.faults, 64)
		case "because":
			d.Because = readText(v, at, &b.faults, longestWhy)
		case "told":
			d.Told = readText(v, at, &b.faults, 200)
		case "restriction":
			d.Restriction = truth(v, at, &b.faults)
		default:
			return false
		}
		return true
	}
	check := func() {
		b.understand(&one)
		if len(one.IDs) == 0 && len(b.all) == 0 {
			b.at(nil, "ids is missing: whose objection is it?")
		}
		for name, given := range map[string]string{"assessment": d.Assessment, "by": d.By, "because": d.Because} {
			if strings.TrimSpace(given) == "" && len(b.all) == 0 {
				b.at((*place)(nil).member(name), "it is missing")
			}
		}
	}
	receipt, err := h.decision(w, r, who, &b.faults, known, read, check, func() objection.Act {
		one.Change.Decide = d
		return one.Act
	})
	if err != nil {
		return err
	}
	if !receipt.New {
		return problem.New(http.StatusConflict, "undecidable", "nothing is in force for them that could be decided on")
	}
	return reply(w, Decided{receipt.Seq, receipt.Recorded.UTC(), orEmpty(receipt.InForce), objection.MaskAll(one.IDs)})
}

// endDecision takes a decision back: DELETE /objections/decisions with number and because.
func (h *handler) endDecision(w http.ResponseWriter, r *http.Request, who caller) error {
	var f faults
	var change objection.Change
	read := func(name string, v gjson.Result, at *place) bool {
		switch name {
		case "number":
			change.EndDecision = number(v, at, &f)
		case "because":
			change.Because = readText(v, at, &f, longestWhy)
		default:
			return false
		}
		return true
	}
	check := func() {
		if change.EndDecision == 0 && len(f.all) == 0 {
			f.at((*place)(nil).member("number"), "it is missing: GET /api/v1/objections/decisions lists them")
		}
		if change.Because == "" && len(f.all) == 0 {
			f.at((*place)(nil).member("because"), "it is missing: why does the decision end?")
		}
	}
	receipt, err := h.decision(w, r, who, &f, "number, because", read, check, func() objection.Act {
		return objection.Act{Change: change}
	})
	if err != nil {
		return err
	}
	if !receipt.New {
		return problem.New(http.StatusNotFound, "unknown", "no decision of that number stands")
	}
	return reply(w, Ended{receipt.Seq, receipt.Recorded.UTC()})
}

// decision reads a body about a decision, member by member, and does what make makes of it.
func (h *handler) decision(
	w http.ResponseWriter, r *http.Request, who caller, f *faults, known string,
	read func(string, gjson.Result, *place) bool, check func(), makeAct func() objection.Act,
) (objection.Receipt, error) {
	if h.opts.Objector == nil {
		return objection.Receipt{}, missing("objections are not kept here")
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return objection.Receipt{}, err
	}
	text, err := readBody(w, r, mostBody)
	if err != nil {
		return objection.Receipt{}, err
	}
	v, err := parse(text)
	if err != nil {
		return objection.Receipt{}, err
	}
	members(v, nil, f, known, read)
	if check(); len(f.all) > 0 {
		return objection.Receipt{}, f.problem()
	}
	done, err := h.changing()
	if err != nil {
		return objection.Receipt{}, err
	}
	defer done()
	act := makeAct()
	act.Change.By, act.Change.Source = who.name, objection.API
	if act.Change.Holder.Kind = objection.Role; who.operator {
		act.Change.Source = objection.Command
	}
	digest := sha256.Sum256(append([]byte(r.Method+" decision\n"), text...))
	receipts, err := h.opts.Objector.Act(r.Context(), objection.Acts{
		Acts: []objection.Act{act}, Key: who.key(key), Digest: digest,
	})
	if fault, ok := errors.AsType[*objection.Fault](err); ok {
		at := (*place)(nil)
		if name, found := strings.CutPrefix(fault.What, "decision."); found {
			at = at.member(name)
		} else if class, found := strings.CutPrefix(fault.What, "ids."); found {
			at = at.member("ids").member(class)
		}
		f.at(at, "%s", fault.Err.Error())
		return objection.Receipt{}, f.problem()
	}
	if err != nil {
		return objection.Receipt{}, err
	}
	return receipts[0], nil
}

// untilOf reads until when a decision holds: a day, through whose end in UTC it does, or a time.
func untilOf(v gjson.Result, at *place, f *faults) time.Time {
	given := readText(v, at, f, 64)
	if day, err := time.Parse(time.DateOnly, given); err == nil {
		return day.AddDate(0, 0, 1)
	}
	t, err := time.Parse(time.RFC3339, given)
	if given != "" && err != nil {
		f.at(at, "it is no day: 2027-05-04 is, through whose end (UTC) it holds; or a time in RFC 3339")
	}
	return t.UTC()
}
