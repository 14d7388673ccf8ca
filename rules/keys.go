package rules

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Keys are what a hit is judged with that is secret. They never change; when their day is over others take their place.
type Keys struct {
	Pseudonyms *pseudonym.Keys

	subject, ledger, feed, digest *pseudonym.Hasher

	since time.Time
}

// KeysOf makes the keys of a key state: those of every vendor and purpose of the policy, for every rotation.
func KeysOf(s *pseudonym.State, p *Policy) *Keys {
	subject, ledger, feed, digest := s.SubjectKey(), s.LedgerSubjectKey(), s.FeedKey(), s.LedgerDigestKey()
	return &Keys{
		Pseudonyms: pseudonym.Derive(s.Chains(), p.scopes...),
		subject:    subject.Hasher(), ledger: ledger.Hasher(), feed: feed.Hasher(), digest: digest.Hasher(),
		since: s.Since(),
	}
}

// NewKeys makes the keys that a state made from the root has at a time.
func NewKeys(root pseudonym.Root, p *Policy, at time.Time) *Keys {
	s := root.State(at)
	return KeysOf(&s, p)
}

// Valid tells whether the keys may be used at a time: their day is not over.
func (k *Keys) Valid(at time.Time) bool { return k != nil && k.Pseudonyms.Valid(at) }

// Since is the first moment of the day that they are of: the latest day, in UTC, that the key state was ever taken to.
// The zero time without keys.
func (k *Keys) Since() time.Time {
	if k == nil {
		return time.Time{}
	}
	return k.since
}

// Digest is the ledger's keyed digest of bytes that left, under a salt of its own.
func (k *Keys) Digest(salt [16]byte, sent []byte) [32]byte { return k.digest.MAC(salt[:], sent) }

// scopes lists what pseudonyms may be made for.
func (c *compiler) scopes() error {
	for _, r := range c.policy.recipients {
		family := pseudonym.Scope{Vendor: r.family, Rotation: pseudonym.Never}
		if !slices.Contains(c.policy.scopes, family) {
			c.policy.scopes = append(c.policy.scopes, family)
		}
		purposes := map[string]bool{"": true}
		for _, a := range c.ladders[r] {
			purposes[a.purposeKey] = true
		}
		for purpose := range purposes {
			for _, rotation := range pseudonym.Rotations() {
				c.policy.scopes = append(c.policy.scopes, pseudonym.Scope{Vendor: r.ID, Purpose: purpose, Rotation: rotation})
			}
		}
	}
	return nil
}
