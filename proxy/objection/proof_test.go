package objection

import (
	"encoding/hex"
	"strings"
	"testing"
)

const proofSecret = "0123456789abcdef0123456789abcdef"

// TestChoiceProof: the proof is what the documentation says, made with other tools;
// it vouches for exactly what it is of.
func TestChoiceProof(t *testing.T) {
	t.Parallel()
	const at = "2026-05-04T12:00:00Z"
	chose := Choice{Granted: []string{"analytics"}, Refused: []string{"marketing"}}
	proof := ChoiceProof([]byte(proofSecret), "shop", "cust-1", at, chose.Granted, chose.Refused)
	if got := hex.EncodeToString(proof[:]); got != "9d0534c35cc57a891d932640e25a71d6c8bb92231e68f87f73ef48c80f91def5" {
		t.Error(got)
	}
	vouches := func(change func(secret, site, user, time *string, c *Choice, proof *[32]byte)) bool {
		secret, site, user, time, c, p := proofSecret, "shop", "cust-1", at, chose, proof
		change(&secret, &site, &user, &time, &c, &p)
		return Vouches(p, []byte(secret), site, user, time, &c)
	}
	if !vouches(func(_, _, _, _ *string, _ *Choice, _ *[32]byte) {}) {
		t.Error("it does not vouch for what it is of")
	}
	for what, change := range map[string]func(secret, site, user, time *string, c *Choice, proof *[32]byte){
		"another secret":  func(s, _, _, _ *string, _ *Choice, _ *[32]byte) { *s = strings.Repeat("1", 32) },
		"no secret":       func(s, _, _, _ *string, _ *Choice, _ *[32]byte) { *s = "" },
		"another site":    func(_, s, _, _ *string, _ *Choice, _ *[32]byte) { *s = "blog" },
		"another user":    func(_, _, s, _ *string, _ *Choice, _ *[32]byte) { *s = "cust-2" },
		"a user in lines": func(_, site, s, _ *string, _ *Choice, _ *[32]byte) { *site, *s = "shop\ncust-1", at },
		"another time":    func(_, _, _, s *string, _ *Choice, _ *[32]byte) { *s = "2026-05-04T12:00:01Z" },
		"more granted": func(_, _, _, _ *string, c *Choice, _ *[32]byte) {
			c.Granted = []string{"analytics", "functional"}
		},
		"nothing refused":  func(_, _, _, _ *string, c *Choice, _ *[32]byte) { c.Refused = nil },
		"the other way":    func(_, _, _, _ *string, c *Choice, _ *[32]byte) { c.Granted, c.Refused = c.Refused, c.Granted },
		"a bit turned":     func(_, _, _, _ *string, _ *Choice, p *[32]byte) { p[31] ^= 1 },
		"nothing":          func(_, _, _, _ *string, _ *Choice, p *[32]byte) { *p = [32]byte{} },
		"a line in a user": func(_, _, s, _ *string, _ *Choice, _ *[32]byte) { *s = "cust-1\n" + at },
	} {
		if vouches(change) {
			t.Errorf("%s: it vouches", what)
		}
	}
}

// FuzzChoiceProof: nothing but the very same is vouched for: no two choices have the same lines.
func FuzzChoiceProof(f *testing.F) {
	f.Add("shop", "cust-1", "2026-05-04T12:00:00Z", "analytics", "marketing")
	f.Fuzz(func(t *testing.T, site, user, time, granted, refused string) {
		if strings.ContainsAny(site+user+time+granted+refused, "\n") || strings.Contains(granted+refused, "=") ||
			granted == refused {
			return
		}
		of := Choice{Granted: []string{granted}, Refused: []string{refused}}
		proof := ChoiceProof([]byte(proofSecret), site, user, time, of.Granted, of.Refused)
		other := Choice{Granted: of.Refused, Refused: of.Granted}
		if !Vouches(proof, []byte(proofSecret), site, user, time, &of) || Vouches(proof, []byte(proofSecret), site,
			user, time, &other) ||
			Vouches(proof, []byte(proofSecret), site, user+"x", time, &of) || Vouches(proof, []byte(proofSecret), user,
			site+"x", time, &of) {
			t.Error("a proof vouches for something else, or not for its own")
		}
	})
}
