package minimise

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// already are values that are as general as their generalisation would make them: they are kept as they are.
var already = []struct {
	to     string
	class  hit.Class
	values []string
}{
	{"family", hit.UserAgent, []string{
		"Chrome", "Mobile Safari", "Safari", "Firefox", "Microsoft Edge", "Internet Explorer", "Opera",
		"Samsung Internet", "chrome",
		"Linux", "Windows", "Mac OS X", "macOS", "Android", "iOS", "Chrome OS", "iPhone", "iPad", "146", "9",
		"17", "146.0", "146.0.0.0",
	}},
	{"major", hit.ClientHint, []string{"Windows", "Web", "iOS", "146", "desktop", `"146"`, "?1"}},
	{"origin", hit.Referrer, []string{"$direct", "(direct)", "(none)", "direct", "https://search.example/",
		"search.example"}},
	{"primary", hit.Language, []string{"de", "en", "gsw"}},
	{"region", hit.Timezone, []string{"Europe", "America", "UTC", "-120"}},
	{"country", hit.CoarseGeo, []string{"DE", "US", "DEU"}},
	{"bucket", hit.Screen, []string{"1440x900", "320x568", "1920", "24", "24-bit"}},
	{"bucket", hit.Revenue, []string{"1000", "0", "50", "-50", "0.02"}},
	{"year", hit.BirthDate, []string{"1984"}},
}

// TestWhatIsGeneralIsKept: and nothing else is: a value with more in it, or one that no generalisation would write.
func TestWhatIsGeneralIsKept(t *testing.T) {
	env := testEnv()
	for _, c := range already {
		a := must(t, Spec{Kind: Generalise, Generalise: c.to}, c.class)
		for _, value := range c.values {
			for _, kind := range []ValueKind{TextValue, NumberValue} {
				if kind == NumberValue && (value[0] > '9' || value[0] < '-' || slices.Contains([]byte(value), 'x') ||
					len(value) > 5) {
					continue
				}
				if got, outcome := apply(t, a, Value{Bytes: []byte(value), Kind: kind}, env); got != value || outcome != Kept {
					t.Errorf("%s of %q is %q, %v", c.to, value, got, outcome)
				}
			}
		}
	}
	for to, values := range map[string][]string{
		"family": {"Jane", "Chrome of Jane", "Jane Chrome", "14600", "146.1", "146.0.7204", "10.15.7", "Windows 10 Pro",
			"SM-G991B", "Chrome 146", "0049301234567", "-1", "1.e0", ".0"},
		"origin": {"$jane", "(jane)", "none of yours", "(not jane)", "direct/jane", "direct?x"},
		"region": {"Europe/", "jane", "Europa"},
	} {
		class := map[string]hit.Class{"family": hit.UserAgent, "origin": hit.Referrer, "region": hit.Timezone}[to]
		a := must(t, Spec{Kind: Generalise, Generalise: to}, class)
		for _, value := range values {
			if got, outcome := apply(t, a, Value{Bytes: []byte(value)}, env); outcome == Kept || got == value {
				t.Errorf("%s of %q is %q, %v", to, value, got, outcome)
			}
		}
	}
}

// madeAnew are the minimisers that make another value of what they made, and why.
var madeAnew = map[Kind]string{
	Pseudonymise: "a pseudonym is an identifier like any other: that it is one cannot be seen",
	Derive:       "an id is written in the form of the one before, from which it may differ in length",
}

