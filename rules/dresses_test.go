package rules_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// person is somebody who objects, as the ways in and events may write them.
type person struct {
	what   string
	plain  []string // an address, a number or an id, in plain
	hashes []string // hexadecimal SHA-256 of it
	md5    string   // the MD5 of an address
	others []string // who is somebody else, in plain
	class  hit.Class
	name   string // of an identifier, as the ways in have it
}

// persons are those of the table.
func persons() []person {
	return []person{
		{
			"an address", []string{"jane.doe+news@example.com", "Jane.Doe+News@Example.COM",
				" Jane Doe <jane.doe+news@example.com>\n", "mailto:jane.doe+news@example.com?subject=x",
				"mailto:jane.doe%2Bnews%40example.com", "jane.doe+news@example.com.", "'jane.doe+news@example.com'",
				"joe@example.org, jane.doe+news@example.com",
				"jane.doe+news@example.com;joe@example.org", "\u200bjane.doe+news@example.com\u00a0",
				"jane.doe+news\uff20example.com", "E-Mail:jane.doe+news@example.com"},
			[]string{sha("jane.doe+news@example.com")}, md("jane.doe+news@example.com"),
			[]string{"jane.doe@example.com", "janedoe+news@example.com", "jane.doe+news@example.org",
				"xjane.doe+news@example.com", "doe+news@example.com",
				"jane.doe+news@example.com.br", "jane.doe+news", "example.com"},
			hit.Email, "email",
		},
		{
			"an address in its own letters", []string{"jan\u00e9@ex\u00e4mple.de", "JANE\u0301@EXA\u0308MPLE.DE",
				"jan\u00e9@xn--exmple-cua.de", "jan%C3%A9@ex%C3%A4mple.de",
				"Jan\u00e9 <JAN\u00c9@xn--exmple-cua.de>", "jan\u00e9@ex\u00e4mple\u3002de"},
			[]string{sha("jan\u00e9@xn--exmple-cua.de"), sha("jan\u00e9@ex\u00e4mple.de")}, md("jan\u00e9@xn--exmple-cua.de"),
			[]string{"jane@ex\u00e4mple.de", "jan\u00e9@example.de", "jan\u00e9@exa\u0308mple.com"},
			hit.Email, "email",
		},
		{
			"an address that Google hashes otherwise", []string{"jane.doe@gmail.com", "Jane.Doe@GMAIL.com"},
			[]string{sha("jane.doe@gmail.com"), sha("janedoe@gmail.com")}, md("jane.doe@gmail.com"),
			[]string{"jane.doe+x@gmail.com", "jane.do@gmail.com", "jane.doe@example.com"},
			hit.Email, "email",
		},
		{
			"a number", []string{"+49 30 1234567", "+49 (0)30 1234567", "0049 30 1234567", "+49 030 1234567", "+490301234567",
				"tel:+49-30-1234567;ext=12",
				"+49.30.1234567 x12", "+\uff14\uff19 30 1234567",
				"+\u0664\u0669\u0663\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "49301234567",
				"+49 171 3920077 / +49 30 1234567", "00490301234567"},
			[]string{sha("49301234567"), sha("+49301234567")}, "",
			[]string{"+49 30 1234568", "+48 30 1234567", "+49 30 12345", "30 1234567", "030 1234567", "+1 30 1234567"},
			hit.Phone, "phone",
		},
	}
}

// dressed are the dresses of a hash in hexadecimal.
func dressed(digits string) []string {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	function := map[int]string{32: "sha256", 16: "md5"}[len(raw)]
	return []string{digits, strings.ToUpper(digits), " " + digits + "\n", "0x" + digits, function + ":" + digits,
		function + "-" + base64.StdEncoding.EncodeToString(raw),
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw)}
}

