package cnil

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
)

// The states of a line. What is no other is [NotMet].
const (
	NotMet     = "not_met"    // the policy shows that it does not hold
	Met        = "met"        // the policy shows that it holds
	Attested   = "attested"   // nothing in the policy is against it, and somebody answers for the rest
	Unattested = "unattested" // nobody does
	Expired    = "expired"    // somebody did, and has to look again
	Postdated  = "postdated"  // somebody will from a later day on
)

// Report is the self-assessment of a configuration. Its JSON is fixed: members may be added, none taken away.
type Report struct {
	Lang        string       `json:"lang"`
	At          string       `json:"as_of"` // day
	Policy      string       `json:"policy"`
	Controller  string       `json:"controller"`
	Assessments []Assessment `json:"assessments"`
	Elsewhere   []string     `json:"elsewhere"` // activities that claim the exemption, for nobody who may be in France

	words  *words
	folder string // of the server file, with slashes
}

// Assessment is the self-assessment of one activity.
type Assessment struct {
	Activity string   `json:"activity"`
	Place    string   `json:"place"`
	Vendor   string   `json:"vendor"`
	Name     string   `json:"vendor_name"`
	Hosts    []string `json:"hosts"` // of the sites
	Lines    []Line   `json:"lines"`
	Write    string   `json:"write,omitempty"` // what to write into the policy once somebody has looked
}

// Line is one line, and how it stands.
type Line struct {
	Number      string       `json:"number"` // 1 to 14; a, b ... for what is recommended beside them
	ID          string       `json:"line"`
	Recommended bool         `json:"recommended,omitempty"`
	Title       string       `json:"title"`
	Asks        string       `json:"asks"`
	State       string       `json:"state"`
	StateText   string       `json:"state_text"`
	Reasons     []Reason     `json:"reasons"`
	Look        string       `json:"look,omitempty"` // what somebody has to look up
	Attestation *Attestation `json:"attestation,omitempty"`
}

// Attestation is who answers for a line.
type Attestation struct {
	By       string `json:"by"`
	On       string `json:"on"`    // day
	Until    string `json:"until"` // the last day on which it counts
	Evidence string `json:"evidence,omitempty"`
	Place    string `json:"place"` // file:line:column
}

// Reason is something that the policy shows for a line, or against it.
type Reason struct {
	Text    string `json:"text"`
	Place   string `json:"place,omitempty"` // file:line:column
	Against bool   `json:"against,omitempty"`
	Open    bool   `json:"open,omitempty"` // neither: it is for whoever looks
}

// Holds tells whether nothing is left to do for the line.
func (l *Line) Holds() bool { return l.State == Met || l.State == Attested }

// New assesses every activity that claims the exemption and may reach visitors in France, as things stand at a time.
func New(l *config.Loaded, lang string, at time.Time) (*Report, error) {
	if !slices.Contains(notice.Languages(), lang) {
		return nil, fmt.Errorf("there is no report in %q%s", strict.Shortened(lang),
			strict.Suggestion(lang, notice.Languages()))
	}
	w, places := wordsIn(lang), l.Places()
	r := &Report{Lang: lang, At: at.UTC().Format(time.DateOnly), Policy: l.Policy.Digest(),
		Controller: l.Server.Controller.Name, Assessments: []Assessment{}, Elsewhere: []string{}, words: w,
		folder: filepath.ToSlash(filepath.Dir(l.Source.Path))}
	for i, compiled := range l.Policy.Activities() {
		a := &l.Activities[i]
		switch {
		case !a.ForAudience():
		case !l.MayBeIn(a, "FR"):
			r.Elsewhere = append(r.Elsewhere, a.ID)
		default:
			sites := sitesOf(l, a)
			out := Assessment{Activity: a.ID, Place: places.Activity(i), Vendor: a.Vendor,
				Name: compiled.Recipient.Catalog.File.Name, Hosts: []string{}}
			for _, site := range sites {
				of := l.Server.Sites[site.ID]
				out.Hosts = append(out.Hosts, of.SeenHosts()...)
			}
			passing := slices.DeleteFunc(l.Lines(a), func(line config.ProfileLine) bool { return !line.Spec.Kind.Passes() })
			for n := range lines {
				j := &judging{loaded: l, activity: a, at: i, sites: sites, passing: passing, places: places, words: w, day: at}
				out.Lines = append(out.Lines, j.answer(&lines[n], number(n)))
			}
			out.Write = out.write(r.At)
			r.Assessments = append(r.Assessments, out)
		}
	}
	return r, nil
}

// number is that of a line: 1 to 14, and letters for what is recommended.
func number(n int) string {
	fourteen := slices.IndexFunc(lines, func(l line) bool { return l.recommended })
	if n < fourteen {
		return strconv.Itoa(n + 1)
	}
	return string(rune('a' + n - fourteen))
}

// sitesOf are the sites that an activity is for.
func sitesOf(l *config.Loaded, a *config.Activity) []*rules.Site {
	return slices.DeleteFunc(slices.Clone(l.Policy.Sites()), func(s *rules.Site) bool {
		vendors := l.Server.Sites[s.ID].Vendors
		return len(a.Sites) > 0 && !slices.Contains(a.Sites, s.ID) ||
			len(vendors) > 0 && !slices.Contains(vendors, a.Vendor)
	})
}

// Holds tells whether every line of every assessment holds.
func (r *Report) Holds() bool {
	return !slices.ContainsFunc(r.Assessments, func(a Assessment) bool { return len(a.Open()) > 0 })
}

// Open are the lines that do not hold.
func (a *Assessment) Open() []Line {
	return slices.DeleteFunc(slices.Clone(a.Lines), func(l Line) bool { return l.Holds() })
}

// write is the key that whoever looked writes at the activity; "" where nobody has to.
func (a *Assessment) write(day string) string {
	var ids []string
	for i := range a.Lines {
		if l := &a.Lines[i]; l.Look != "" && (l.Attestation == nil || l.State != Attested && l.State != NotMet) {
			ids = append(ids, l.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "attested:\n  - lines: [" + strings.Join(ids, ", ") + "]\n    by: ...\n    on: " + day + "\n    evidence: ...\n"
}
