package visitor

import (
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// Cookie is the preference cookie: what was objected to in this browser, and nothing else. It is set and
// read back by everybody who chose the same in the same way, so that it tells nobody apart beyond the
// choice. A site's scripts may read it.
const Cookie = rules.PreferenceCookie

// Both cookies last 13 months, counted anew at each visit to the preference centre and with each change, so that what
// was chosen does not end by age. Where a consent counts for longer, so do they.
const (
	month     = 30 * 24 * time.Hour
	cookieAge = rules.ChoiceDays * 24 * time.Hour
)

// cookieAge is how long both cookies last on this site.
func (s *Site) cookieAge() time.Duration { return max(cookieAge, s.Consent) }

// longestCookie bounds the value. Browsers refuse a cookie of more than 4,096 bytes with its
// name: a choice must not be lost to that.
const longestCookie = 3072

// The scopes that have a form of their own.
const (
	all         = objection.All
	vendorScope = "vendor:"
	restriction = "restriction:"
)

// Format writes scopes ("all", ids of purposes, "vendor:ID") as the value of the preference cookie: sorted, without
// doubles, joined by "/". Where they are more than a cookie may hold, the value is "all".
func Format(scopes []string) string {
	value := strings.Join(sorted(scopes), "/")
	if len(value) > longestCookie {
		return all
	}
	return value
}

// Parse reads the value of the preference cookie as hits do ([rules.PreferenceCookie]); false where it is no list of
// scopes: that counts as an objection to everything. A scope need not be one of the policy in force, which may have
// changed.
func Parse(value string) (scopes []string, ok bool) {
	for scope := range strings.SplitSeq(value, "/") {
		if scope == "" || strings.ContainsFunc(scope, func(r rune) bool { return r != ':' && !inID(r) }) {
			return nil, false
		}
		scopes = append(scopes, scope)
	}
	return sorted(scopes), true
}

// named tells whether a text has the form of a scope's name: ids as policies have them, and a colon behind "vendor".
func named(scope string) bool {
	id := strings.TrimPrefix(scope, vendorScope)
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool { return !inID(r) })
}

// inID tells whether ids of purposes and vendors may hold a character.
func inID(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}

// sorted returns scopes sorted and without doubles, as a slice of their own.
func sorted(scopes []string) []string { return slices.Compact(slices.Sorted(slices.Values(scopes))) }

// without returns the scopes that are not in taken. With "all" everything is taken.
func without(scopes, taken []string) []string {
	if slices.Contains(taken, all) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return slices.Contains(taken, s) })
}
