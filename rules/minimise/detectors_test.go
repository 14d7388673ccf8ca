package minimise

import (
	"encoding/json"
	"html"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// detected is a case of the scrubber: a text, and what becomes of it where everything is
// looked for; empty where nothing is found.
type detected struct{ In, Want string }

func detectedCases(t testing.TB) (all []detected) {
	t.Helper()
	text, err := os.ReadFile("../scrub/testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var c detected
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, c)
	}
	if len(all) < 150 {
		t.Fatalf("%d cases: too few to show anything", len(all))
	}
	return all
}

var marker = regexp.MustCompile(`\[(email|phone|card|iban|id|ip|mac|jwt|key|geo|address|date|token|hash)\]`)

// kinds are the labels of the markers in a text.
func (c *detected) kinds() (labels []string) {
	for _, m := range marker.FindAllStringSubmatch(c.Want, -1) {
		labels = append(labels, m[1])
	}
	return labels
}

// secrets are the parts of the text that markers stand for.
func (c *detected) secrets() (all []string) {
	literals, rest := marker.Split(c.Want, -1), c.In
	rest = strings.TrimPrefix(rest, literals[0])
	for i, literal := range literals[1:] {
		at := strings.Index(rest, literal)
		if i == len(literals)-2 {
			at = len(rest) - len(literal)
		}
		all = append(all, rest[:at])
		rest = rest[at+len(literal):]
	}
	return all
}

// undone is a text with what stands in it when its escapes are undone again and again.
func undone(text string) string {
	layers := []string{text}
	for range 4 {
		next := html.UnescapeString(text)
		if plain, err := url.PathUnescape(next); err == nil {
			next = plain
		}
		if next == text {
			break
		}
		text = next
		layers = append(layers, text)
	}
	all := strings.Join(layers, "\n")
	return strings.ToLower(all + "\n" + strings.ReplaceAll(all, "+", " "))
}

// left returns the first secret of a case that stands in what leaves; "" where none does.
func (c *detected) left(out string) string {
	text := undone(out)
	for _, secret := range c.secrets() {
		if len(secret) >= 5 && strings.Contains(text, strings.ToLower(secret)) {
			return secret
		}
	}
	return ""
}

// ownKinds is what a class is there for: of all that is looked for in a text, keep leaves these kinds where they are.
var ownKinds = map[hit.Class][]string{
	hit.Campaign: nil, hit.CoarseGeo: nil, hit.Custom: nil, hit.Element: nil, hit.Error: nil, hit.EventName: nil,
	hit.FreeText: nil, hit.PageTitle: nil,
	hit.Product: nil, hit.Referrer: nil, hit.SearchTerm: nil, hit.URL: nil, hit.UserTrait: nil,
	hit.BirthDate: {"date", "phone"}, hit.Email: {"email", "hash"}, hit.IP: {"ip"}, hit.PersonName: nil,
	hit.Phone:         {"phone", "hash", "id"},
	hit.PostalAddress: {"address"}, hit.PreciseGeo: {"geo"}, hit.UserAgent: {"ip"},
}

// mayKeep tells whether keep may leave a kind in a class. Ids, numbers and codes are looked over for e-mail addresses
// and tokens alone, which they cannot look like; a credential may be a token.
func mayKeep(class hit.Class, kind string) bool {
	if own, free := ownKinds[class]; free {
		return slices.Contains(own, kind)
	}
	if class == hit.Recording { // a stream is kept whole or not at all
		return true
	}
	return kind != "email" && (kind != "jwt" || class == hit.Credential)
}

func (c *detected) anyMayStay(class hit.Class) bool {
	return slices.ContainsFunc(c.kinds(), func(kind string) bool { return mayKeep(class, kind) })
}

// leaves tells whether an action may leave what stands in a case: it looks for what keep
// does, or passes the host of an address.
func leaves(spec *Spec, class hit.Class, c *detected) bool {
	switch {
	case spec.Kind == Keep, spec.Kind == Truncate && (spec.Truncate.Decimals != nil || spec.Truncate.Chars != nil):
		return c.anyMayStay(class)
	case spec.Kind == URL, spec.Kind == Generalise:
		return strings.HasPrefix(c.In, "http://203.0.113.77")
	}
	return false
}

