package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// StateFile is a row of what a vendor is told of the visitor's choices, in its own fields, by what an event travels on.
// A row holds where all of its conditions do; of one field the first row says what is told. A number, true, false and a
// list of texts stand as such in JSON, all else as a text.
type StateFile struct {
	Advertising []string `yaml:"advertising"` // what covers advertising: consent, opt_out, none; none given: whichever
	Analytics   []string `yaml:"analytics"`   // what covers statistics: consent, legitimate_interest, other
	Regions     []string `yaml:"regions"`     // where the visitor is: DE, US-CA, EEA, unknown

	Always map[string]string `yaml:"always"` // told on every hit, in place of what the page says
	Silent map[string]string `yaml:"silent"` // told where the page says nothing of it
	Spoken map[string]string `yaml:"spoken"` // told in place of what the page says, where it says something

	About string `yaml:"about"`
}

// Advertising is what an event travels on as far as advertising goes. Its zero value tells the least.
type Advertising uint8

// What covers advertising: nothing, that the visitor did not opt out of it, or consent to it.
const (
	NoAdvertising Advertising = iota
	AdvertisingOnOptOut
	AdvertisingOnConsent
)

// Analytics is what an event travels on as far as statistics go.
type Analytics uint8

// What covers statistics: something else, a legitimate interest, or consent to them.
const (
	AnalyticsOnOther Analytics = iota
	AnalyticsOnInterest
	AnalyticsOnConsent
)

var (
	advertisingWords = []string{"none", "opt_out", "consent"}
	analyticsWords   = []string{"other", "legitimate_interest", "consent"}
)

// String returns the word that vendor files use.
func (a Advertising) String() string { return advertisingWords[a] }

// String returns the word that vendor files use.
func (a Analytics) String() string { return analyticsWords[a] }

// StateWords lists what a row may say of advertising and of analytics.
func StateWords() (advertising, analytics []string) {
	return slices.Clone(advertisingWords), slices.Clone(analyticsWords)
}

// When says at which hits something is told.
type When uint8

// At every hit, at those whose page says nothing of it, and at those whose page says something.
const (
	Always When = iota
	Silent
	Spoken
)

// Place is where a field stands.
type Place uint8

// The places: in each event, around the events in the body, and in the query.
const (
	InEvent Place = iota
	InBody
	InQuery
)

// Statement is what a row says of one field at one endpoint.
type Statement struct {
	Name    string // as it stands in the hit: a path in JSON, a whole key in a form
	Field   int32
	Place   Place
	Signal  string // how Text is read, where that is known: gcs, gcd, npa ...
	When    When
	Text    string
	List    []string // in place of Text: a list of texts
	Regions []string

	advertising, analytics uint8 // sets of what it may travel on, as bits
}

// Holds tells whether the statement is made of what travels on that.
func (s *Statement) Holds(advertising Advertising, analytics Analytics) bool {
	return s.advertising>>advertising&1 == 1 && s.analytics>>analytics&1 == 1
}

// SharesQuery tells whether the query's names are those of events, and what it says is said of all of them.
func (e *Endpoint) SharesQuery() bool { return e.queryShares }

// row is a row made ready, but for the fields of an endpoint.
type row struct {
	from                   *StateFile
	advertising, analytics uint8
}