// TestOnePersonInEveryDress: an objection in any dress, by any way in, is found for an event that has the person in any
// dress in any field of any vendor that holds an address or a number; and nobody else's is.
func TestOnePersonInEveryDress(t *testing.T) {
	t.Parallel()
	d := draft()
	p := compile(t, d)
	keys := keysOf(p)
	fields := map[hit.Class]map[string]int{}
	for _, who := range persons() {
		// What is objected by, with what each finds: an MD5 is no SHA-256.
		type way struct{ name, value string }
		ways := map[way][]string{}
		for _, text := range who.plain {
			ways[way{who.name, text}] = append(slices.Clone(who.hashes), who.md5)
		}
		for _, digits := range who.hashes[:1] {
			for _, text := range dressed(digits) {
				ways[way{who.name + "_sha256", text}] = who.hashes[:1]
				ways[way{who.name, text}] = who.hashes[:1]
			}
		}
		if who.md5 != "" {
			for _, text := range dressed(who.md5) {
				ways[way{"email_md5", text}] = []string{who.md5}
			}
		}
		known := map[way][][16]byte{}
		for w := range ways {
			of, err := p.Identities(keys, w.name, []byte(w.value))
			if err != nil {
				t.Fatalf("%s, %q: %v", w.name, w.value, err)
			}
			for _, one := range of {
				if one.Form == 2 {
					known[w] = append(known[w], one.Hash)
				}
			}
		}
		for _, r := range p.Recipients() {
			for i, field := range r.Catalog.Fields {
				class := field.Class
				if class != who.class {
					if !slices.Contains(field.Also, who.class) && (class != hit.UserID && class != hit.ExternalID) {
						continue
					}
				}
				where := r.ID + " " + field.Path
				if fields[who.class] == nil {
					fields[who.class] = map[string]int{}
				}
				fields[who.class][where]++
				in := map[string][][16]byte{} // what is looked up for a text
				found := func(text string, w way) bool {
					looked, ok := in[text]
					if !ok {
						looked = p.SubjectsIn(keys, r.ID, i, class, "", text)
						in[text] = looked
					}
					return slices.ContainsFunc(looked, func(hash [16]byte) bool { return slices.Contains(known[w], hash) })
				}
				site := class == hit.UserID || class == hit.ExternalID || class == hit.ClientID || class == hit.DeviceID
				for w, finds := range ways {
					for _, text := range who.plain {
						if site && who.class == hit.Phone && (text[0] != '+' || strings.ContainsAny(text, "x;/\uff14\u0664")) {
							continue // an id that happens to be digits is an id
						}
						if !found(text, w) {
							t.Errorf("%s, %q, objected by %s %q: not found", where, text, w.name, w.value)
						}
					}
					for _, digits := range append(slices.Clone(who.hashes), who.md5) {
						if digits == "" || site && len(digits) == 32 {
							continue
						}
						for _, text := range dressed(digits) {
							if field.Hashed == catalog.UserData {
								name := map[hit.Class]string{hit.Email: "em", hit.Phone: "pn"}[who.class]
								text = "tv.1~fn0.x~" + name + "." + text + "~ln0.y"
							}
							if got, want := found(text, w), slices.Contains(finds, digits); got != want {
								t.Errorf("%s, %q, objected by %s %q: found %t, want %t", where, text, w.name, w.value, got, want)
							}
						}
					}
					for _, text := range who.others {
						if found(text, w) || found(sha(text), w) {
							t.Errorf("%s, %q is somebody else, and found by %s %q", where, text, w.name, w.value)
						}
					}
				}
			}
		}
	}
	if len(fields[hit.Email]) < 60 || len(fields[hit.Phone]) < 40 {
		t.Errorf("only %d fields of addresses and %d of numbers", len(fields[hit.Email]), len(fields[hit.Phone]))
	}
}

