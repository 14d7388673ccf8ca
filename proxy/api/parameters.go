package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// parameters are those of a call's address. What is wrong with them is told all at once: one that is not known, one
// that is given twice, a value that is none.
type parameters struct {
	given  url.Values
	faults []problem.Fault
}

// parametersOf reads the parameters of a call that has none: any is wrong.
func parametersOf(r *http.Request) *parameters {
	return readParameters(r, nil, func(string) bool { return false })
}

// readParameters reads the parameters of a call, which are of those known; some may be given several times.
func readParameters(r *http.Request, known []string, several func(name string) bool) *parameters {
	given, err := url.ParseQuery(r.URL.RawQuery)
	p := &parameters{given: given}
	if err != nil {
		p.wrong("", "the parameters cannot be read: name=value is right, with & between them, and %26 for an & in a value")
	}
	for name, values := range given {
		switch {
		case name == "subject", name == "subjects", name == "id", name == "ids":
			p.wrong(name, atNoAddress)
		case !slices.Contains(known, name):
			p.wrong(named(name), "there is no such parameter"+near(name, known))
		case len(values) > 1 && !several(name):
			p.wrong(name, "the parameter is given twice: give it once")
		case slices.Contains(values, ""):
			p.wrong(name, "the parameter is empty: leave it out")
		case slices.ContainsFunc(values, func(v string) bool { return len(v) > longestValue || !utf8.ValidString(v) }):
			p.wrong(name, fmt.Sprintf("the value is longer than %d bytes, or no UTF-8", longestValue))
		}
	}
	return p
}

// atNoAddress says where it is said whom one asks about.
const atNoAddress = "whom one asks about stands in no address: POST " + Base +
	"/ledger/records takes it in its body, and " + Base +
	"/ledger/subject"

// longestValue is how long the value of a parameter may be, in bytes.
const longestValue = 256

// named is a parameter's name as it may be shown; "" where it could be somebody's identifier.
func named(name string) string {
	if shown(name) == "" {
		return ""
	}
	return name
}

// near says which parameters there are, or which was meant.
func near(name string, known []string) string {
	if named(name) == "" {
		name = ""
	}
	if len(known) == 0 {
		return ": there are none here"
	}
	return strict.SuggestionElse(name, known)
}

func (p *parameters) wrong(name, detail string) {
	p.faults = append(p.faults, problem.Fault{Parameter: name, Detail: detail})
}

// text is the value of a parameter; "" where it is not given.
func (p *parameters) text(name string) string { return p.given.Get(name) }

// number is a whole number, from least to most; otherwise where it is not given.
func (p *parameters) number(name string, least, most, otherwise uint64) uint64 {
	text := p.given.Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n < least || n > most {
		p.wrong(name, fmt.Sprintf("a whole number from %d to %d is right", least, most))
	}
	return n
}

// problem is what was wrong as an answer; nil where nothing was.
func (p *parameters) problem() error {
	if len(p.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(p.faults, func(a, b problem.Fault) int {
		return slices.Compare([]string{a.Parameter, a.Detail}, []string{b.Parameter, b.Detail})
	})
	d := problem.New(http.StatusBadRequest, "parameter", "the call's parameters are not right: nothing was done")
	d.Faults = p.faults[:min(len(p.faults), mostFaults)]
	return d
}
