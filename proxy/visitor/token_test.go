package visitor

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

var fuzzKey = pseudonym.Key{4, 5, 6}

// FuzzVerify: a token that is taken is one that Sign makes, byte for byte; one that is not signed is never taken, whatever is in it.
func FuzzVerify(f *testing.F) {
	for _, c := range []Claim{
		{Kind: Unsubscribe, Scopes: []string{"ads"}, Subjects: []objection.Subject{{Space: "email"}}},
		{Kind: Manage, Site: "shop", Campaign: "x", Expires: time.Unix(1_800_000_000, 0), Subjects: []objection.Subject{{Space: "email"}, {Space: "client_id:ga4", Hash: [16]byte{1}}}},
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
	a, b := proof{1}, proof{2}
	if formatProofs([]proof{a, b, a}) != formatProofs([]proof{b, a}) || len(formatProofs([]proof{a, b})) != 45 || formatProofs(nil) != "" {
		t.Error(formatProofs([]proof{a, b, a}))
	}
	if all := parseProofs("x." + formatProofs([]proof{a, b}) + "..AAAA"); len(all) != 2 || all[0] != a || all[1] != b {
		t.Error(all)
	}
}
