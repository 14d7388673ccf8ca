// Package api is what staff and other systems meet: the API of objections, what the forwarding log is checked with, and
// the tokens that open both. It promises
// that no identifier ever stands in an address, an error or, but for the few letters by which who gave it knows it
// again, an answer, that nothing is answered before it is in force, and that a call is carried out whole or not at all.
package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Options are what the API needs. Of what is nil or zero, the calls that need it say that they are not there.
type Options struct {
	Objector objection.Objector
	Store    Store
	Tokens   *access.Tokens
	Operator bool // who calls is the operator: no token is asked for, and what is the operator's alone is offered
	Now      func() time.Time

	// Scopes lists what may be objected to: "all", purposes, "vendor:ID". Nil: only the objector looks.
	Scopes func() []string
	// PhoneCountry is whose phone numbers are meant where one does not say, in acts of a site or, "", of none:
	// ISO 3166-1, "" where nobody knows. Nil: nobody does.
	PhoneCountry func(site string) string
	// Check says what is wrong with an act's identifiers, as a *objection.Fault. Nil: Objector.Standing is asked.
	Check func(objection.Act) error
	// Link makes the address of a signed unsubscribe link.
	Link func(ids []objection.ID, scopes []string, site string) (string, error)
	// FeedKey is what the hashes of the suppression feed are made with.
	FeedKey func() [32]byte
	// Assessments is how the assessments stand at a time, as JSON has it: whoever may ask the
	// listener may ask that. Nil: nobody may.
	Assessments func(now time.Time) any
	// Hashes are the subjects that a person is, as objections and the log know them, by
	// identifiers. Nil: there are no keys here.
	Hashes func(ids []objection.ID) ([]objection.Subject, error)
	// Vouch takes choices that a site's server vouches for. Nil: none are taken here.
	Vouch Voucher
	// Log is the forwarding log, for those who check it. Nil: there is none here.
	Log Log
	// Witnessed is its newest checkpoint that enough witnesses signed, with their signatures; nil: none is. Nil: nobody
	// is asked.
	Witnessed func() []byte
	// Queue is the events that wait for their vendors. Nil: none do here.
	Queue Queue
	// Cluster tells how the nodes of the cluster stand. Nil: the server is alone.
	Cluster Cluster
	// Restore begins the cluster's logs anew that are gone, from this node, or says
	// whether it would. Nil: the server is alone.
	Restore func(ctx context.Context, begin bool) (ClusterRestored, error)
	// Backup copies the data folder. Nil: there is none here.
	Backup func(context.Context, BackupAsk) (BackupMade, error)
	// Records are those of the forwarding log. Nil: they are not read here.
	Records Records
	// Subjects says what the log has of one person. Nil: nobody is asked.
	Subjects Subjects
	// Why judges again what a record says, and returns it as JSON has it. Nil: nobody does.
	Why func(ctx context.Context, number uint64) (any, error)
	// Audits holds the log against the policy. Nil: nobody does.
	Audits Audits
	// Eraser has records go, and says for how long they are kept. Nil: there is no log here.
	Eraser Eraser
	// Readings has it recorded that the log is read. Nil: it is not shown.
	Readings Readings
	// Taps lets callers watch hits as they come. Nil: none come.
	Taps Taps
	// Alone: the operator has the data folder to itself, and no server runs.
	Alone bool
	// Refused is told of each call that is not let in. Nil: nobody is told.
	Refused func(Refused)
	// Report is told what went wrong and nobody can be answered with: that a token's day of use
	// could not be kept. It holds no secret.
	Report func(what string, err error)
}

// Store is what the API asks of the objections' store.
type Store interface {
	// Changes yields the changes after a number, in order, until yield returns false.
	Changes(ctx context.Context, since uint64, yield func(objection.Recorded) bool) error
	// Decisions lists the decisions that stand.
	Decisions() []objection.Decision
	// Stats counts.
	Stats() (objection.Stats, error)
	// Head names the state of the change log.
	Head() objection.Head
	// Progress is the last line of a file that an import has kept.
	Progress(file string) (line uint64, err error)
	// Backup writes a consistent copy while the store serves, and returns its length in bytes.
	Backup(w io.Writer) (int64, error)
}

// The bounds of a call.
const (
	mostActs    = 1000     // objections or withdrawals of a token's call
	mostImport  = 100_000  // of an operator's
	mostBody    = 4 << 20  // bytes of a token's call
	mostFile    = 64 << 20 // of an operator's
	mostEntries = 10_000   // entries of a page of the feed
	mostCalls   = 64       // calls that change something at once
)

// handler answers calls.
type handler struct {
	opts  Options
	calls map[string]map[string]call // by path and method; without those that are not the caller's
	slots chan struct{}              // a place for each call that is changing something
	wrong *access.Attempts

	readers chan struct{} // a place for each call that reads records

	proofs proofs
}

// New makes the handler of everything below /api/v1, and of what [OfLog] names.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	if o.Refused == nil {
		o.Refused = func(Refused) {}
	}
	if o.Tokens == nil {
		o.Tokens = &access.Tokens{}
	}
	return &handler{
		opts: o, calls: routes(o.Operator), slots: make(chan struct{}, mostCalls), wrong: access.NewAttempts(),
		readers: make(chan struct{}, mostSearches),
		proofs:  proofs{o.Log, o.Witnessed, o.Report},
	}
}
