package api

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/contact"
)

// The bounds of one objection.
const (
	mostIDs    = 64
	mostScopes = 128
	longestID  = 1024 // bytes
	longestWhy = 500  // bytes of a reason
)

// ahead is how far a caller's clock may be before ours: a time within it counts as now.
const ahead = 5 * time.Minute

// word is what a source and a channel may be.
var word = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// body is what a call asks for.
type body struct {
	acts    []objection.Act
	places  []*place   // of the acts
	unfound []string   // where scopes are taken back: of each act why nothing is recorded by whose it is
	bad     []Rejected // of an import: what is no act
	batch   bool       // a list was given
	because string
	every   bool // acts of all are taken back
	file    *importing
}

// importing says which part of a file the operator's objections are.
type importing struct {
	file  string
	line  uint64
	trial bool // only look
}

// reader reads bodies.
type reader struct {
	faults
	now      time.Time
	withdraw bool                     // scopes are taken back
	list     string                   // the member that holds several acts
	most     int                      // acts
	operator bool                     // may import, and name any source
	scopes   []string                 // that may be objected to; nil: any
	country  func(site string) string // see Options.PhoneCountry; nil: nobody knows
	out      body
}

// read reads a body: one act, or a list of them.
func (b *reader) read(text []byte) (*body, error) {
	v, err := parse(text)
	if err != nil {
		return nil, err
	}
	known := "ids, purposes, vendors, all, restriction, source, site, channel, campaign, time, country, " + b.list
	if b.withdraw {
		known += ", kept_opt_out, because, every_act"
	} else {
		known += ", complaint"
	}
	single := newAct(nil)
	var wrong faults // in a list
	members(v, nil, &b.faults, known, func(name string, v gjson.Result, at *place) bool {
		switch {
		case name == b.list:
			b.out.batch = true
			least := 1
			if b.operator {
				n := min(strings.Count(v.Raw, `"ids"`), b.most)
				b.out.acts, b.out.places = make([]objection.Act, 0, n), make([]*place, 0, n)
				least = 0 // a part of a file in which nothing was right is done with all the same
			}
			list(v, at, &b.faults, least, b.most, func(v gjson.Result, at *place) {
				whole := b.faults
				b.faults = faults{}
				one := newAct(at)
				members(v, at, &b.faults, known, func(name string, v gjson.Result, at *place) bool {
					return b.member(&one, name, v, at)
				})
				b.finish(&one)
				if len(b.all) > 0 {
					wrong.add(b.all...)
					detail := strings.TrimPrefix(b.all[0].Pointer, at.pointer()) + ": " + b.all[0].Detail
					b.out.bad = append(b.out.bad, Rejected{at.index, strings.TrimPrefix(strings.TrimPrefix(detail, "/"), ": ")})
				}
				b.faults = whole
			})
		case name == "because" && b.withdraw:
			b.out.because = readText(v, at, &b.faults, longestWhy)
		case name == "every_act" && b.withdraw:
			b.out.every = truth(v, at, &b.faults)
		case name == "import" && b.operator && !b.withdraw:
			b.out.file = b.importing(v, at)
		default:
			single.given = true
			return b.member(&single, name, v, at)
		}
		return true
	})
	if b.out.file == nil {
		b.add(wrong.all...)
	}
	switch {
	case b.out.batch && single.given:
		b.at(nil, "one objection and a list of them are given: keep one")
	case !b.out.batch && len(b.all) == 0:
		b.finish(&single)
	}
	if b.withdraw && b.out.because == "" && len(b.all) == 0 {
		b.at(nil, "because is missing: why is it taken back, and who asked for that?")
	}
	if err := b.problem(); err != nil {
		return nil, err
	}
	source := objection.API
	if b.out.file != nil {
		source = objection.Import
	}
	for i := range b.out.acts {
		change := &b.out.acts[i].Change
		change.Because, change.Holder.Kind, change.EveryAct = b.out.because, objection.Role, b.out.every
		if change.Source == "" {
			change.Source = source
		}
	}
	return &b.out, nil
}