// TestAUserIDAsAHash: an objection by user id is found where the id is a hash, as vendors ask for it, and where it is
// there in plain.
func TestAUserIDAsAHash(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	places := 0
	for _, name := range []string{"user_id", "external_id"} {
		of, err := p.Identities(keys, name, []byte(" Customer-4711 "))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Recipients() {
			for i, field := range r.Catalog.Fields {
				for _, class := range append([]hit.Class{field.Class}, field.Also...) {
					if class != hit.UserID && class != hit.ExternalID {
						continue
					}
					places++
					found := func(text string) bool {
						return slices.ContainsFunc(p.SubjectsIn(keys, r.ID, i, class, "", text), func(hash [16]byte) bool {
							return slices.ContainsFunc(of, func(one rules.Identity) bool { return one.Hash == hash })
						})
					}
					for _, text := range []string{sha("customer-4711"), sha("Customer-4711")} {
						for _, dress := range dressed(text) {
							if !found(dress) {
								t.Errorf("%s %s, %q, objected by %s: not found", r.ID, field.Path, dress, name)
							}
						}
					}
					if class.String() == name && !found("Customer-4711") {
						t.Errorf("%s %s: not found in plain", r.ID, field.Path)
					}
					for _, other := range []string{sha("customer-4712"), "customer-4712", md("customer-4711"),
						sha(sha("customer-4711"))} {
						if found(other) {
							t.Errorf("%s %s: %q is found", r.ID, field.Path, other)
						}
					}
				}
			}
		}
	}
	if places < 20 {
		t.Errorf("only %d places", places)
	}
}

// TestNumbersOfASite: a number that does not say its country is one of the site's, where that names one; without a sign
// in front it may be one of another country as well, and is looked up as both.
func TestNumbersOfASite(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Sites[0].PhoneCountry = "DE"
	p := compile(t, d)
	keys := keysOf(p)
	of := func(text string) (all [][16]byte) {
		ids, err := p.Identities(keys, "phone", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range ids {
			all = append(all, one.Hash)
		}
		return all
	}
	berlin, boston := of("+49 30 1234567"), of("+1 617 555 0123")
	for _, c := range []struct {
		phone          string
		berlin, boston bool
	}{
		{"030 1234567", true, false}, {"030/1234567", true, false}, {"30 1234567", true, false}, {"+49301234567", true,
			false},
		{"49301234567", true, false}, {"0049 (0)30 1234567", true, false}, {"16175550123", false, true}, {"+16175550123",
			false, true},
		{"030 1234568", false, false}, {"06175550123", false, false},
	} {
		r := request(t, "POST /v1/track HTTP/1.1\nContent-Type: application/json\n\n"+fmt.Sprintf(
			`{"event":"Order","anonymousId":"b1946ac9-1111-4222-8333-444455556666","messageId":"m","type":"track",`+
				`"context":{"traits":{"phone":%q}}}`, c.phone), "segment")
		got := subjectsOf(t, p, keys, r)
		for name, want := range map[string]struct {
			hashes [][16]byte
			found  bool
		}{"Berlin": {berlin, c.berlin}, "Boston": {boston, c.boston}} {
			if found := slices.ContainsFunc(got, func(hash [16]byte) bool {
				return slices.Contains(want.hashes,
					hash)
			}); found != want.found {
				t.Errorf("%s, %s: found %t", c.phone, name, found)
			}
		}
	}
}

// TestAListOfAddressesHasAnEnd: a value that lists more addresses, or numbers, than anybody has is no visitor's: the
// hit is refused for what it would take.
func TestAListOfAddressesHasAnEnd(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := rules.Inputs{Now: now, Keys: keysOf(p)}
	for _, c := range []struct {
		n    int
		want rules.Reason
	}{{20, rules.Unjudged}, {300, rules.OverLimit}} {
		for trait, one := range map[string]string{"email": "a%d@example.com,", "phone": "+4930%07d,"} {
			var list strings.Builder
			for i := range c.n {
				fmt.Fprintf(&list, one, i)
			}
			r := request(t, "POST /v1/track HTTP/1.1\nContent-Type: application/json\n\n"+fmt.Sprintf(
				`{"event":"Order","anonymousId":"b1946ac9-1111-4222-8333-444455556666","messageId":"m","type":"track",`+
					`"context":{"traits":{%q:%q}}}`, trait, list.String()), "segment")
			var j rules.Judgement
			j.Hit.Reset()
			j.Hit.Request = r
			if got := rules.Read(p, &j, &in, nil); got != c.want {
				t.Errorf("%d in %s: %v", c.n, trait, got)
			}
		}
	}
}