// passers are the minimisers in every form that a value, or a part of it, may pass in.
var passers = []Spec{
	{Kind: Keep}, {Kind: Scrub}, {Kind: Rare}, {Kind: Only, Only: []string{"x"}}, {Kind: Replace, Replace: "x"},
	{Kind: Hash, Hash: "sha256"}, {Kind: Pseudonymise},
	{Kind: Derive, Derive: "daily_visitor"}, {Kind: URL, URL: URLSpec{Query: []string{"q", "class:campaign"},
		Fragment: "route"}}, {Kind: URL, URL: URLSpec{IDs: "cut", Path: "first"}},
	{Kind: URL, URL: URLSpec{Templates: []string{"/p/:id", "/*"}}},
	{Kind: Truncate, Truncate: TruncateSpec{To: "minute"}},
	{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(64)}},
	{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(3)}},
	{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(0)}}, {Kind: Truncate, Truncate: TruncateSpec{Chars: new(200)}},
	{Kind: Truncate, Truncate: TruncateSpec{Chars: new(12)}},
	{Kind: Generalise, Generalise: "family"}, {Kind: Generalise, Generalise: "origin"},
	{Kind: Generalise, Generalise: "primary"}, {Kind: Generalise, Generalise: "bucket"},
	{Kind: Generalise, Generalise: "major"}, {Kind: Generalise, Generalise: "region"},
	{Kind: Generalise, Generalise: "country"}, {Kind: Generalise, Generalise: "year"},
}

// TestNothingDetectedPasses: whatever a detector finds is not in what any minimiser of any class leaves,
// unless it is what keep keeps the class for.
func TestNothingDetectedPasses(t *testing.T) {
	env := testEnv()
	cases := detectedCases(t)
	n := 0
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		for _, spec := range passers {
			a, err := Compile(spec, class)
			if err != nil {
				continue
			}
			for i := range cases {
				c := &cases[i]
				if c.Want == "" || leaves(&spec, class, c) {
					continue
				}
				n++
				for _, in := range []string{c.In, "https://shop.example/p/" + url.PathEscape(c.In), "https://shop.example/?q=" +
					url.QueryEscape(c.In)} {
					if got := text(t, a, in, env); got != dropped && c.left(got) != "" {
						t.Errorf("%v %s: %q becomes %q", class, a.canon, in, got)
					}
				}
				if ascii.Digits([]byte(c.In)) {
					if got, is := apply(t, a, Value{Bytes: []byte(c.In), Kind: NumberValue}, env); is != Dropped && c.left(got) != "" {
						t.Errorf("%v %s: the number %s becomes %q", class, a.canon, c.In, got)
					}
				}
			}
		}
	}
	t.Logf("%d values", n)
}

// TestDetectorsThroughEveryClass: keep, scrub and truncate leave of a text what the scrubber alone
// leaves of it, whichever short cuts stand in front; of ids nothing is left where something is found,
// and what holds nothing stays as it is.
func TestDetectorsThroughEveryClass(t *testing.T) {
	env := testEnv()
	env.Consented = true
	cases := detectedCases(t)
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		if class == hit.Container || isQuantity(class) { // TestQuantities
			continue
		}
		keeps := must(t, Spec{Kind: Keep}, class)
		_, free := ownKinds[class]
		expecting := class == hit.UserTrait || class == hit.PersonName
		for i := range cases {
			c := &cases[i]
			want := c.Want
			switch {
			case want == "":
				if expecting {
					continue
				}
				want = c.In
			case expecting, slices.ContainsFunc(c.kinds(), func(kind string) bool { return mayKeep(class, kind) }):
				continue
			case class == hit.Recording:
				continue
			case isID(class):
				want = dropped
			}
			if got := text(t, keeps, c.In, env); got != want {
				t.Errorf("keep %v: %q becomes %q, want %q", class, c.In, got, want)
			}
			if !free || !texts.has(class) || class == hit.PostalAddress {
				continue
			}
			if got := text(t, must(t, Spec{Kind: Scrub}, class), c.In, env); got != want {
				t.Errorf("scrub %v: %q becomes %q, want %q", class, c.In, got, want)
			}
			for _, chars := range []int{1, 5, 12, 500} {
				got := text(t, must(t, Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: &chars}}, class), c.In, env)
				if got != cutAt(want, c.Want != "", chars) && c.In != "" {
					t.Errorf("truncate %d %v: %q becomes %q, want %q", chars, class, c.In, got, cutAt(want, c.Want != "", chars))
				}
			}
		}
	}
}

// cutAt is a text cut behind so many characters, or in front of the marker that ends behind them.
func cutAt(text string, marked bool, chars int) string {
	end := len(text)
	for i := range text {
		if chars == 0 {
			end = i
			break
		}
		chars--
	}
	if marked {
		for _, at := range marker.FindAllStringIndex(text, -1) {
			if at[0] < end && end < at[1] {
				end = at[0]
			}
		}
	}
	if end == 0 {
		return dropped
	}
	return text[:end]
}