// newRows makes the rows of a file ready.
func newRows(files []StateFile) (rows []row, err error) {
	for i := range files {
		r := row{from: &files[i]}
		if r.advertising, err = wordSet(r.from.Advertising, advertisingWords); err != nil {
			return nil, fmt.Errorf("state: row %d: advertising: %w", i+1, err)
		}
		if r.analytics, err = wordSet(r.from.Analytics, analyticsWords); err != nil {
			return nil, fmt.Errorf("state: row %d: analytics: %w", i+1, err)
		}
		for _, region := range r.from.Regions {
			if region != UnknownRegion && !regionPattern.MatchString(region) {
				return nil, fmt.Errorf("state: row %d: regions: %q is no region: DE, US-CA, EEA and unknown are", i+1, region)
			}
		}
		if len(r.from.Always)+len(r.from.Silent)+len(r.from.Spoken) == 0 {
			return nil, fmt.Errorf("state: row %d says nothing: "+
				"always, silent or spoken names fields and what is told in them", i+1)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// statements makes the rows ready for an endpoint: those of fields that it has.
func (e *Endpoint) statements(b *builder, rows []row) error {
	for i := range rows {
		r := &rows[i]
		for when, said := range []map[string]string{Always: r.from.Always, Silent: r.from.Silent, Spoken: r.from.Spoken} {
			for _, name := range slices.Sorted(maps.Keys(said)) {
				s := Statement{
					When: When(when), Regions: r.from.Regions, Text: said[name],
					advertising: r.advertising, analytics: r.analytics,
				}
				known, err := e.find(b, &s, name)
				if err != nil {
					return fmt.Errorf("state: row %d: %s: %w", i+1, name, err)
				}
				if known {
					e.State = append(e.State, s)
				}
			}
		}
	}
	return nil
}

// UnknownRegion stands in a row's regions for visitors of whom nobody knows where they are.
const UnknownRegion = "unknown"

var regionPattern = regexp.MustCompile(`^[A-Z]{2,3}(-[A-Z0-9]{1,3})?$`)

// wordSet makes a set of words, all of them where none is given.
func wordSet(given, words []string) (set uint8, err error) {
	if len(given) == 0 {
		return 1<<len(words) - 1, nil
	}
	for _, word := range given {
		at := slices.Index(words, word)
		if at < 0 {
			return 0, fmt.Errorf("%q is none: %s are", word, strings.Join(words, ", "))
		}
		set |= 1 << at
	}
	return set, nil
}

// find finds the field of a statement at the endpoint, and takes its text apart. Known is false where the endpoint has
// no such field.
func (e *Endpoint) find(b *builder, s *Statement, name string) (known bool, err error) {
	if strings.ContainsAny(name, "*[]{}") {
		return false, errors.New("a field with a name of its own is right, without wildcards and lists")
	}
	plain, inQuery := strings.CutPrefix(name, "?")
	s.Name, s.Field = plain, hit.None
	for _, of := range []struct {
		place Place
		root  int32
		ask   bool
	}{{InEvent, e.fields, !inQuery}, {InBody, e.body, !inQuery}, {InQuery, e.query, inQuery && !e.eventInQuery()}} {
		if of.ask && s.Field == hit.None {
			s.Place, s.Field = of.place, b.find(of.root, plain)
		}
	}
	if s.Field == hit.None {
		return false, nil
	}
	f := &b.fields[s.Field]
	if f.Class != hit.ConsentSignal {
		return false, fmt.Errorf("it is of class %v: what a vendor is told of choices stands in fields of class %v",
			f.Class, hit.ConsentSignal)
	}
	s.Signal = f.Signal
	if strings.HasPrefix(s.Text, "[") {
		if err := json.Unmarshal([]byte(s.Text), &s.List); err != nil || len(s.List) == 0 {
			return false, fmt.Errorf(`%q is no list of texts: ["LDU"] is one`, s.Text)
		}
	}
	return true, nil
}

// stated refuses rows of fields that no endpoint has.
func (v *Vendor) stated() error {
	for i := range v.File.State {
		of := &v.File.State[i]
		for _, said := range []map[string]string{of.Always, of.Silent, of.Spoken} {
			for _, name := range slices.Sorted(maps.Keys(said)) {
				plain := strings.TrimPrefix(name, "?")
				if !slices.ContainsFunc(v.Endpoints, func(e Endpoint) bool {
					return slices.ContainsFunc(e.State, func(s Statement) bool { return s.Name == plain })
				}) {
					return fmt.Errorf("state: row %d: %q is not among fields", i+1, name)
				}
			}
		}
	}
	return nil
}
