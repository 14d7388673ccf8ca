package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Permission is one thing that may be done.
type Permission string

// The permissions.
const (
	AddObjections      Permission = "objections-add"
	ReadObjections     Permission = "objections-read"
	WithdrawObjections Permission = "objections-withdraw"
	DecideObjections   Permission = "objections-decide"
	AddReceipts        Permission = "receipts-add" // vouch for what visitors chose
	Proofs             Permission = "proofs"       // read what the log can be checked with: checkpoint, tiles, key
	ReadQueue          Permission = "queue"        // read how many events wait, and are parked, for which vendor
)

// Role is a name for a set of permissions: what a token is made with.
type Role string

// The roles.
const (
	Add      Role = "objections-add"
	Read     Role = "objections-read"
	Withdraw Role = "objections-withdraw"
	Decide   Role = "objections-decide"
	Receipts Role = "receipts-add"
	Security Role = "security" // who checks the log, and looks after what waits
)

// grants are the roles, with what each may do.
var grants = []struct {
	role Role
	may  []Permission
}{
	{Add, []Permission{AddObjections}},
	{Read, []Permission{ReadObjections}},
	{Withdraw, []Permission{WithdrawObjections}},
	{Decide, []Permission{DecideObjections}},
	{Receipts, []Permission{AddReceipts}},
	{Security, []Permission{Proofs, ReadQueue}},
}

// Roles lists the roles.
func Roles() (all []Role) {
	for _, g := range grants {
		all = append(all, g.role)
	}
	return all
}

// RoleNames lists the roles in words.
func RoleNames() string { return words(Roles()) }

// RolesWith lists the roles that may do something, in words.
func RolesWith(p Permission) string {
	return words(slices.DeleteFunc(Roles(), func(r Role) bool { return !r.May(p) }))
}

func words(roles []Role) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// Known tells whether there is such a role. The zero Role is none.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// May tells whether the role may do something. One that is not known may nothing.
func (r Role) May(p Permission) bool {
	for _, g := range grants {
		if g.role == r {
			return slices.Contains(g.may, p)
		}
	}
	return false
}

// rolesFault says what is wrong with the roles of a token.
func rolesFault(roles []Role) error {
	if len(roles) == 0 {
		return errors.New("a token needs a role")
	}
	for i, role := range roles {
		if !role.Known() {
			return fmt.Errorf("a role is none: %s are", RoleNames())
		}
		if slices.Contains(roles[:i], role) {
			return errors.New("a role stands twice")
		}
	}
	return nil
}
