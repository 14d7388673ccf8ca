package proxy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// who is a visitor, by a number: what each kind of identifier of theirs is.
type who int

func (n who) of(kind string) string {
	switch kind {
	case "email":
		return fmt.Sprintf("jane.doe%d@example.com", n)
	case "idn":
		return fmt.Sprintf("jane.doe%d@exämple.com", n)
	case "phone":
		return fmt.Sprintf("+4917139%05d", n)
	case "user_id":
		return fmt.Sprintf("cust-%05d", n)
	case "cid":
		return fmt.Sprintf("1%09d.17000%05d", n, n)
	case "uuid":
		return fmt.Sprintf("5d889c3c-0547-48a4-9dc5-2e5a%08x", n+1<<24)
	case "hex16":
		return fmt.Sprintf("abcdef01%08x", n+1<<24)
	case "fbp":
		return fmt.Sprintf("fb.1.17500000%05d.2%09d", n, n)
	}
	panic(kind)
}

// dress is a way to write an identifier.
type dress struct {
	name string
	of   func(id string) string
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

func packed(text string, in *base64.Encoding) string {
	digest := sha256.Sum256([]byte(text))
	return in.EncodeToString(digest[:])
}

// digits of an E.164 number.
func digitsOf(phone string) string { return phone[1:] }

var same = dress{"as it is", func(id string) string { return id }}

// dresses are the ways in which people, forms, CRMs and SDKs write an identifier of a kind.
var dresses = map[string][]dress{
	"email": {
		same,
		{"capitals", strings.ToUpper},
		{"blanks", func(id string) string { return "  " + id + " " }},
		{"name and brackets", func(id string) string { return "Jane Doe <" + id + ">" }},
		{"mailto", func(id string) string { return "mailto:" + id }},
		{"trailing dot", func(id string) string { return id + "." }},
	},
	"idn": {
		same,
		{"A-label", func(id string) string { return strings.Replace(id, "exämple", "xn--exmple-cua", 1) }},
		{"decomposed", func(id string) string { return strings.Replace(id, "ä", "a\u0308", 1) }},
		{"capitals", strings.ToUpper},
	},
	"phone": {
		same,
		{"groups", func(id string) string { return id[:3] + " 171 " + id[6:] }},
		{"00", func(id string) string { return "00" + id[1:] }},
		{"trunk", func(id string) string { return "+49 (0)171/" + id[6:] }},
		{"trunk without brackets", func(id string) string { return "+49 0171 " + id[6:] }},
		{"tel", func(id string) string { return "tel:" + id }},
		{"extension", func(id string) string { return id + " ext. 12" }},
		{"full width", func(id string) string {
			return strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r - '0' + '０'
				}
				return r
			}, id)
		}},
	},
	"user_id": {same, {"blanks", func(id string) string { return " " + id + " " }}},
	"cid": {same, {"cookie", func(id string) string {
		return "GA1.1." + id
	}}, {"cookie of a subdomain", func(id string) string { return "GA1.2." + id }}},
	"uuid":  {same, {"capitals", strings.ToUpper}},
	"hex16": {same, {"capitals", strings.ToUpper}},
	"fbp":   {same},
}

// hashes are the ways in which vendors and sites hash an identifier.
var hashes = map[string][]dress{
	"email": {
		{"SHA-256", sum},
		{"SHA-256 in capitals", func(id string) string { return strings.ToUpper(sum(id)) }},
		{"SHA-256 with a name", func(id string) string { return "sha256:" + sum(id) }},
		{"SHA-256 in base64", func(id string) string { return packed(id, base64.StdEncoding) }},
		{"SHA-256 in base64url", func(id string) string { return packed(id, base64.RawURLEncoding) }},
		{"0x", func(id string) string { return "0x" + sum(id) }},
	},
	"phone": {
		{"SHA-256 of digits", func(id string) string { return sum(digitsOf(id)) }},
		{"SHA-256 of E.164", sum},
		{"SHA-256 in base64", func(id string) string { return packed(id, base64.StdEncoding) }},
	},
	"user_id": {{"SHA-256", sum}},
}

// everyVendor writes a configuration with all vendors of the catalog, which may be sent everything with consent.
func everyVendor(t testing.TB, upstream string) string {
	t.Helper()
	dir := t.TempDir()
	var server, activities strings.Builder
	server.WriteString(`version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
sites:
  shop:
    hosts: [shop.example]
    base: /t
    origins: ["https://shop.example"]
    region: { default: EU }
    signals: { own: [{ cookie: site_consent, json: analytics, category: analytics, granted: ["yes"], refused: ["no"] }] }
vendors:
`)
	activities.WriteString("activities:\n")
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		var roles []string
		for role := range file.Hosts {
			roles = append(roles, fmt.Sprintf("%s: %q", role, upstream))
		}
		fmt.Fprintf(&server, "  %s: { catalog: %s, prefix: /%s, private: true, upstreams: { %s } }\n", id, id, id,
			strings.Join(roles, ", "))
		fmt.Fprintf(&activities,
			"  - { id: %s-consent, vendor: %s, purposes: [audience], basis: consent, retention: 14 months, profile: all, events: [\"*\"] }\n",
			id, id)
	}
	write(t, filepath.Join(dir, "tagwarden.yaml"), server.String())
	writePolicy(t, dir, "-- purposes.yaml --\npurposes:\n  audience: { title: Measure the audience of our pages, categories: [analytics], gpc: ignore }\n-- activities.yaml --\n"+
		activities.String()+`
-- profiles.yaml --
profiles:
  all:
    classes:
      event_name: keep
      client_id: { pseudonymise: { rotate: day } }
      device_id: { pseudonymise: { rotate: day } }
      user_id: { pseudonymise: { rotate: day } }
      external_id: { pseudonymise: { rotate: day } }
      email: { hash: sha256 }
      phone: { hash: sha256 }
      url: url
      credential: keep
      timestamp: keep
      event_id: keep
      user_agent: { generalise: family }
`)
	return filepath.Join(dir, "tagwarden.yaml")
}

