// Package alarm says what somebody has to look at, before visitors or an authority notice: hits that stay away, a
// consent that collapsed or that nobody ever refuses, a vendor that refuses, a review that is due. It is pure: counts
// and a time go in, alarms come out. It promises that an alarm is told once when it begins and once when it ends, that
// few hits ring none, and that it holds names of the configuration and numbers alone, nothing of a hit.
package alarm

import "time"

// Name says what an alarm is about. Keys of the server file (alarms), figures, messages and the documentation use it.
type Name string

// The alarms. What their subjects are stands behind each.
const (
	Silent          Name = "silent"           // "shop", or "shop ga4": a site, or one vendor's events on it
	ConsentCollapse Name = "consent_collapse" // a site
	AlwaysGranted   Name = "always_granted"   // a site
	UnknownFields   Name = "unknown_fields"   // a vendor
	Uncovered       Name = "uncovered"        // a site; "": hosts of no site
	VendorRefuses   Name = "vendor_refuses"   // a vendor
	ObjectionsLag   Name = "objections_lag"   // "": this node
	ReviewDue       Name = "review_due"       // an assessment
	Disk            Name = "disk"             // "": the data folder's
	Certificate     Name = "certificate"      // "hits", "nats NAME", "webhook NAME"
)

// Names lists the alarms in the order in which they are documented.
func Names() []Name {
	return []Name{Silent, ConsentCollapse, AlwaysGranted, UnknownFields, Uncovered, VendorRefuses,
		ObjectionsLag, ReviewDue, Disk,
		Certificate}
}

// Rule says when an alarm begins. What of it an alarm does not use says its documentation.
type Rule struct {
	Off    bool
	Within time.Duration // what is counted together, up to now; a day at most
	Least  int           // of fewer hits, requests or fields within that nothing is said
	Share  float64       // from 0 up to 1
	Limit  float64       // seconds, days or bytes
}

// Rules say when alarms begin, each by its name. One without a rule is off.
type Rules map[Name]Rule

// Alarm is one that rings, or did.
type Alarm struct {
	Name    Name      `json:"alarm"`
	Subject string    `json:"subject"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"` // zero: it rings
	Seen    Seen      `json:"seen"`
}

// Seen is what was seen when the alarm began, or when it ended.
type Seen struct {
	Of     uint64  `json:"of"`               // so many of all that were counted
	All    uint64  `json:"all"`              // hits, requests or fields
	Share  float64 `json:"share"`            // of
	Before float64 `json:"before,omitempty"` // the share or the number that went before
	Value  float64 `json:"value,omitempty"`  // seconds, days or bytes
	Gone   bool    `json:"gone,omitempty"`   // it is not watched any more: its subject is gone, or its rule is off
}

// Rings tells whether it does.
func (a *Alarm) Rings() bool { return a.Until.IsZero() }

// id tells alarms apart.
type id struct {
	name    Name
	subject string
}
