package objection

import (
	"crypto/hmac"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
)

// ChoiceProof is what a site's server vouches with for what a signed-in visitor chose: HMAC-SHA-256 under the site's
// secret over these lines, each ended by a line feed: "tagwarden/1/receipt", the site's id, the user id, the time as it
// is sent, and for each category, sorted by their bytes, its name, "=", and "granted" or
// "refused". No line feed is in any of them.
func ChoiceProof(secret []byte, site, user, time string, granted, refused []string) (proof [sha256.Size]byte) {
	chosen := map[string]string{}
	for _, name := range granted {
		chosen[name] = "granted"
	}
	for _, name := range refused {
		chosen[name] = "refused"
	}
	var text strings.Builder
	for _, line := range []string{"tagwarden/1/receipt", site, user, time} {
		text.WriteString(line + "\n")
	}
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		text.WriteString(name + "=" + chosen[name] + "\n")
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text.String()))
	return [sha256.Size]byte(mac.Sum(nil))
}

// Vouches tells whether a proof is one of the secret's, in constant time. Without a secret none is.
func Vouches(proof [sha256.Size]byte, secret []byte, site, user, time string, c *Choice) bool {
	if len(secret) == 0 || strings.Contains(user, "\n") {
		return false
	}
	right := ChoiceProof(secret, site, user, time, c.Granted, c.Refused)
	return hmac.Equal(right[:], proof[:])
}
