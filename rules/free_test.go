package rules_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// freeClasses are the classes of values that nobody declared to hold anything of a person, and what passes them.
var freeClasses = map[hit.Class]minimise.Spec{
	hit.Campaign: scrubbed, hit.Custom: scrubbed, hit.Element: scrubbed, hit.Error: scrubbed, hit.EventName: keep,
	hit.FreeText: scrubbed, hit.PageTitle: scrubbed, hit.Product: scrubbed, hit.SearchTerm: scrubbed,
	hit.UserTrait: scrubbed, hit.CoarseGeo: keep, hit.URL: urlSpec, hit.Referrer: urlSpec,
}

// valuesOfKinds are texts with a value of each kind, and the value, of scrub/testdata/values.tsv: the first of each
// language and kind that is found as it stands.
func valuesOfKinds(t testing.TB) (all [][2]string) {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(read(t, "scrub/testdata/values.tsv")) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		kind, text, gone := cells[0], cells[2], cells[3]
		if gone == "-" || kind == "name" || len(gone) < 6 || seen[kind] {
			continue
		}
		seen[kind] = true
		all = append(all, [2]string{text, gone})
	}
	if len(all) < 13 {
		t.Fatalf("%d kinds: too few", len(all))
	}
	return all
}

// withFree is a policy on consent that keeps everything but free values, which pass as they are said to.
func withFree(t testing.TB, passes func(c hit.Class) minimise.Spec) *rules.Policy {
	t.Helper()
	d := draft()
	classes := everything()
	for c := range freeClasses {
		classes[c.String()] = passes(c)
	}
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	d.Profiles[1].Classes = classes
	return compile(t, d)
}

// TestFreeValuesOfAllVendors: a value of each kind leaves in no free field of any vendor: hits of all of them are
// written anew with the value in each free field in turn of classes, and then sent.
func TestFreeValuesOfAllVendors(t *testing.T) {
	t.Parallel()
	sends := withFree(t, func(c hit.Class) minimise.Spec { return freeClasses[c] })
	planted, left := map[string]int{}, 0
	for _, value := range valuesOfKinds(t) {
		text, gone := value[0], value[1]
		plants := withFree(t, func(c hit.Class) minimise.Spec {
			with := text
			if c == hit.URL || c == hit.Referrer {
				with = "https://shop.example/a?utm_source=" + url.QueryEscape(text)
			}
			return minimise.Spec{Kind: minimise.Replace, Replace: with}
		})
		eachGolden(t, func(t *testing.T, vendor, text string) {
			t.Helper()
			r := request(t, text, vendor, yes)
			x := explain(t, plants, r)
			if x.Forward == nil || !sent(t, x).Holds(gone) {
				return
			}
			x = explain(t, sends, again(t, x.Forward, &r, vendor))
			planted[vendor]++
			if x.Forward == nil {
				return
			}
			left++
			if where, found := sent(t, x).Find(gone); found {
				t.Errorf("%q leaves %s", gone, where)
			}
		})
	}
	for _, id := range catalog.BuiltinIDs() {
		if planted[id] == 0 {
			t.Errorf("%s: no value could be planted in a hit of it", id)
		}
	}
	if left < 100 {
		t.Errorf("%d hits left: too few to show anything", left)
	}
	t.Logf("%d hits with a value left, planted %v", left, planted)
}

// again is what was forwarded as it would come from a browser.
func again(t testing.TB, f *rules.ExplainedRequest, came *hit.Request, vendor string) hit.Request {
	t.Helper()
	u, err := url.Parse(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s?%s HTTP/1.1\n", f.Method, u.EscapedPath(), u.RawQuery)
	for name, value := range f.Headers {
		if strings.HasPrefix(strings.ToLower(name), "content-") && !strings.EqualFold(name, "Content-Length") {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	r := request(t, text.String()+"\n", vendor, yes)
	r.Body, r.Path, r.Address = []byte(f.Body), came.Path, netip.Addr{}
	return r
}

// TestPasswordsInTexts: a password that a text calls so leaves in none of eight languages; the text around it does.
func TestPasswordsInTexts(t *testing.T) {
	t.Parallel()
	p := withFree(t, func(c hit.Class) minimise.Spec { return freeClasses[c] })
	x := explain(t, p, request(t, read(t, "testdata/passwords.http"), "segment", yes))
	if x.Forward == nil {
		t.Fatalf("nothing is forwarded: %s", x.Reason)
	}
	for _, secret := range []string{"Sup3rSecreta", "Geh31m", "Tajn3Has1o", "Segr3do99", "Cach3tte7", "Segret0"} {
		if strings.Contains(x.Forward.Body, secret) {
			t.Errorf("%s leaves: %s", secret, x.Forward.Body)
		}
	}
	for _, label := range []string{"contraseña: [token]", "wachtwoord: [token]", "hasło: [token]", "senha=[token]"} {
		if !strings.Contains(x.Forward.Body, label) {
			t.Errorf("%s does not leave: %s", label, x.Forward.Body)
		}
	}
}
