package visitor

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

var fuzzKey = pseudonym.Key{4, 5, 6}

// FuzzVerify: a token that is taken is one that Sign makes, byte for byte; one that is not
// signed is never taken, whatever is in it.
func FuzzVerify(f *testing.F) {
	for _, c := range []Claim{
		{Kind: Unsubscribe, Scopes: []string{"ads"}, Subjects: []objection.Subject{{Space: "email"}}},
		{Kind: Manage, Site: "shop", Campaign: "x", Expires: time.Unix(1_800_000_000, 0),
			Subjects: []objection.Subject{{Space: "email"}, {Space: "client_id:ga4", Hash: [16]byte{1}}}},
		{Kind: Manage, Subjects: []objection.Subject{{Space: "email", Form: 2}, {Space: "client_id:ga4", Hash: [16]byte{1}}}},
	} {
		token, err := Sign(&fuzzKey, c)
		if err != nil {
			f.Fatal(err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)-tokenMAC])
	}
	f.Add([]byte{})
	f.Add([]byte{1, 1, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := Verify(&fuzzKey, base64.RawURLEncoding.EncodeToString(raw)); err == nil {
			if again, err := Sign(&fuzzKey, c); err != nil || again != base64.RawURLEncoding.EncodeToString(raw) {
				t.Fatalf("%x is signed again as %s, %v", raw, again, err)
			}
		}
		mac := tokenSum(&fuzzKey, raw)
		signed := base64.RawURLEncoding.EncodeToString(append(append([]byte{}, raw...), mac[:]...))
		if c, err := Verify(&fuzzKey, signed); err == nil {
			if again, err := Sign(&fuzzKey, c); err != nil || again != signed {
				t.Fatalf("%x is signed again as %s, %v", raw, again, err)
			}
		}
	})
}

// TestParseProofs: what is no proof is left out, and the cookie says nothing of the order.
func TestParseProofs(t *testing.T) {
	before, a, b := proof{mac: [macSize]byte{1}}, proof{[actSize]byte{1}, [macSize]byte{1}},
		proof{[actSize]byte{2}, [macSize]byte{1}}
	if formatProofs([]proof{a, b, a}) != formatProofs([]proof{b, a}) || len(formatProofs([]proof{a, b, before})) != 88 ||
		formatProofs(nil) != "" {
		t.Error(formatProofs([]proof{a, b, a}))
	}
	if all := parseProofs("x." + formatProofs([]proof{a, b, before}) + "..AAAA." + strings.Repeat("A", 32)); !slices.Equal(
		all, []proof{before, a, b}) {
		t.Error(all)
	}
	var most []proof
	for i := range byte(2*maxIdentifiers + 5) {
		most = append(most, proof{[actSize]byte{1}, [macSize]byte{i}})
		if i%2 == 0 {
			most[i].act = [actSize]byte{}
		}
	}
	if value := formatProofs(most[:2*maxIdentifiers]); len(value) != 1791 || len(parseProofs(value)) != 2*maxIdentifiers {
		t.Errorf("the longest cookie has %d bytes, and %d proofs are read", len(value), len(parseProofs(value)))
	}
	if all := parseProofs(formatProofs(most)); len(all) != 2*maxIdentifiers {
		t.Errorf("%d proofs are read", len(all))
	}
}