// act is an act that is being read.
type act struct {
	objection.Act
	at      *place
	scopes  []string
	given   bool     // something was said of it
	country string   // of phone numbers that do not say theirs
	places  []*place // of its identifiers, as they were given
	nobody  []string // why nothing is recorded by an identifier that was given, of each that there is one for
}

// unfound says of whom nothing was found why nobody ever will be; "": there is no reason. It is told of a look-up
// alone: what an earlier version recorded is found.
func (a *act) unfound() string {
	if len(a.nobody) == 0 {
		return ""
	}
	return "nothing is recorded by such an identifier: " + strings.Join(a.nobody, "; ")
}

func newAct(at *place) act { return act{at: at} }

// member reads a member of an act.
func (b *reader) member(a *act, name string, v gjson.Result, at *place) bool {
	c := &a.Change
	switch name {
	case "ids":
		b.ids(a, v, at)
	case "country":
		a.country = b.countryOf(v, at)
	case "purposes":
		b.names(a, v, at, "")
	case "vendors":
		b.names(a, v, at, "vendor:")
	case "all":
		if truth(v, at, &b.faults) {
			a.scopes = append(a.scopes, objection.All)
		}
	case "kept_opt_out":
		if truth(v, at, &b.faults) && b.withdraw {
			a.scopes = append(a.scopes, objection.KeptOptOut)
		}
		return b.withdraw
	case "source":
		c.Source = b.word(v, at)
	case "channel":
		c.Channel = b.word(v, at)
	case "site":
		c.Site = readText(v, at, &b.faults, 64)
	case "campaign":
		if c.Campaign = readText(v, at, &b.faults, 64); strings.Contains(c.Campaign, "@") {
			b.at(at, "a campaign is wanted here, nothing of a person")
		}
	case "time":
		c.Time = b.time(v, at)
	case "restriction":
		c.Restriction = truth(v, at, &b.faults)
	case "complaint":
		c.Complaint = truth(v, at, &b.faults)
		return !b.withdraw
	default:
		return false
	}
	return true
}

// catalogID is what may stand behind the colon of a class.
var catalogID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// countryOf reads whose phone numbers are meant where one does not say.
func (b *reader) countryOf(v gjson.Result, at *place) string {
	given := readText(v, at, &b.faults, 2)
	of, known := contact.FindCountry(given)
	if given != "" && !known {
		b.at(at, "it is no country that has phone numbers: DE is one")
	}
	return of.Name
}

// ids reads identifiers by class: a value, or several.
func (b *reader) ids(a *act, v gjson.Result, at *place) {
	members(v, at, &b.faults, strings.Join(rules.IdentityNames(), ", "),
		func(name string, v gjson.Result, at *place) bool {
			class, vendor, named := strings.Cut(name, ":")
			if !slices.Contains(rules.IdentityNames(), class) || named && !catalogID.MatchString(vendor) {
				return false
			}
			one := func(v gjson.Result, at *place) {
				if value := readText(v, at, &b.faults, longestID); value != "" {
					a.IDs, a.places = append(a.IDs, objection.ID{Name: name, Value: value}), append(a.places, at)
				}
			}
			if v.IsArray() {
				list(v, at, &b.faults, 1, mostIDs, one)
			} else {
				one(v, at)
			}
			return true
		})
	if len(a.IDs) > mostIDs {
		b.at(at, "there are more than %d identifiers", mostIDs)
	}
}

