package access

import "slices"

// Permission is one thing that may be done. The zero Permission is none.
type Permission string

// The permissions.
const (
	AddObjections      Permission = "objections-add"
	ReadObjections     Permission = "objections-read"
	WithdrawObjections Permission = "objections-withdraw"
	DecideObjections   Permission = "objections-decide"
	AddReceipts        Permission = "receipts-add" // vouch for what visitors chose
	ReadCounts         Permission = "counts"       // how many object, to what, from where
	Proofs             Permission = "proofs"       // what the log can be checked with: checkpoint, tiles, key
	Search             Permission = "search"       // records of the log, with proofs, and why each says what it says
	ReadSubjects       Permission = "subjects"     // what the log says of one person
	Export             Permission = "export"       // take records of the log away, in larger pages
	Audit              Permission = "audit"        // have the log held against the policy
	ReadRetention      Permission = "retention"    // what is kept, since when, and what for too long
	ReadQueue          Permission = "queue"        // how many events wait, and are parked, for which vendor
	ChangeQueue        Permission = "queue-change" // see events that wait, have them sent again, or deleted
	// watch hits as they come: decisions and fields, and of one's own browser the values
	Tap         Permission = "tap"
	ReadCluster Permission = "cluster" // how the nodes of a cluster stand
	// list tokens, revoke them, and make some that may no more than one's own
	ManageTokens Permission = "tokens"
)

// Permissions lists them.
func Permissions() []Permission {
	return []Permission{
		AddObjections, ReadObjections, WithdrawObjections, DecideObjections, AddReceipts, ReadCounts, Proofs,
		Search, ReadSubjects, Export,
		Audit, ReadRetention, ReadQueue, ChangeQueue, Tap, ReadCluster, ManageTokens,
	}
}

// Known tells whether there is such a permission.
func (p Permission) Known() bool { return slices.Contains(Permissions(), p) }
