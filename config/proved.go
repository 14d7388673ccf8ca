package config

import (
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// Proved is what the promises of a policy come to. Its JSON is fixed: members may be added, none taken away.
type Proved struct {
	Policy   string          `json:"policy"`
	State    promise.State   `json:"state"` // broken where one is
	Promises []ProvedPromise `json:"promises"`

	Approval  *PromisesApproval `json:"approval,omitempty"`
	Unguarded []string          `json:"not_as_signed,omitempty"` // in what they are not what was signed
}

// PromisesApproval is who signed the promises, and when.
type PromisesApproval struct {
	Version int    `json:"version"`
	By      string `json:"by"` // the approver's key: name+hash
	At      string `json:"at"` // RFC 3339
	Stands  bool   `json:"stands"`
}

// ProvedPromise is what one promise comes to.
type ProvedPromise struct {
	ID      string        `json:"id"`
	Says    string        `json:"says"` // in English, or as it was written
	State   promise.State `json:"state"`
	Place   string        `json:"place"`
	Publish bool          `json:"publish"`          // visitors are told
	Signed  bool          `json:"signed"`           // it is as an approver signed it
	Breaks  string        `json:"breaks,omitempty"` // the way in which it is broken, in words
	Way     *ProvedWay    `json:"way,omitempty"`    // the same in parts
	Others  []string      `json:"others,omitempty"` // the other activities that break it
	Assumed []Assumed     `json:"assumed"`
}

// ProvedWay is a way in which a promise is broken.
type ProvedWay struct {
	Activity string `json:"activity"`
	Vendor   string `json:"vendor"`
	Endpoint string `json:"endpoint"`
	Event    string `json:"event"` // one that ends in an ellipsis stands for all that begin so
	Site     string `json:"site"`
	Region   string `json:"region"` // "" where nobody knows it
	Field    string `json:"field"`
	Class    string `json:"class"`
	Action   string `json:"action"`
	Line     string `json:"line"` // of the profile; "" where it is kept without being listed
}

// Assumed is what a proof rests on.
type Assumed struct {
	Kind string `json:"kind"`
	Says string `json:"says"`
}

// ProvedOf gathers what the proofs of the promises came to.
func ProvedOf(l *Loaded) Proved {
	all := Proved{Policy: l.Policy.Digest(), State: promise.Kept, Promises: []ProvedPromise{}}
	if of := &l.Approval; of.Version > 0 {
		all.Approval = &PromisesApproval{of.Version, of.By, of.At.UTC().Format(time.RFC3339), len(l.Unguarded) == 0}
	}
	for _, fault := range l.Unguarded {
		all.Unguarded = append(all.Unguarded, fault.Error())
	}
	places := l.Places()
	signed := meaningOfEach(places.promises, l.Promises)
	for i := range l.Proofs {
		proof, of := &l.Proofs[i], &l.Promises[i]
		p := ProvedPromise{
			ID: of.ID, Says: of.inEnglish(), State: proof.State, Others: proof.Others,
			Place: place(places.promises, strict.Path("promises", i)), Assumed: []Assumed{},
			Publish: of.Publish, Signed: signed[of.ID] != basis.Digest{} && signed[of.ID] == l.Approval.Promises[of.ID],
		}
		for _, assumed := range proof.Assumed {
			p.Assumed = append(p.Assumed, Assumed(assumed))
		}
		if c := proof.Counter; c != nil {
			all.State = promise.Broken
			p.Breaks = Breaks(l, proof, places)
			p.Way = &ProvedWay{
				Activity: c.Activity.ID, Vendor: c.Activity.Recipient.ID, Endpoint: c.Endpoint, Event: c.Event, Site: c.Site,
				Region: c.Region, Field: c.Field, Class: c.Class, Action: c.Does(), Line: lineOf(c.Line, places.profiles),
			}
		}
		all.Promises = append(all.Promises, p)
	}
	return all
}
