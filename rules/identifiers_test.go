package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestWorkOfIdentifiers: what reading a hit takes is what its identifiers take: 60 steps each, 300 for each form that
// is a hash, 500 for hashing a form below two keys, and 16 for each that all events share, with every event. What one
// event after another holds is hashed once.
func TestWorkOfIdentifiers(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now), NewestForm: true}
	ga4 := func(query, cookie, body string) hit.Request {
		return request(t, "POST /g/collect?v=2&tid=G-1"+query+" HTTP/1.1\nCookie: "+cookie+"\n\n"+body, "ga4")
	}
	for _, c := range []struct {
		name string
		hit  hit.Request
		// identifiers, forms that are hashes, hashes below keys, and those that all share by events
		given, digests, hashed, times int
	}{
		{"nobody", ga4("", "a=b", "en=a"), 0, 0, 0, 0},
		{"one", ga4("", "a=b", "en=a&cid=1.2"), 1, 0, 2, 0},
		{"of two events", ga4("", "a=b", "en=a&cid=1.2\nen=b&cid=1.2"), 2, 0, 2, 0},
		{"two of two events", ga4("", "a=b", "en=a&cid=1.2\nen=b&cid=1.3"), 2, 0, 4, 0},
		{"shared", ga4("&cid=1.2", "a=b", "en=a\nen=b\nen=c"), 1, 0, 2, 3},
		{"shared, and in a cookie", ga4("&cid=1.2", "_ga=GA1.1.1.3", "en=a\nen=b"), 2, 0, 4, 4},
		{"the same in a cookie", ga4("&cid=1.2", "_ga=GA1.1.1.2", "en=a\nen=b"), 2, 0, 2, 2},
		{"a name", ga4("", "a=b", "en=a&uid=u-1"), 1, 1, 3, 0},
		{"an address", ga4("", "a=b", "en=a&uid=jane@example.com"), 1, 2, 6, 0},
		{"two addresses", ga4("&uid=jane@example.com", "a=b", "en=a&uid=joe@example.com\nen=b"), 2, 4, 12, 6},
		{"a cookie that is empty", ga4("", "_ga=", "en=a"), 1, 0, 0, 0},
	} {
		var j rules.Judgement
		if reason := readInto(&j, p, &in, c.hit); reason != rules.Unjudged {
			t.Fatal(c.name, reason)
		}
		want := 60*c.given + 300*c.digests + 250*c.hashed + 16*c.times
		if got, _ := j.Work(); got != want {
			t.Errorf("%s: %d steps, want %d", c.name, got, want)
		}
	}
}

// TestSharedIdentifiersAreBounded: 64 identifiers that all events share are looked up, 65 are too many.
func TestSharedIdentifiersAreBounded(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now), NewestForm: true}
	for n, want := range map[int]rules.Reason{1: rules.Unjudged, 63: rules.Unjudged, 64: rules.Unjudged,
		65: rules.OverLimit, 80: rules.OverLimit} {
		var jar []string
		for i := range n {
			jar = append(jar, fmt.Sprint("_ga=GA1.1.7.", i))
		}
		var j rules.Judgement
		if got := readInto(&j, p, &in, request(t, "POST /g/collect?v=2&tid=G-1&en=a HTTP/1.1\nCookie: "+
			strings.Join(jar, "; ")+"\n\n", "ga4")); got != want {
			t.Errorf("%d: %v, want %v", n, got, want)
		}
		if want == rules.Unjudged && len(j.Subjects) != n {
			t.Errorf("%d are looked up of %d", len(j.Subjects), n)
		}
	}
}

// TestKeysAreThereForEveryHitThatNamesSomebody: without keys, a hit with an identifier is refused; keys
// are valid for a day, and digest by salt.
func TestKeysAreThereForEveryHitThatNamesSomebody(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for query, want := range map[string]rules.Reason{"": rules.Unjudged, "&cid=1.2": rules.Failed} {
		var j rules.Judgement
		if got := readInto(&j, p, &rules.Inputs{Now: now}, request(t, "GET /g/collect?v=2&tid=G-1&en=a"+query+" HTTP/1.1\n\n",
			"ga4")); got != want {
			t.Errorf("%q without keys: %v, want %v", query, got, want)
		}
	}
	keys := rules.NewKeys(pseudonym.TestRoot, p, now)
	var none *rules.Keys
	for days, want := range map[int]bool{0: true, 1: false, 2: false} {
		if got := keys.Valid(now.AddDate(0, 0, days)); got != want || none.Valid(now.AddDate(0, 0, days)) {
			t.Errorf("%d days from now: valid %t", days, got)
		}
	}
	a, b := keys.Digest([16]byte{1}, []byte("x")), keys.Digest([16]byte{1}, []byte("y"))
	if a == b || a == keys.Digest([16]byte{2}, []byte("x")) || a == [32]byte{} || a != rules.NewKeys(pseudonym.TestRoot, p,
		now).Digest([16]byte{1}, []byte("x")) {
		t.Error("a digest that is not of its salt and its bytes")
	}
}
