// Package objection keeps who objected to what: durably on disk, and ready to be asked for every identifier of every
// event. It promises that a change is on disk and in force when Apply returns, that it is kept whole or not at all,
// that a look-up never waits for a writer, and that no identifier is stored: only keyed hashes are.
package objection

import (
	"errors"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Subject is an identifier as it may be kept: three keyed hashes that share nothing, and in which namespace it is one.
type Subject struct {
	Space  string   // "email_sha256", "user_id", "client_id:ga4"; see rules.Identity
	Form   uint8    // number of its normal form; 0 where nobody said: the first one
	Hash   [16]byte // what objections are found by
	Ledger [16]byte // under the key of the ledger's subjects
	Feed   [16]byte // under the key that suppression feeds are matched with
}

// NewestForm is the number of the normal form that hashes are made of now. A subject that is said to be of an older one
// is known from before: what stands for it is taken back, and nothing is objected to for it any more.
const NewestForm = pseudonym.NewestForm

// known tells whether a subject is only known from before.
func (s *Subject) known() bool { return s.Form > 0 && s.Form < NewestForm }

// All is the scope of an objection to everything. The other scopes are ids of purposes, and
// "vendor:" with the id of a recipient.
const All = "all"

// KeptOptOut is the scope of an opt-out that is kept (see [Store.Keep]), which is no objection: it can be taken back by
// that name, and stands among what is in force.
const KeptOptOut = rules.KeptOptOutScope

// RestrictionOf stands in front of a scope's name where a restriction (Art. 18) is meant: in what
// is in force, and in what is taken back.
const RestrictionOf = restriction

// Sources that changes come from. An API's caller and an import may name their own (at most
// 32 characters of a-z, 0-9, "-", "_").
const (
	PreferenceCentre = "preference_centre"
	FrontEnd         = "front_end" // POST /privacy/objections
	Link             = "link"      // a signed unsubscribe link
	API              = "api"
	Import           = "import"
	Command          = "command"
)

// Sources lists the sources that have a name of their own.
func Sources() []string { return []string{PreferenceCentre, FrontEnd, Link, API, Import, Command} }

// Change is one act of one person, or of somebody who may act for them: scopes that are objected to, scopes that are
// taken back, or both at once. It is kept whole or not at all.
type Change struct {
	Subjects    []Subject // every form of every identifier that was given
	Object      []string  // scopes
	TakeBack    []string  // scopes, before Object; "restriction:ID" is a restriction; "all" all of both
	Restriction bool      // what is in Object is a restriction (Art. 18), not an objection (Art. 21)
	Complaint   bool      // it came with a complaint
	Source      string
	Site        string    // id of a site, where it is known
	Channel     string    // of the CRM: "mail", "phone"; closed by the same rule as Source
	Campaign    string    // of the landing page; never anything of a subject
	By          string    // name of the token, or "operator"; "" for the subject
	Because     string    // why somebody else than the subject took it back
	Holder      Holder    // whose act it is
	EveryAct    bool      // a role takes back what others hold too, and says because of what
	Decide      *Decision // it decides on what stands for the subjects, and changes none of that; By is who told us
	EndDecision uint64    // it ends the decision of that number; Subjects are those of the decision
	Choice      *Choice   // it is a choice, and does nothing else
	Lead        [16]byte  // of SeenWith: Ledger of the subject that is followed
	Time        time.Time // when the person said so; zero: now. Never later than now
	Outbox      []Message // messages that are kept, in the same step, until they were sent

	dated bool // the caller said when; else Time is of the server's clock, and no earlier than what was taken before
}

// decides tells whether a change is about a decision, and so changes nothing of what stands.
func (c *Change) decides() bool { return c.Decide != nil || c.EndDecision != 0 }

// apart tells whether a change is about something else than objections: a decision or a choice.
func (c *Change) apart() bool { return c.decides() || c.Choice != nil }

// Stands tells whether a change leaves what stands as it is; scopes are those in force.
func (c *Change) Stands(scopes []string) bool {
	for _, scope := range c.TakeBack {
		if slices.Contains(scopes, scope) || scope == All && len(scopes) > 0 {
			return false
		}
	}
	for _, scope := range c.Object {
		if c.Restriction {
			scope = restriction + scope
		}
		if !slices.Contains(scopes, scope) {
			return false
		}
	}
	return true
}

// Message is something to be told another system. The store keeps it until Ack, and does not look inside.
type Message struct {
	To   string // name of the receiver
	Ends bool   // it tells that something ended: it is dropped where other acts keep all of it in force
	Body []byte // of a change: what Options.Tell makes the message of
}

// Batch is what is done in one step: all of its changes or none.
type Batch struct {
	Changes []Change
	// idempotency key, with whose it is; "": none. A batch with the same key and Digest is not done again in 24 hours
	Key      string
	Digest   [32]byte // of what was asked for under Key
	Progress *Progress
	Tallies  []Tally // are counted besides
}

// Progress says how far an import has come. It is kept in the same step.
type Progress struct {
	File string // digest of what is imported
	Line uint64 // the last line that is in
}

// Receipt is what became of a change.
type Receipt struct {
	Seq      uint64    // number of the change in the change log; that of the last one where nothing was new
	Recorded time.Time // when it came into force
	New      bool      // it changed something, or was a complaint
	InForce  []string  // scopes in force now for these subjects, sorted; restrictions included
	Own      bool      // an act of the change's holder stands for one of them
	Held     []Held    // where something was taken back: by whose acts InForce stands
	// the other stores of an order do not know it yet: what is objected to is in force here, and it has no number
	Untold bool
}

// Head names a state of the change log: how many changes it holds, and the root of the Merkle
// tree over them (RFC 6962, section 2.1).
type Head struct {
	Size uint64
	Root [32]byte
}

// Why a store does not do what it is asked for.
var (
	// ErrPoisoned: an fsync or a write failed. What was acknowledged before holds; nothing is
	// acknowledged any more until a restart.
	ErrPoisoned = errors.New(
		"the objections' store is poisoned: an earlier write failed, so that nothing can be promised any more")
	// ErrFull: there is too little room on the disk. Nothing was done; what changes nothing is still acknowledged.
	ErrFull = errors.New("there is too little room on the disk for objections to be kept")
	// ErrClosed: the store is closed.
	ErrClosed = errors.New("the objections' store is closed")
	// ErrGone: the file was removed, or replaced, while it was open. Nothing is acknowledged until
	// the same file is back, or a restart.
	ErrGone = errors.New("the objections' file is not in its place: put the very same file back, or restart")
	// ErrLocked: another process has the file open.
	ErrLocked = errors.New("the objections' store is open in another process")
	// ErrDamaged: what is on disk is not what was written.
	ErrDamaged = errors.New("the objections' store is damaged")
	// ErrOlder: the ledger remembers changes that the store does not have.
	ErrOlder = errors.New("the objections' store is an older copy than the ledger remembers")
	// ErrForeign: the hashes in it were made with other keys.
	ErrForeign = errors.New("the objections' store was made with other keys: none of its objections would be found")
	// ErrReused: an idempotency key was used before, for something else.
	ErrReused = errors.New("the idempotency key was used before, for another request")
)