// TestFoundIsWhatIsReplaced: what is said to be found in a value is what the action takes out of it,
// and nothing where it looks for nothing.
func TestFoundIsWhatIsReplaced(t *testing.T) {
	env := testEnv()
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		for _, spec := range passers {
			a, err := Compile(spec, class)
			if err != nil {
				continue
			}
			found, looks := a.Found(Value{Bytes: []byte("to jane.doe@example.com")}, true, nil),
				slices.Contains([]Kind{Keep, Scrub, URL}, spec.Kind) || spec.Truncate.Chars != nil
			if looks = looks && class != hit.Container && class != hit.Recording &&
				(class != hit.Email || spec.Kind != Keep); looks != slices.Equal(found, []string{"email"}) ||
				!looks && found != nil {
				t.Errorf("%v %s: found %v", class, a.canon, found)
			}
			long := []byte(strings.Repeat("a long text ", MaxScrubbed/12+1))
			if wantLong := len(a.Found(Value{Bytes: []byte("to jane.doe@example.com eyJhbGciOiJIUzI1NiJ9 203.0.113.77")}, true,
				nil)) > 0; a.TooLong(long) != wantLong {
				t.Errorf("%v %s: too long is %v", class, a.canon, a.TooLong(long))
			} else if _, is := a.Append(nil, Value{Class: class, Bytes: long}, env); wantLong && is != Dropped {
				t.Errorf("%v %s: %d bytes are %v", class, a.canon, len(long), is)
			}
			if short := long[:MaxScrubbed]; a.TooLong(short) {
				t.Errorf("%v %s: %d bytes are too long", class, a.canon, len(short))
			}
		}
	}
}

// TestScanned: a report on traffic looks for what keep takes out, and for what the class says to be there.
func TestScanned(t *testing.T) {
	for class := range hit.NumClasses {
		set := Scanned(class)
		if kept := detectors[class]; kept&scrub.All&^set != 0 {
			t.Errorf("%v: keep takes out more than is looked for: %b, %b", class, kept, set)
		}
		for _, c := range []struct {
			class hit.Class
			value string
			kind  scrub.Kind
		}{
			{hit.Email, "jane.doe@example.com", scrub.Email}, {hit.IP, "203.0.113.77", scrub.IP},
			{hit.PostalAddress, "12 Example Street", scrub.Address},
			{hit.PreciseGeo, "52.520008,13.404954", scrub.Geo}, {hit.Phone, "03090182011", scrub.Phone},
			{hit.PersonName, "Jane Doe", scrub.Name},
			{hit.BirthDate, "1984-03-07", scrub.BirthDate}, {hit.UserTrait, "1984-03-07", scrub.BirthDate},
			{hit.Unknown, "203.0.113.77", scrub.IP}, {hit.Container, "203.0.113.77", scrub.IP},
		} {
			if _, found := scrub.Find(nil, []byte(c.value), set); c.class == class && !found.Has(c.kind) {
				t.Errorf("%v: %q is not found", class, c.value)
			}
		}
	}
}

// TestShortCutsCostNothing: short plain values are passed on without a look; where a site
// has detectors of its own there is none.
func TestShortCutsCostNothing(t *testing.T) {
	for _, c := range []struct {
		value string
		own   bool
		looks bool
	}{
		{"a", false, false}, {"red42", false, false}, {"12345", false, false}, {"a-b", false, true}, {"123456", false, true},
		{"abcdef", false, true}, {"red42", true, true},
	} {
		env := testEnv()
		if c.own {
			env = ownEnv(t)
		}
		m := scrub.NewMeter(1 << 20)
		env.Work = &m
		if got := text(t, must(t, Spec{Kind: Keep}, hit.Custom), c.value, env); got != c.value {
			t.Errorf("%q becomes %q", c.value, got)
		}
		if steps, _ := m.Taken(); (steps > 0) != c.looks {
			t.Errorf("%q takes %d steps", c.value, steps)
		}
	}
	own, err := scrub.Compile([]scrub.Rule{{Label: "seat", Pattern: `^[0-9]{2}[A-F]$`}})
	if err != nil {
		t.Fatal(err)
	}
	env := testEnv()
	env.Detectors = own
	for _, kind := range []Kind{Keep, Scrub} {
		if got := text(t, must(t, Spec{Kind: kind}, hit.Custom), "12C", env); got != "[seat]" {
			t.Errorf("%v: a short value that is a finding of the site's own becomes %q", kind, got)
		}
	}
}

// TestYesAndNo: booleans say as little as there is; what would have to be cut or made another is dropped.
func TestYesAndNo(t *testing.T) {
	passes, env := map[Kind]Outcome{Keep: Kept, Scrub: Kept, Generalise: Kept, URL: Kept}, testEnv()
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		for _, spec := range passers {
			a, err := Compile(spec, class)
			if err != nil || spec.Kind == Rare || spec.Kind == Replace || spec.Kind == Derive {
				continue
			}
			for _, value := range []string{"true", "false"} {
				if out, is := a.Append(nil, Value{Class: class, Bytes: []byte(value), Kind: BoolValue},
					env); is != passes[spec.Kind] {
					t.Errorf("%v %s: %s is %v %q", class, a.canon, value, is, out)
				}
			}
		}
	}
}
