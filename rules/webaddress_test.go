package rules_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// anyTextClasses are the classes in whose fields a page's address may stand as well as anything else.
var anyTextClasses = []hit.Class{
	hit.Custom, hit.UserTrait, hit.FreeText, hit.Element, hit.Product, hit.Error, hit.PageTitle, hit.SearchTerm,
	hit.Campaign, hit.Interaction,
}

// fieldOf finds a field of a class that the catalog names in full, of those that begin so; "" where there is none.
func fieldOf(v *catalog.Vendor, class hit.Class, prefix string) string {
	for i := range v.Fields {
		if f := &v.Fields[i]; f.Class == class && strings.HasPrefix(f.Path, prefix) &&
			!strings.ContainsAny(f.Path[len(prefix):], "*.[]") && len(f.Also) == 0 {
			return f.Path
		}
	}
	return ""
}

// TestAddressesWhereverTheyStand: the one rule for addresses holds wherever a value is one, in any class that could
// hold anything, as text of a query and as a string of JSON; and where they may not leave, none does.
func TestAddressesWhereverTheyStand(t *testing.T) {
	t.Parallel()
	const tail = "shop.example/a?email=jane&utm_source=news"
	for _, c := range []struct {
		name string
		url  *minimise.Spec // what is done to addresses; nil: nothing leaves of them
		own  minimise.Spec  // what is done to the class
		want string         // what leaves of scheme + tail, behind the scheme; "" for nothing
	}{
		{"url", &urlSpec, keep, "shop.example/a?utm_source=news"},
		{"origin", &origin, keep, "shop.example/"},
		{"dropped", nil, keep, ""},
		{"cut", &urlSpec, minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Chars: new(500)}}, ""},
		{"listed", &urlSpec, minimise.Spec{Kind: minimise.Only, Only: []string{"http://" + tail, "https://" + tail,
			"HTTPS://" + tail, " https://" + tail, "  Http://" + tail}}, ""},
	} {
		d := draft()
		classes := everything()
		delete(classes, "url")
		if c.url != nil {
			classes["url"] = *c.url
		}
		for _, class := range anyTextClasses {
			if _, err := minimise.Compile(c.own, class); err == nil {
				classes[class.String()] = c.own
			} else {
				classes[class.String()] = minimise.Spec{}
			}
		}
		d.Profiles[0].Classes = classes
		p := compile(t, d)
		shown := 0
		for _, class := range anyTextClasses {
			for _, v := range []struct {
				vendor, prefix string
				hit            func(field, value string) string
			}{
				{"ga4", "ep.", func(field, value string) string {
					return "GET /g/collect?v=2&tid=G-1&cid=1.2&en=x&" + field + "=" + url.QueryEscape(value) + " HTTP/1.1\n\n"
				}},
				{"mixpanel", "properties.", func(field, value string) string {
					text, err := json.Marshal(value)
					if err != nil {
						t.Fatal(err)
					}
					return "POST /import" + asJSON + `[{"event":"x","properties":{"token":"k","distinct_id":"d","` +
						strings.TrimPrefix(field, "properties.") + `":` + string(text) + `}}]`
				}},
			} {
				field := fieldOf(recipient(t, p, v.vendor).Catalog, class, v.prefix)
				if field == "" {
					continue
				}
				for _, scheme := range []string{"http://", "https://", "HTTPS://", " https://", "  Http://"} {
					x := explain(t, p, request(t, v.hit(field, scheme+tail), v.vendor, yes))
					if x.Forward == nil {
						t.Fatalf("%s: %s", v.vendor, x.Reason)
					}
					want := ""
					if c.want != "" && classes[class.String()].Kind != minimise.Drop {
						want = strings.TrimSpace(scheme) + c.want
						shown++
					}
					if got := sentField(t, x, 0, field); strings.TrimSpace(got) != want {
						t.Errorf("%s, %v, %s %s: %q leaves as %q, want %q", c.name, class, v.vendor, field, scheme+tail, got, want)
					}
				}
			}
		}
		if c.want != "" && shown < 50 {
			t.Errorf("%s: %d values leave: too few to show anything", c.name, shown)
		}
	}
}

func recipient(t *testing.T, p *rules.Policy, id string) *rules.Recipient {
	t.Helper()
	for _, r := range p.Recipients() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no vendor %s", id)
	return nil
}

// TestAddressesOfEveryClass: in a field of any class that could hold anything, of a query and of JSON, an address of a
// page is treated as one. What becomes of the others, whose values have a form of their own, their line alone decides.
func TestAddressesOfEveryClass(t *testing.T) {
	d := draftOfClasses(t)
	d.Profiles[0].Classes = everything()
	d.Profiles[0].Classes["url"] = urlSpec
	p := compile(t, d)
	const given, cut = "https://shop.example/a?email=jane&utm_source=news", "https://shop.example/a?utm_source=news"
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		for _, text := range []string{
			"GET /x?e=a&v_" + class.String() + "=" + url.QueryEscape(given) + " HTTP/1.1\n\n",
			"POST /x" + asJSON + `{"e":"a","v_` + class.String() + `":"` + given + `"}`,
		} {
			x := explain(t, p, request(t, text, "own", yes))
			if x.Forward == nil {
				t.Fatalf("%v: %s", class, x.Reason)
			}
			want := given
			switch {
			case class == hit.URL, slices.Contains(anyTextClasses, class):
				want = cut
			case class == hit.Container, class == hit.Revenue, class == hit.Performance, class == hit.Interaction:
				want = "" // a container that cannot be opened; what is no number
			}
			if got := sentField(t, x, 0, "v_"+class.String()); got != want {
				t.Errorf("%v, %s: leaves as %q, want %q", class, text[:4], got, want)
			}
		}
	}
}
