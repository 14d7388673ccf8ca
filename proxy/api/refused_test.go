package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/access"
)

// TestRefusedCallsAreTold: which permission a right token lacked, and whose it is; of wrong ones, that alone.
func TestRefusedCallsAreTold(t *testing.T) {
	a, _ := withReviewed(t)
	var refused []Refused
	a.options.Refused = func(of Refused) { refused = append(refused, of) }
	face := New(a.options)
	counter, err := a.tokens.Create(access.By{}, "counter", []access.Role{access.Analyst, access.Operator}, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	bearer := "Authorization: Bearer " + counter
	a.call(face, "GET", Base+"/ledger/records", "", bearer)
	a.call(face, "GET", "/checkpoint", "", bearer)
	a.call(face, "GET", Base+"/objections/stats", "", bearer)
	a.call(face, "GET", Base+"/objections/stats", "", "Authorization: Bearer tw_wrong")
	if w := a.call(face, "POST", Base+"/tokens", `{"name":"two","roles":["admin"]}`, bearer); isProblem(
		t, w).Status != 403 ||
		!strings.Contains(w.Body.String(), "the role admin") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := a.call(face, "POST", Base+"/tokens", `{"name":"two","roles":["analyst"]}`, bearer); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	want := []Refused{
		{Forbidden, access.Search, "counter"}, {Forbidden, access.Proofs, "counter"}, {Why: WrongToken},
		{Forbidden, access.ManageTokens, "counter"},
	}
	if fmt.Sprint(refused) != fmt.Sprint(want) {
		t.Errorf("%v", refused)
	}
	if w := a.call(face, "GET", Base+"/ledger/records", "", bearer); !strings.Contains(w.Body.String(),
		"lacks the permission search: a token with one of these roles has it: security, admin") {
		t.Errorf("%s", w.Body)
	}
}
