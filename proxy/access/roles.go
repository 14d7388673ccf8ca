package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is what a token may be used for.
type Role string

// The roles.
const (
	Add      Role = "objections-add"
	Read     Role = "objections-read"
	Withdraw Role = "objections-withdraw"
	Decide   Role = "objections-decide"
)

// Roles lists the roles.
func Roles() []Role { return []Role{Add, Read, Withdraw, Decide} }

// RoleNames lists the roles in words.
func RoleNames() string {
	var names []string
	for _, role := range Roles() {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// Known tells whether there is such a role. The zero Role is none.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

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
