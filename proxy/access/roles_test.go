package access

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRoles: what each role may do, and nothing else.
func TestRoles(t *testing.T) {
	want := map[Role][]Permission{
		Add: {AddObjections}, Read: {ReadObjections, ReadCounts}, Withdraw: {WithdrawObjections},
		Decide: {DecideObjections}, Receipts: {AddReceipts}, Checker: {Proofs, ReadQueue}, Analyst: {ReadCounts},
		Developer: {ReadCounts, Tap},
		Privacy: {
			AddObjections, ReadObjections, WithdrawObjections, DecideObjections, ReadCounts, ReadSubjects, ReadRetention,
		},
		Security: {Proofs, Search, ReadSubjects, Export, Audit, ReadRetention, ReadQueue, ReadCluster},
		Operator: {ReadQueue, ChangeQueue, ReadCluster, ManageTokens},
		Admin: {
			AddObjections, ReadObjections, WithdrawObjections, DecideObjections, AddReceipts, ReadCounts,
			Proofs, Search, ReadSubjects,
			Export, Audit, ReadRetention, ReadQueue, ChangeQueue, Tap, ReadCluster,
			ManageTokens,
		},
	}
	if len(Roles()) != len(want) {
		t.Errorf("%v", Roles())
	}
	for _, role := range append(Roles(), "", "root", Role(ChangeQueue)) {
		for _, p := range append(Permissions(), "", "anybody", "root") {
			token := Token{Roles: []Role{role}}
			if may := slices.Contains(want[role], p); token.May(p) != may || may && !p.Known() {
				t.Errorf("%q may %q: %v", role, p, !may)
			}
		}
	}
	for _, p := range Permissions() {
		if RolesWith(p) == string(Admin) {
			t.Errorf("no role but that for everything may %q: whose is it?", p)
		}
	}
	if got := RolesWith(Proofs); got != "proofs, security, admin" {
		t.Errorf("%q may see proofs", got)
	}
}

// TestNobodyHandsOutMore: whoever makes tokens gives no permission away that is not his own.
func TestNobodyHandsOutMore(t *testing.T) {
	for _, test := range []struct {
		of     []Role
		roles  []Role
		beyond Role
	}{
		{[]Role{Admin}, Roles(), ""},
		{[]Role{Operator}, []Role{Operator}, ""},
		{[]Role{Operator}, []Role{Operator, Analyst}, Analyst},
		{[]Role{Operator}, []Role{Admin}, Admin},
		{[]Role{Operator, Security}, []Role{Checker, Security}, ""},
		{[]Role{Read, Add, Withdraw, Decide}, []Role{Analyst, Privacy}, Privacy},
		{nil, []Role{Add}, Add},
	} {
		token := Token{Roles: test.of}
		if got := token.Beyond(test.roles); got != test.beyond {
			t.Errorf("%v gives %v: beyond it is %q, not %q", test.of, test.roles, got, test.beyond)
		}
	}
}

// TestTokensOfTheVersionBefore: they open what they were made for, and nothing that came since; what is written of them
// is read again as the same.
func TestTokensOfTheVersionBefore(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/tokens-1.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, TokensFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string][]Permission{
		"tw_auditor": {Proofs, ReadQueue}, "tw_crm": {AddObjections, WithdrawObjections},
		"tw_dpo": {ReadObjections, ReadCounts, DecideObjections},
	}
	for range 2 {
		tokens, err := OpenTokens(dir)
		if err != nil {
			t.Fatal(err)
		}
		for bearer, may := range want {
			token, err := tokens.Use(bearer, noon)
			if err != nil || token.Unsaved != nil {
				t.Fatalf("%s: %v, %v", bearer, err, token.Unsaved)
			}
			for _, p := range Permissions() {
				if token.May(p) != slices.Contains(may, p) {
					t.Errorf("%s may %s: %v", bearer, p, token.May(p))
				}
			}
		}
		if text, err = os.ReadFile(tokens.path); err != nil || !strings.Contains(string(text), `"version": 2`) {
			t.Errorf("%v: %s", err, text)
		}
	}
	for _, role := range []string{"proofs", "admin", "analyst", "root"} {
		_, err := parseTokens(fmt.Appendf(nil, `{"version":1,"tokens":[{"name":"a","roles":[%q],"sha256":%q}]}`, role,
			strings.Repeat("ab", 32)))
		if err == nil {
			t.Errorf("a file of version 1 has the role %s", role)
		}
	}
}