// understand makes of identifiers as they were given what events carry, once all is read that says whose phone numbers
// are meant. One that no event carries is no reason for an objection to be in force; what was taken before it was
// refused can be taken back, and asked about.
func (b *reader) understand(a *act) {
	if a.country == "" && b.country != nil {
		a.country = b.country(a.Change.Site)
	}
	given := a.IDs
	a.IDs = make([]objection.ID, 0, len(given))
	for i, one := range given {
		ids, err := objection.Read(one.Name, one.Value, a.country)
		if err != nil {
			a.nobody = append(a.nobody, one.Name+": "+err.Error())
		}
		if err != nil && b.list == "objections" {
			b.at(a.places[i], "%v", err)
		}
		if b.list != "objections" && !slices.Contains(ids, one) {
			ids = append(ids, one)
		}
		a.IDs = append(a.IDs, ids...)
	}
	if len(a.IDs) > mostIDs {
		b.at(a.at.member("ids"), "there are more than %d identifiers", mostIDs)
	}
}

// names reads scopes.
func (b *reader) names(a *act, v gjson.Result, at *place, prefix string) {
	list(v, at, &b.faults, 1, mostScopes, func(v gjson.Result, at *place) {
		name := readText(v, at, &b.faults, 64)
		if name == "" {
			return
		}
		if b.scopes != nil && !b.withdraw && !slices.Contains(b.scopes, prefix+name) {
			b.at(at, "it is not known; known are: %s", strings.Join(b.knownNames(prefix), ", "))
			return
		}
		a.scopes = append(a.scopes, prefix+name)
	})
}

// knownNames lists the scopes that have a prefix, without it.
func (b *reader) knownNames(prefix string) []string {
	var all []string
	for _, scope := range b.scopes {
		rest, found := strings.CutPrefix(scope, prefix)
		if found && scope != objection.All && (prefix != "" || !strings.HasPrefix(scope, "vendor:")) {
			all = append(all, rest)
		}
	}
	return all
}

func (b *reader) word(v gjson.Result, at *place) string {
	given := readText(v, at, &b.faults, 32)
	if given != "" && !word.MatchString(given) {
		b.at(at, "up to 32 characters of a-z, 0-9, - and _ are right")
	}
	return given
}

func (b *reader) time(v gjson.Result, at *place) time.Time {
	given := readText(v, at, &b.faults, 64)
	if given == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, given)
	switch {
	case err != nil:
		b.at(at, "it is no time: 2026-12-01T12:00:00Z is")
	case t.After(b.now.Add(ahead)):
		b.at(at, "it is in the future")
	case t.Year() < 1990:
		b.at(at, "it is before 1990")
	case t.After(b.now):
		return b.now
	}
	return t.UTC()
}

func (b *reader) importing(v gjson.Result, at *place) *importing {
	var of importing
	members(v, at, &b.faults, "file, line, dry_run", func(name string, v gjson.Result, at *place) bool {
		switch name {
		case "file":
			of.file = readText(v, at, &b.faults, 128)
		case "line":
			of.line = number(v, at, &b.faults)
		case "dry_run":
			of.trial = truth(v, at, &b.faults)
		default:
			return false
		}
		return true
	})
	return &of
}

// finish looks at an act as a whole that has been read, and takes it where nothing is wrong with it.
func (b *reader) finish(a *act) {
	if len(b.all) == 0 {
		b.understand(a)
	}
	if len(a.IDs) == 0 && len(b.all) == 0 {
		b.at(a.at, "ids is missing: whose objection is it?")
	}
	if len(a.scopes) == 0 && !a.Change.Complaint && len(b.all) == 0 {
		b.at(a.at, "a scope is missing: purposes, vendors or all")
	}
	slices.Sort(a.scopes)
	a.scopes = slices.Compact(a.scopes)
	if b.withdraw {
		for i, scope := range a.scopes {
			if a.Change.Restriction && scope != objection.KeptOptOut {
				a.scopes[i] = "restriction:" + scope
			}
		}
		a.Change.TakeBack, a.Change.Restriction = a.scopes, false
	} else {
		a.Change.Object = a.scopes
	}
	if len(b.all) == 0 {
		b.out.acts = append(b.out.acts, a.Act)
		b.out.places = append(b.out.places, a.at)
		if b.withdraw {
			b.out.unfound = append(b.out.unfound, a.unfound())
		}
	}
}
