package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is a name for a set of permissions: what a token is made with. The zero Role is none.
type Role string

// The roles.
const (
	Add       Role = "objections-add"
	Read      Role = "objections-read"
	Withdraw  Role = "objections-withdraw"
	Decide    Role = "objections-decide"
	Receipts  Role = "receipts-add"
	Checker   Role = "proofs"    // a program that checks the log, and learns nothing of what it says
	Analyst   Role = "analyst"   // who counts
	Developer Role = "developer" // who builds the site
	Privacy   Role = "privacy"   // who answers for people's rights
	Security  Role = "security"  // who reviews what was done
	Operator  Role = "operator"  // who keeps it running
	Admin     Role = "admin"     // who may do everything that a token can
)

// grants are the roles, with what each may do. Nobody deletes records, and approving is a key's.
var grants = []struct {
	role Role
	may  []Permission
}{
	{Add, []Permission{AddObjections}},
	{Read, []Permission{ReadObjections, ReadCounts}},
	{Withdraw, []Permission{WithdrawObjections}},
	{Decide, []Permission{DecideObjections}},
	{Receipts, []Permission{AddReceipts}},
	{Checker, []Permission{Proofs, ReadQueue}},
	{Analyst, []Permission{ReadCounts}},
	{Developer, []Permission{ReadCounts, Tap}},
	{Privacy, []Permission{
		ReadCounts, AddObjections, ReadObjections, WithdrawObjections, DecideObjections, ReadSubjects, ReadRetention,
	}},
	{Security, []Permission{Proofs, Search, ReadSubjects, Export, Audit, ReadRetention, ReadQueue, ReadCluster}},
	{Operator, []Permission{ReadQueue, ChangeQueue, ReadCluster, ManageTokens}},
	{Admin, Permissions()},
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

// Known tells whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// May tells whether the role may do something. One that is not known may nothing.
func (r Role) May(p Permission) bool { return slices.Contains(r.Permissions(), p) }

// Permissions are what the role may do.
func (r Role) Permissions() []Permission {
	for _, g := range grants {
		if g.role == r {
			return g.may
		}
	}
	return nil
}

// Beyond is the first of some roles by which one may do something that those of a token do not allow; "": none is.
func (t *Token) Beyond(roles []Role) Role {
	for _, role := range roles {
		if slices.ContainsFunc(role.Permissions(), func(p Permission) bool { return !t.May(p) }) {
			return role
		}
	}
	return ""
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
