package config

import (
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Tests is a file of policy/tests: what `tagwarden test` runs.
type Tests struct {
	Tests []Test `yaml:"tests" is:"required" doc:"The tests."`
}

// Test sends one recorded hit through the policy and says what is to become of it.
type Test struct {
	Name       string            `yaml:"name" is:"required" doc:"What the test shows, as a sentence."`
	Hit        string            `yaml:"hit" is:"required" doc:"File of a raw HTTP/1.1 request, relative to the folder of tests; its Host names the site."`
	Objections []string          `yaml:"objections" doc:"Objections of the visitor: ids of purposes, vendor:ID, or all; kept_opt_out for an opt-out by the browser's signal that is kept from the time of the test on."`
	Receipts   map[string]string `yaml:"receipts" is:"keys=id,enum=granted|refused" doc:"Receipts of choices that stand for the visitor, by consent category: granted (vouched for by the site, at the time of the hit) or refused. They count where the site lists receipts."`
	Decisions  []string          `yaml:"decisions" doc:"Decisions of a person that lift the objections (tagwarden objections decide): ids of assessments with compelling grounds, or ID=2027-05-04 for one that ends after that day."`
	Signals    TestSignals       `yaml:"signals" doc:"Signals of the visitor's choice, instead of those that the hit carries."`
	From       string            `yaml:"from" doc:"The visitor's IP address. Default: 192.0.2.1."`
	Source     string            `yaml:"source" is:"enum=server" doc:"server: as if one of the vendor's senders had sent it."`
	Region     string            `yaml:"region" doc:"The visitor's region, instead of what the hit's headers tell."`
	At         Moment            `yaml:"at" doc:"The time of the hit, RFC 3339. Default: now."`
	Expect     Expect            `yaml:"expect" is:"required" doc:"What is to become of the hit."`

	Assessments string `yaml:"assessments" is:"enum=as_they_are" doc:"as_they_are: judged by what assessments are worth at its time. Default: as if each were approved today."`

	// Where the test stands, and the path of its hit inside the policy folder.
	Place strict.Fault `yaml:"-"`
	File  string       `yaml:"-"`
}

// TestSignals are signals as a test gives them.
type TestSignals struct {
	Own         map[string]string `yaml:"own" is:"keys=id,enum=granted|refused" doc:"By consent category: granted or refused, as the site's own banner would say."`
	ConsentMode map[string]string `yaml:"consent_mode" is:"keys=consent_type,enum=granted|refused" doc:"By Google's consent type: granted or refused."`
	GPC         bool              `yaml:"gpc" default:"false" doc:"Global Privacy Control is on."`
	DNT         bool              `yaml:"dnt" default:"false" doc:"Do Not Track is on."`
}

// Expect says what is to become of a hit. One of permit and deny is given; what is said
// of events holds for each of the hit's.
type Expect struct {
	Permit string            `yaml:"permit" doc:"Id of the activity that carries the events."`
	Deny   string            `yaml:"deny" is:"one=reason" doc:"Reason code for which the events are denied."`
	Absent []string          `yaml:"absent" doc:"Texts that occur nowhere in what is sent."`
	Sent   map[string]string `yaml:"sent" doc:"Fields, by the vendor's own names, and the values they are sent with."`
}

// Moment is a time in RFC 3339; zero where none was given.
type Moment struct{ time.Time }

// UnmarshalText reads a moment.
func (m *Moment) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return errMoment
	}
	m.Time = t
	return nil
}

var errMoment = errors.New("no point in time: write it in RFC 3339, as in 2026-12-01T12:00:00Z")
