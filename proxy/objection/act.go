package objection

import (
	"context"
	"fmt"
)

// ID is an identifier as somebody gave it. Its name is what rules.Policy.Identities reads: "email", "client_id:ga4",
// "email_sha256". It is never stored as it is.
type ID struct {
	Name  string
	Value string
}

// Act is a change that still names its identifiers.
type Act struct {
	IDs    []ID
	Change Change // Subjects: those that are known as hashes alone, from a signed link; further ones are made of IDs
}

// Acts are what is asked for in one step.
type Acts struct {
	Acts     []Act
	Key      string   // see Batch
	Digest   [32]byte // see Batch
	Progress *Progress
}

// Objector takes acts: it makes subjects of identifiers, checks scopes against the policy in force, adds the messages
// that other systems are told, and hands everything to the store.
type Objector interface {
	// Act returns when everything is on disk, on the ledger and in force. An identifier or a scope that
	// is none is a *Fault; nothing was done.
	Act(ctx context.Context, acts Acts) ([]Receipt, error)
	// Standing names the scopes that are in force for a person, sorted.
	Standing(ids []ID, subjects []Subject) ([]string, error)
	// Decided lists the decisions that stand for a person.
	Decided(ids []ID, subjects []Subject) ([]Decision, error)
	// Held says by whose acts that stands.
	Held(ids []ID, subjects []Subject) ([]Held, error)
}

// Fault says what is wrong with an act. It holds nothing of an identifier's value.
type Fault struct {
	Act  int    // its place
	What string // "ids.email", "object", "site" ...
	Err  error
}

// Error says what is wrong, and where.
func (f *Fault) Error() string { return fmt.Sprintf("%s: %v", f.What, f.Err) }

// Unwrap returns why.
func (f *Fault) Unwrap() error { return f.Err }