// TestAgainChangesNothing: what a minimiser made of a value it keeps: a hit that comes through two proxies, or an SDK
// that is given what was sent, loses nothing more. Every minimiser, every parameter that it may be given, every class
// that it is for, over values of every kind.
func TestAgainChangesNothing(t *testing.T) {
	env := testEnv()
	values := []string{
		chrome, "okhttp/4.9.3", "Mozilla/5.0 (compatible; Googlebot/2.1)", "Chrome", "146",
		"https://u:p@search.example:8443/x/12345?q=jane&utm_source=a#y",
		"android-app://com.example.mail/", "//shop.example/a", "/account/12345/orders?token=abc", "mailto:jane@example.com",
		"tel:+49301234567", "?a=b",
		"de-DE,de;q=0.9", "en_US", "1512x982", "1911", "24-bit", "1.25", "1234.5", "-79.99", "0.0379", "0",
		`"Chromium";v="141.0.7390.55", "Not:A-Brand";v="8.0.0.0"`,
		`"15.6.1"`, "Not)A%3BBrand;8.0.0.0|Chromium;138.0.7204.101", "Europe/Berlin", "Asia/Kolkata", "-120", "+05:30",
		"DE-BE", "us_ca", "1984-03-07", "07.03.1984", "1984",
		"203.0.113.77", "2001:db8:85a3::8a2e:370:7334", "::ffff:203.0.113.77", "64:ff9b:1:cb00:71:4d00::", "1795484921505",
		"1795484921.835", "2026-11-24T01:48:41.505Z",
		"2026-11-24 01:48:41", "52.520008, 13.404954", "-33.89", "Order of jane.doe@example.com",
		"call me on +49 30 901820 11", "Größe 42 von Jane Doe", "cust-48213",
		"jane.doe@example.com", "86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d", "card", "other",
		"$direct", "localhost:8080/x", "shop.example/a/b",
	}
	specs := map[Kind][]Spec{
		Pseudonymise: {{}}, Derive: {{Derive: "daily_visitor"}}, Hash: {{Hash: "sha256"}},
		Only: {{Only: []string{"card", "Chrome"}}},
		Rare: {{}}, Replace: {{Replace: "card"}}, Keep: {{}}, Drop: {{}}, Scrub: {{}},
		URL: {{}, {URL: URLSpec{Query: []string{"utm_source", "q"}, IDs: "keep", Fragment: "route"}},
			{URL: URLSpec{IDs: "cut", Path: "none"}}},
		Truncate: {
			{Truncate: TruncateSpec{To: "hour"}}, {Truncate: TruncateSpec{To: "day"}},
			{Truncate: TruncateSpec{V4: new(16), V6: new(48)}},
			{Truncate: TruncateSpec{Decimals: new(1)}}, {Truncate: TruncateSpec{Decimals: new(0)}},
			{Truncate: TruncateSpec{Chars: new(8)}},
		},
	}
	for _, g := range generalisations {
		specs[Generalise] = append(specs[Generalise], Spec{Generalise: g.to})
	}
	tried := 0
	for k := range NumKinds {
		if _, exempt := madeAnew[k]; exempt {
			continue
		}
		if len(specs[k]) == 0 {
			t.Errorf("%v has no case", k)
		}
		for _, spec := range specs[k] {
			spec.Kind = k
			for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
				a, err := Compile(spec, class)
				if err != nil {
					continue
				}
				for _, value := range values {
					for _, kind := range []ValueKind{TextValue, NumberValue} {
						if kind == NumberValue && value != numeral(value) {
							continue
						}
						once, outcome := apply(t, a, Value{Bytes: []byte(value), Kind: kind}, env)
						if outcome == Dropped || once == "" {
							continue
						}
						tried++
						if outcome == Rewritten {
							kind = TextValue
						}
						if twice, outcome := apply(t, a, Value{Bytes: []byte(once), Kind: kind}, env); twice != once ||
							outcome == Dropped {
							t.Errorf("%v %v %v: %q is %q, and then %q, %v", k, spec, class, value, once, twice, outcome)
						}
					}
				}
			}
		}
	}
	if tried < 5000 {
		t.Errorf("only %d values were made something of", tried)
	}
}

// numeral is a text that is a number of JSON; else "".
func numeral(text string) string {
	if whole, decimals := numberParts([]byte(text)); whole > 0 && whole+decimals == len(text) {
		return text
	}
	return ""
}

// TestNoReferrerIsKept: what says that there was none holds nobody, and is no
// address: also where addresses are cleaned.
func TestNoReferrerIsKept(t *testing.T) {
	env := testEnv()
	for _, spec := range []Spec{{Kind: URL}, {Kind: URL, URL: URLSpec{IDs: "cut", Path: "none"}},
		{Kind: Generalise, Generalise: "origin"}, {Kind: Keep}, {Kind: Scrub}} {
		for _, value := range coarse.Nowhere {
			a, err := Compile(spec, hit.Referrer)
			if err != nil {
				continue
			}
			if got, outcome := apply(t, a, Value{Bytes: []byte(value)}, env); got != value || outcome != Kept {
				t.Errorf("%v of %q is %q, %v", spec, value, got, outcome)
			}
		}
	}
}