// TestObjectorsAreFound: whoever objected, by whichever way in and in whatever dress of whichever identifier, is
// found in every place where SDKs and servers put that identifier, in whatever dress it stands there: nothing of
// theirs arrives. Everybody else's does.
func TestObjectorsAreFound(t *testing.T) {
	v := startVendor(t)
	file := everyVendor(t, v.URL)
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	tokens, err := access.OpenTokens(data)
	if err != nil {
		t.Fatal(err)
	}
	bearer, err := tokens.Create(access.By{}, "crm", access.Roles(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, file, func(o *proxy.Options) { o.Now = time.Now })
	call := func(body []byte) string {
		q, err := http.NewRequest(http.MethodPost, "http://"+r.admin+"/api/v1/objections", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+bearer)
		q.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != 200 {
			return string(text)
		}
		return ""
	}
	ways := map[string]func(as, value string) string{
		"API": func(as, value string) string {
			text, _ := json.Marshal(map[string]any{"ids": map[string]string{as: value}, "all": true})
			return call(text)
		},
		"import": func(as, value string) string {
			return imported(as, value, call)
		},
		"browser": func(as, value string) string {
			text, _ := json.Marshal(map[string]any{"ids": map[string]string{as: value}, "all": true})
			a := r.send(t, post("/t/privacy/objections",
				"Origin: https://shop.example\r\nContent-Type: application/json\r\nX-Forwarded-For: 192.0.2.1\r\n", string(text)))
			if a.status != 200 {
				return a.body
			}
			return ""
		},
	}
	sent := 0
	arrives := func(hit string) (bool, int) {
		before := len(v.got())
		sent++ // an event that was denied is not another one under the same id
		a := r.send(t, strings.ReplaceAll(hit, "abcabcabcabcabca", fmt.Sprintf("%016d", sent)))
		return len(v.got()) > before, a.status
	}
	next, failed := who(100), 0
	fail := func(format string, args ...any) {
		if failed++; failed <= 600 {
			t.Errorf(format, args...)
		}
	}
	all := places()
	for i := range all {
		p := &all[i]
		standing := append(slices.Clone(dresses[p.kind]), hashes[p.kind]...)
		if !p.hashed {
			standing = dresses[p.kind]
		}
		if p.only {
			standing = []dress{same}
		}
		for way, object := range ways {
			person := p.as == "email" || p.as == "phone" || p.as == "user_id"
			if way == "browser" && person {
				continue // an identifier that can be guessed is taken from its owner's link, or from staff
			}
			if way == "browser" && i > 3 && p.vendor != "segment" {
				continue // one visitor may change only so much in a while
			}
			for k, given := range dresses[p.kind] {
				for s, stands := range standing {
					if k > 0 && s > 0 && p.vendor != "segment" { // the product of all is the same for all vendors
						continue
					}
					next++
					hit := p.request(stands.of(next.of(p.kind)), next+1_000_000)
					if s == 0 && k == 0 {
						if ok, status := arrives(hit); !ok {
							fail("%s, %s: nothing arrives of who did not object (%d): %s", p.vendor, p.as, status, p.hit)
						}
					}
					if wrong := object(p.as, given.of(next.of(p.kind))); wrong != "" {
						fail("%s: %s %q (%s) is refused: %s", way, p.as, given.of(next.of(p.kind)), given.name, wrong)
						continue
					}
					if ok, _ := arrives(hit); ok {
						fail("%s, %s: objected by %s as %q, and arrives as %q: %s", p.vendor, p.as, way, given.name, stands.name, p.hit)
					}
				}
			}
		}
	}
	t.Logf("%d objectors, %d failures", next-100, failed)
}

// imported takes an identifier down as the import of a file with one row does.
func imported(as, value string, call func([]byte) string) string {
	act := lists.Act{All: true}
	rows, err := lists.Open(strings.NewReader("it\n\""+strings.ReplaceAll(value, `"`, `""`)+"\"\n"), "csv",
		[]lists.Column{{What: as, Name: "it"}}, time.Now())
	if err != nil {
		return err.Error()
	}
	row, ok := rows.Next()
	if !ok || row.Fault != "" {
		return "no row: " + row.Fault
	}
	body := append([]byte(`{"objections":[`), row.Append(nil, &act, act.Common())[1:]...)
	return call(append(body, "]}"...))
}
