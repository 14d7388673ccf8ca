package promise_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// What a site may call things, and what it may put anywhere.
var (
	siteNames = []string{
		"email", "e_mail", "customerEmail", "phone", "tel", "user", "user_id", "uid", "customer", "first_name",
		"vorname", "name", "street",
		"address", "zip", "city", "birthday", "gender", "ip", "ip_address", "lat", "lng", "coordinates",
		"session", "token", "password",
		"health", "religion", "price", "value", "items", "note", "x", "y", "page", "url", "link", "referrer",
		"device_id", "idfa", "id",
		"type", "key", "k", "search", "title", "utm_source", "gclid", "fbclid", "consent", "user_agent", "language",
		"timestamp", "orders",
	}
	siteValues = []string{
		`a@b.example`, `+493012345678`, `Jane Doe`, `https://a.example/x?y=1&email=a%40b.example`, `203.0.113.9`,
		`1990-01-02`, `u-1`,
		`{"email":"a@b.example","user":{"id":"u1","phone":"+493012345678"}}`, `[{"name":"first_name","value":"Jane"}]`,
		`[52.5162,13.3777]`,
		`{"coordinates":[52.5162,13.3777]}`, `{"x":13.4,"y":52.5}`, `52.5162,13.3777`, `0`, ``,
		`{"a":"{\"email\":\"a@b.example\"}"}`,
		`//a.example/p`, `{"gps":{"x":13.41,"y":52.51}}`, `{"link":"https://a.example/x"}`,
	}
	jsonText   = regexp.MustCompile(`:"[^"\\]{0,60}"`)
	jsonObject = regexp.MustCompile(`:\{"`)
	formValue  = regexp.MustCompile(`=[^&\s"{]{0,60}(&|\s)`)
)

// opened is a recording into which a site wrote by chance: members of names of its own wherever an object is, and
// anything in place of texts and values.
func opened(r *rand.Rand, text []byte) []byte {
	head, body, _ := bytes.Cut(text, []byte("\n\n"))
	quoted := func(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }
	name := func() string { return siteNames[r.IntN(len(siteNames))] }
	value := func() string { return siteValues[r.IntN(len(siteValues))] }
	body = jsonText.ReplaceAllFunc(body, func(was []byte) []byte {
		if r.IntN(4) > 0 {
			return was
		}
		return []byte(`:"` + quoted(value()) + `"`)
	})
	body = jsonObject.ReplaceAllFunc(body, func(was []byte) []byte {
		if r.IntN(3) > 0 {
			return was
		}
		member := `"` + quoted(value()) + `"`
		switch of := value(); r.IntN(4) {
		case 0:
			if of != "" && strings.Contains("{[", of[:1]) { // as it is, no text
				member = of
			}
		case 1:
			member = `{"` + name() + `":"` + quoted(of) + `","` + name() + `":["` + quoted(of) + `",{"` + name() + `":"` +
				quoted(value()) + `"}]}`
		case 2:
			member = `[{"` + name() + `":"` + name() + `","value":"` + quoted(of) + `"}]`
		}
		return []byte(`:{"` + name() + `_x":1,"` + name() + `":` + member + `,"`)
	})
	query := func(part []byte) []byte {
		return formValue.ReplaceAllFunc(part, func(was []byte) []byte {
			if r.IntN(4) > 0 {
				return was
			}
			return append([]byte("="+url.QueryEscape(value())), was[len(was)-1])
		})
	}
	lines := bytes.SplitN(head, []byte("\n"), 2)
	lines[0] = query(lines[0])
	lines[0] = bytes.Replace(lines[0], []byte("&"), []byte("&ep."+name()+"="+url.QueryEscape(value())+"&up."+name()+"="+
		url.QueryEscape(value())+"&"), 1)
	if !bytes.ContainsAny(body, "{\x00") {
		body = query(append(body, '\n'))
		body = bytes.TrimSuffix(body, []byte("\n"))
	}
	return bytes.Join([][]byte{bytes.Join(lines, []byte("\n")), body}, []byte("\n\n"))
}

// possible is what may leave, as a policy has it: by endpoint and field, all classes that something may be of.
type possible map[string]map[string]rules.Classes

func newPossible(p *rules.Policy) possible {
	all := possible{}
	for _, o := range rules.OutflowsOf(p) {
		at := o.Recipient.ID + " " + o.Endpoint.ID
		if all[at] == nil {
			all[at] = map[string]rules.Classes{}
		}
		for i := range o.Leaving {
			l := &o.Leaving[i]
			all[at][l.Field] |= l.Classes | l.Open
			parts := l.Action.Parameters()
			for c := range l.Open.All {
				parts = append(parts, o.As(l, c).Parameters()...)
			}
			for _, p := range parts {
				all[at][l.Field] |= rules.ClassesOf(p.Class)
			}
		}
	}
	return all
}

// fault says what left of a hit that nothing says may leave, or that is of a class that nothing says it may be of; ""
// where nothing did.
func (all possible) fault(x *rules.Explanation) string {
	fields := all[x.Vendor+" "+x.Endpoint]
	for i := range x.Left {
		of := &x.Left[i]
		may, there := fields[of.Field]
		if !there {
			for field, classes := range fields {
				if strings.ContainsAny(field, "*{") && (promise.Fits(field, of.Field) || strings.Contains(of.Field, ".")) {
					may, there = may|classes, true
				}
			}
		}
		if !there || of.Classes&^may != 0 {
			return fmt.Sprintf("%s left by endpoint %s as %v, and may as %v", of.Field, x.Endpoint, classNames(of.Classes),
				classNames(may))
		}
	}
	return ""
}

func classNames(set rules.Classes) (names []string) {
	for c := range set.All {
		names = append(names, c.String())
	}
	return names
}
