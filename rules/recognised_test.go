package rules

import (
	"encoding/base64"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// spoiled are a text, its beginnings and ends, and it with each character left out, doubled, in the
// other case, and replaced by each of some.
func spoiled(text, by string) []string {
	all := []string{text, "x" + text, " " + text, "  " + text, text + "x", text + "xy", text + text}
	for i := range len(text) {
		all = append(all, text[:i], text[i:], text[:i]+text[i+1:], text[:i]+text[i:i+1]+text[i:], text[:i]+strings.ToUpper(
			text[i:i+1])+text[i+1:], text[:i]+strings.ToLower(text[i:i+1])+text[i+1:])
		for _, c := range by {
			all = append(all, text[:i]+string(c)+text[i+1:])
		}
	}
	return all
}

// TestAddressesAreRecognised: against regular expressions.
func TestAddressesAreRecognised(t *testing.T) {
	t.Parallel()
	page := regexp.MustCompile(`(?is)^ *(http://..|https://.)`)
	holds := regexp.MustCompile(`(?i)://|%3a%2f%2f`)
	for _, text := range []string{"http://", "https://", "http://a", "https://a", "http://ab", "a://b", "%3a%2f%2f",
		"x%3A%2F%2Fy", "a%%3a%2f%2f", "%%3a%3a%2f%2f", "%3a/%2f"} {
		for _, c := range spoiled(text, "/:%23afsxp\t") {
			if got := isWebAddress([]byte(c)); got != page.MatchString(c) {
				t.Errorf("%q is a page's: %t", c, got)
			}
			if got := holdsAddress([]byte(c)); got != holds.MatchString(c) {
				t.Errorf("%q holds one: %t", c, got)
			}
		}
	}
}

// TestRelativeAddressesAreRecognised: against a regular expression; and what looks like one, and is none.
func TestRelativeAddressesAreRecognised(t *testing.T) {
	t.Parallel()
	const in = `[A-Za-z0-9._~%@:+\-]|[^\x00-\x7f]`
	address := regexp.MustCompile(`(?s)^(//?(` + in + `)|[.]{1,2}/.|#!?/(` + in + `)|(` + in + `|/)*[?](` +
		in + `|[\[\]&;])+=)`)
	spaces := regexp.MustCompile(`[\x00-\x20\x7f]`)
	for _, text := range []string{"/account/17?name=x", "//shop.example/x", "./x?y=1", "../x", "?q=jane", "#/user/jane",
		"#!/user", "orders/17?a[b]=1&c=2", "/ä", "..."} {
		for _, c := range spoiled(text, "/?=#!.[& \x00\xe4(") {
			if got := isRelative([]byte(c)); got != (address.MatchString(c) && !spaces.MatchString(c)) {
				t.Errorf("%q is relative to a page: %t", c, got)
			}
		}
	}
	for _, text := range []string{"", "/", "?", "#", ".", "11/28", "1/2", "and/or", "n/a", "Europe/Berlin", "text/html",
		"shoes/women/red", "#1", "#sale", "?", "why?", "a=b", "really?yes", "/ month", "// note", "(x)?y=1", "2+2=4?",
		"a b?c=d", "..", "…/x"} {
		if isAddress([]byte(text)) {
			t.Errorf("%q is taken for an address", text)
		}
	}
	for _, text := range []string{" /account/12345/orders?name=Jane ", "./x?y=", "?q=jane", "#/user/jane",
		"//shop.example", "index.php?user=7", " https://shop.example"} {
		if !isAddress([]byte(text)) {
			t.Errorf("%q is not taken for an address", text)
		}
	}
}

// TestPublicKeysAreRecognised: against the scheme in words: base64 of a user with
// one colon behind it, which is the end.
func TestPublicKeysAreRecognised(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`(?s)^[^:]+:$`)
	try := func(value string) {
		decoded, err := base64.StdEncoding.DecodeString(value[min(len(value), 6):])
		want := len(value) > 6 && len(value) <= 256 && strings.EqualFold(value[:6], "Basic ") &&
			err == nil && key.Match(decoded)
		if got := publicKey([]byte(value)); got != want {
			t.Errorf("%q: %t", value, got)
		}
	}
	for _, user := range []string{"", "k:", "wk:", "key:", ":", "::", "a::", "a:b", "a:b:", "keys",
		strings.Repeat("k", 183) + ":", strings.Repeat("k", 184) + ":", strings.Repeat("k", 186) + ":",
		strings.Repeat("k", 187) + ":", strings.Repeat("k", 300) + ":"} {
		value := "Basic " + base64.StdEncoding.EncodeToString([]byte(user))
		try(value)
		if len(value) < 30 {
			for _, c := range spoiled(value, " :=A!") {
				try(c)
			}
		}
	}
}

// TestMediaTypes: what of a content type stands before its parameters, without blanks.
func TestMediaTypes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "", ";": "", "a/b": "a/b", " a/b ": "a/b", "a/b;c=d": "a/b", "a/b ; c=d;e": "a/b", "\ta/b\t;": "a/b", ";a/b": "",
	} {
		if got := string(mediaType([]byte(given))); got != want {
			t.Errorf("%q is %q", given, got)
		}
	}
	for key, want := range map[string]string{
		"": "", "a": "a", "ep.colour": "colour", "ep.a.b": "a.b", "cd[colour]": "colour", "cd[a][b]": "a][b", "cd[a]]": "a]",
		"ep.": "", "[": "", "a]": "a", "x.[y]": "[y", ".": "",
	} {
		if got := string(freePart([]byte(key), hit.Form)); got != want {
			t.Errorf("%q of a form is %q", key, got)
		}
		for _, kind := range []hit.Kind{hit.Object, hit.Array, hit.Lines} {
			if got := string(freePart([]byte(key), kind)); got != key {
				t.Errorf("%q of %v is %q", key, kind, got)
			}
		}
	}
}

