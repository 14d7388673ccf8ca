// Package dossier says what the ledger holds about one person, in words for somebody who is no specialist: an answer to
// who asks for access (GDPR Art. 15). It promises that every event of theirs that the ledger has is counted once, that
// nothing is said of anybody else, and that what the log cannot know is said to be so.
package dossier

import "time"

// Report is what the ledger holds about a person. Its JSON is for programs; members may be added.
type Report struct {
	Asked    Asked     `json:"asked"`
	Log      Log       `json:"log"`
	Uses     []Use     `json:"forwarded"`     // what was passed on, or was to be, by vendor and purpose
	Denied   []Denied  `json:"not_forwarded"` // what was kept back, by vendor and reason
	Acts     []Act     `json:"acts"`          // objections and what else the person asked for, oldest first
	InForce  []string  `json:"in_force"`      // scopes that are objected to now; nil: the log alone was asked
	Choices  []Choice  `json:"choices"`       // receipts of choices
	Readings []Reading `json:"readings"`      // who asked the log about the person
	Erased   []Erasure `json:"erased"`        // what is not in the log any more
	Limits   []string  `json:"limits"`        // what the log cannot say, a sentence each

	// What the configuration in force says beside the log; empty where none is at hand.
	Responsible []Detail `json:"responsible"` // the controller, and how to reach it
	Rights      []string `json:"rights"`
	Complaint   []string `json:"complaint"` // where one may complain
	Missing     []string `json:"missing"`   // what a whole answer says and nobody here knows, a sentence each
}

// Detail is a text, and what it is.
type Detail struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Asked is who was asked about, and of when.
type Asked struct {
	At       time.Time `json:"at"`
	IDs      []string  `json:"identifiers,omitempty"` // as they may be shown: most of each is left out
	Subjects []string  `json:"subjects"`              // as records name them
	Since    time.Time `json:"since,omitzero"`
	Until    time.Time `json:"until,omitzero"`
	Nobody   string    `json:"-"` // why nothing is recorded by an identifier, a sentence; "": there is no reason
	Reading  string    `json:"-"` // by which the log says that this is asked; "": it does not
}

// Log is what the answer was made of.
type Log struct {
	Records uint64    `json:"records"` // that the log holds
	About   int       `json:"about"`   // of those, how many are about the person
	From    time.Time `json:"from,omitzero"`
	Damaged int       `json:"damaged,omitempty"` // places that could not be read
}

// Use is events that a vendor was to get for the same purposes, on the same basis.
type Use struct {
	Site      string `json:"site"`
	Vendor    string `json:"vendor"`
	Recipient string `json:"recipient,omitempty"`         // the legal person, with its seat
	Service   string `json:"service,omitempty"`           // what it is called
	Role      string `json:"role,omitempty"`              // of the recipient, in words
	KeptThere string `json:"kept_by_recipient,omitempty"` // for how long
	// to which other country, by which safeguard, or that none is
	Transfer   string         `json:"transfer,omitempty"`
	Purposes   []string       `json:"purposes"` // by their ids; empty: no policy that is kept tells
	Titles     []string       `json:"titles"`   // of the purposes, as visitors are told them
	Activity   string         `json:"activity"`
	Basis      string         `json:"basis"`
	Assessment string         `json:"assessment,omitempty"`
	First      time.Time      `json:"first"`
	Last       time.Time      `json:"last"`
	Events     int            `json:"events"`
	Names      map[string]int `json:"names"` // of the events
	Outcomes   Outcomes       `json:"outcomes"`
	Kept       []string       `json:"fields_kept"` // by their names
	Changed    []string       `json:"fields_changed"`
	Dropped    []string       `json:"fields_dropped"`
	// how many travelled by a decision though somebody had objected
	Despite int `json:"by_decision,omitempty"`
}

// Outcomes says what became of events.
type Outcomes struct {
	Delivered int `json:"delivered"`
	Dropped   int `json:"dropped"`
	Waiting   int `json:"waiting"`
	Unknown   int `json:"unknown"` // they may have arrived

	// to the nodes of the cluster: whoever took them says what became of them
	HandedOver int `json:"handed_over,omitempty"`
}

// Denied is events that were not passed on, for the same reason.
type Denied struct {
	Site   string    `json:"site"`
	Vendor string    `json:"vendor"`
	Legal  string    `json:"recipient,omitempty"` // the legal person, with its seat
	Reason string    `json:"reason"`
	Why    string    `json:"why"` // in words
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Events int       `json:"events"`
}

// Act is what the person asked for, or what was decided about that.
type Act struct {
	Number      uint64    `json:"number"` // of the record
	Kind        string    `json:"kind"`
	At          time.Time `json:"at"`
	Scopes      []string  `json:"scopes,omitempty"`
	Restriction bool      `json:"restriction,omitempty"`
	Site        string    `json:"site,omitempty"`
	Source      string    `json:"source,omitempty"`
	By          string    `json:"by,omitempty"`
	Because     string    `json:"because,omitempty"`
	Stands      []string  `json:"stands,omitempty"`
	Until       time.Time `json:"until,omitzero"`
	Says        string    `json:"says"` // in words
}

// Choice is a receipt of the act of choosing.
type Choice struct {
	Number   uint64    `json:"number"`
	At       time.Time `json:"at"`              // when it came
	Chosen   time.Time `json:"chosen,omitzero"` // when, as who sent it says
	Site     string    `json:"site,omitempty"`
	Granted  []string  `json:"granted,omitempty"` // consent categories
	Refused  []string  `json:"refused,omitempty"`
	Text     string    `json:"text,omitempty"` // SHA-256 digest of the text that was shown, hex
	TextKept bool      `json:"text_kept,omitempty"`
	Version  string    `json:"version,omitempty"`
	Platform string    `json:"platform,omitempty"`
	Vouched  bool      `json:"vouched,omitempty"` // the site's server vouches for it
	By       string    `json:"by,omitempty"`      // by this token
	Says     string    `json:"says"`              // in words
}

// Reading is that somebody asked the log about the person.
type Reading struct {
	Number  uint64    `json:"number"`
	At      time.Time `json:"at"`
	By      string    `json:"by"` // a token's name, or "operator"
	Verb    string    `json:"verb"`
	Through string    `json:"through,omitempty"`
	Says    string    `json:"says"` // in words
}

// Erasure is what is not in the log any more.
type Erasure struct {
	Number uint64    `json:"number"`
	At     time.Time `json:"at"`
	Says   string    `json:"says"`
}

// Names are what purposes are called, and which activities carry them, where a policy is at hand.
type Names struct {
	Titles  map[string]string   // by purpose
	Carried map[string][]string // activities, by purpose
	Told    *Told               // what visitors are told; nil: no configuration is at hand
}

// Told is what the configuration in force says of recipients and of whoever is responsible.
type Told struct {
	Responsible []Detail
	Contact     string // of the controller
	Rights      []string
	Complaint   []string
	Recipients  map[string]Recipient // by vendor
	Activities  map[string]Sent
}

// Recipient is who a vendor is.
type Recipient struct{ Legal, Service, Role string }

// Sent is what becomes of the data of an activity: how long the recipient keeps
// them, and where they go. "" is not known.
type Sent struct{ Kept, Transfer string }
