package access

import (
	"slices"
	"testing"
)

// TestRoles: what each role may do, and nothing else.
func TestRoles(t *testing.T) {
	want := map[Role][]Permission{
		Add: {AddObjections}, Read: {ReadObjections}, Withdraw: {WithdrawObjections}, Decide: {DecideObjections},
		Receipts: {AddReceipts}, Security: {Proofs, ReadQueue},
	}
	if len(Roles()) != len(want) {
		t.Errorf("%v", Roles())
	}
	for _, role := range append(Roles(), "", "admin", Role(Proofs)) {
		for _, p := range []Permission{
			"", AddObjections, ReadObjections, WithdrawObjections, DecideObjections, AddReceipts, Proofs, ReadQueue, "security",
		} {
			token := Token{Roles: []Role{role}}
			if may := slices.Contains(want[role], p); token.May(p) != may {
				t.Errorf("%q may %q: %v", role, p, !may)
			}
		}
	}
	if got := RolesWith(Proofs); got != "security" {
		t.Errorf("%q may see proofs", got)
	}
}