// TestWhatIsCoded: which content codings and types are taken, and which are refused before anything is unpacked.
func TestWhatIsCoded(t *testing.T) {
	t.Parallel()
	header := func(name, value string) hit.Header { return hit.Header{Name: []byte(name), Value: []byte(value)} }
	for _, c := range []struct {
		headers []hit.Header
		body    string
		want    Reason
		coded   bool
	}{
		{nil, "x", Unjudged, false}, {[]hit.Header{header("Content-Type", "text/plain")}, "x", Unjudged, false},
		{[]hit.Header{header("Content-Type", "multipart/form-data; boundary=x")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Type", "multipart/")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Type", "MULTIPART/mixed")}, "", MalformedHit, false},
		{[]hit.Header{header("content-type", "multipart")}, "x", Unjudged, false},
		{[]hit.Header{header("Content-Type", "multipar/x")}, "x", Unjudged, false},
		{[]hit.Header{header("Content-Type", "a/b"), header("content-type", "a/b")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "")}, "x", Unjudged, false},
		{[]hit.Header{header("Content-Encoding", "Identity")}, "x", Unjudged, false},
		{[]hit.Header{header("Content-Encoding", "gzip")}, "", Unjudged, false},
		{[]hit.Header{header("Content-Encoding", "br")}, "", Unjudged, false},
		{[]hit.Header{header("Content-Encoding", "br")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "gzip, gzip")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "gzip"), header("Content-Encoding", "gzip")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "identity"), header("Content-Encoding", "identity")},
			"x", MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "gzip")}, "x", MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "GZIP")}, zippedEmpty, Unjudged, true},
		{[]hit.Header{header("Content-Encoding", "gzip")}, zippedEmpty[:10], MalformedHit, false},
		{[]hit.Header{header("Content-Encoding", "Deflate")}, "\x03\x00", Unjudged, true},
	} {
		j := new(Judgement)
		j.Hit.Reset()
		j.Route = &Route{limits: Limits{Body: 100, Decompressed: 100, Depth: 4, Nodes: 100}}
		j.Hit.Request = hit.Request{Headers: c.headers, Body: []byte(c.body)}
		j.opener.Limits = j.Route.limits.codec()
		j.opener.Begin(&j.Hit)
		got, left, coded := j.uncode(), c.body, ""
		if c.coded {
			left, coded = "", c.body
		}
		body := string(j.Hit.Request.Body)
		if got != c.want || body != left || (j.coded != nil) != c.coded || string(j.coded) != coded {
			t.Errorf("%s, %q: %v, coded %q", c.headers, c.body, got, j.coded)
		}
	}
	for err, want := range map[error]Reason{codec.ErrLimit: OverLimit, codec.Over("body"): OverLimit,
		codec.ErrMemory: OutOfMemory, base64.CorruptInputError(1): MalformedHit} {
		if got := broken(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}

// zippedEmpty is nothing, as gzip packs it (RFC 1952).
const zippedEmpty = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// TestLimitsFromThreeSources: against the rule in words, for limits drawn about each other.
func TestLimitsFromThreeSources(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() int { return r.IntN(5) * 40 << 10 }
	for range 3000 {
		l := Limits{Body: 1 + draw(), Decompressed: 1 + r.IntN(5)*500<<10, Events: 1 + draw(), Depth: 3, Fields: 1 + draw(),
			Nodes: 1 + draw()}
		says := catalog.Limits{Body: catalog.Size(draw()), Decompressed: catalog.Size(draw()), Events: draw(),
			Fields: draw(), Nodes: draw()}
		given := catalog.Limits{Body: catalog.Size(draw()), Decompressed: catalog.Size(draw()), Events: draw(),
			Fields: draw(), Nodes: draw()}
		e := &catalog.Endpoint{Kind: catalog.Kind(r.IntN(3)), Batches: r.IntN(2) == 0, Limits: says}
		want := l
		if !e.Batches && e.Kind != catalog.Opaque { // nobody's single event is larger
			want.Body, want.Decompressed, want.Nodes = min(want.Body, 65536), min(want.Decompressed, 1048576),
				min(want.Nodes, 2*want.Fields)
		}
		choose := func(general, says, given int) int {
			if says != 0 {
				general = says
			}
			if given != 0 && given < general {
				general = given
			}
			return general
		}
		want.Body, want.Decompressed = choose(want.Body, int(says.Body), int(given.Body)),
			choose(want.Decompressed, int(says.Decompressed), int(given.Decompressed))
		want.Events, want.Fields, want.Nodes = choose(want.Events, says.Events, given.Events),
			choose(want.Fields, says.Fields, given.Fields), choose(want.Nodes, says.Nodes, given.Nodes)
		if want.Decompressed < want.Body {
			want.Decompressed = want.Body
		}
		if got := l.at(e, given); got != want {
			t.Fatalf("%+v, %+v, %+v, %+v: %+v, want %+v", l, e.Kind, says, given, got, want)
		}
		if route := (Route{limits: want}); route.BodyLimit() != want.Body || route.limits.codec() != (codec.Limits{Depth: 3, Nodes: want.Nodes, Decompressed: want.Decompressed}) {
			t.Fatal("limits of a route")
		}
	}
}
