package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestIDsOnEveryBasis: an identifier of any class that is a phone number leaves on consent alone; an
// id that is one leaves on every basis.
func TestIDsOnEveryBasis(t *testing.T) {
	t.Parallel()
	var ids []hit.Class
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		if _, err := minimise.Compile(minimise.Spec{Kind: minimise.Pseudonymise}, class); err == nil && class != hit.Custom &&
			class != hit.Email && class != hit.Phone {
			ids = append(ids, class)
		}
	}
	if len(ids) < 10 {
		t.Fatalf("%d classes of ids", len(ids))
	}
	d := draftOfClasses(t)
	d.Profiles[0].Classes = everything()
	d.Assessments = register(t)
	own := func(a *rules.DraftActivity) { a.Vendor = "own" }
	const phone, id = "+49 151 23456789", "cust-48213"
	for b := basis.Consent; b <= basis.OptOut; b++ {
		d.Activities = []rules.DraftActivity{rung("a", b, own, func(a *rules.DraftActivity) {
			a.Reference, a.Regions = "§ 1", map[bool][]string{true: {"US"}}[b == basis.OptOut]
			if b == basis.LegitimateInterest {
				assessed("LIA-1")(a)
			}
		})}
		p, err := rules.Compile(d)
		if err != nil {
			t.Fatalf("%v: %v", b, err)
		}
		where := map[bool]string{true: "CF-IPCountry: US\n"}[b == basis.OptOut]
		for _, class := range ids {
			for _, value := range []string{phone, id} {
				text := fmt.Sprintf("POST /x HTTP/1.1\nContent-Type: application/json\n%s\n{\"e\":\"a\",\"v_%v\":%q}",
					where, class, value)
				x := explain(t, p, request(t, text, "own", yes))
				if x.Forward == nil {
					t.Fatalf("%v: nothing is forwarded: %s", b, x.Reason)
				}
				if leaves, want := strings.Contains(x.Forward.Body, value), b == basis.Consent || value == id; leaves != want {
					t.Errorf("%v, %v: %q leaves is %v: %s", b, class, value, leaves, x.Forward.Body)
				}
			}
		}
	}
}
