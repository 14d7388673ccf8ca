package proxy_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// surfer is a browser of the visitor's, or one that says so: it sends the visitor's id, and keeps the cookies that it
// is given.
type surfer struct {
	*running
	cookies map[string]string
}

func (r *running) surfer(cookies ...string) *surfer {
	s := &surfer{r, map[string]string{}}
	s.keeps(append([]string{"_ga=GA1.1." + theVisitor[0].Value}, cookies...))
	return s
}

func (s *surfer) keeps(cookies []string) {
	for _, one := range cookies {
		name, value, _ := strings.Cut(one, "=")
		if s.cookies[name] = value; value == "" {
			delete(s.cookies, name)
		}
	}
}

func (s *surfer) header() string {
	var all []string
	for name, value := range s.cookies {
		all = append(all, name+"="+value)
	}
	return "Cookie: " + strings.Join(all, "; ") + "\r\n"
}

// does chooses in the preference centre, and returns what the page says then.
func (s *surfer) does(t *testing.T, form string) string {
	t.Helper()
	a := s.send(t, post("/t/privacy/", "Origin: https://shop.example\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\n"+s.header(), form))
	if a.status != 303 {
		t.Fatalf("%s: %d", form, a.status)
	}
	s.keeps(cookiesOf(&a))
	to, _, _ := strings.Cut(a.headers.Get("Location"), "#")
	page := s.send(t, get("/t/privacy/"+to, s.header()))
	return page.body
}

// TestOnlyOnesOwnActEnds, live: the visitor objects in a browser; somebody who knows the id, a link and a role object
// too and take back: the visitor's objection stands until the visitor's browser ends it, or a role every act.
func TestOnlyOnesOwnActEnds(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	owner := r.surfer()
	owner.does(t, "do=all")
	standing := func(what string, want bool) {
		t.Helper()
		if r.forwarded(t, v) == want {
			t.Errorf("%s: the visitor's objection stands: want %v", what, want)
		}
	}
	standing("objected", true)
	attacker := r.surfer()
	attacker.does(t, "do=all")
	if page := attacker.does(t, "do=back"); !strings.Contains(page, "Objections made elsewhere stay in force.") {
		t.Error(page)
	}
	standing("an attacker's act was taken back", true)
	forged := r.surfer("__Host-tagwarden-undo=" + strings.Repeat("A", 32))
	forged.does(t, "do=back")
	standing("a cookie was made up", true)

	made := httptest.NewRecorder()
	asked := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/objections/links",
		strings.NewReader(`{"ids":{"client_id:ga4":"`+theVisitor[0].Value+`"},"all":true,"site":"shop"}`))
	asked.Header.Set("Content-Type", "application/json")
	r.Operator().ServeHTTP(made, asked)
	at, err := url.Parse(gjson.Get(made.Body.String(), "links.0.url").Str)
	if err != nil || at.Path == "" {
		t.Fatal(err, made.Body)
	}
	for _, do := range []string{"do=object", "do=back"} {
		if a := r.send(t, post(at.Path, "Content-Type: application/x-www-form-urlencoded\r\n", do)); a.status != 303 {
			t.Errorf("%s by link: %d", do, a.status)
		}
	}
	if a := r.send(t, get(at.Path+"?done=taken", "")); !strings.Contains(a.body,
		"What you objected to by link is taken back. Objections made elsewhere") {
		t.Errorf("%d %s", a.status, a.body)
	}
	standing("the link's act was taken back", true)
	if got := r.act(t, objection.Change{TakeBack: []string{"all"}, By: "crm", Because: "asked"}); got[0].New ||
		len(got[0].Held) != 1 {
		t.Errorf("%+v", got)
	}
	standing("a role took back", true)

	// Over a restart, too.
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, r.file)
	owner.running = r
	standing("restarted", true)
	if page := owner.does(t, "do=back"); strings.Contains(page, "made elsewhere stay in force.<") ||
		len(owner.cookies) != 1 {
		t.Errorf("%v\n%s", owner.cookies, page)
	}
	standing("the owner took back", false)
	owner.does(t, "do=all")
	standing("again", true)
	r.act(t, objection.Change{TakeBack: []string{"all"}, EveryAct: true, By: "crm", Because: "asked in writing"})
	standing("every act was ended", false)

	acts := map[string]int{}
	for _, line := range append(r.recordsOf(t, "objection"), r.recordsOf(t, "withdrawal")...) {
		acts[gjson.Get(line, "act").Str]++
	}
	browsers := 0
	for act := range acts {
		if strings.HasPrefix(act, "browser:") && len(act) == len("browser:")+16 {
			browsers++
		}
	}
	if browsers != 3 || acts["link"] != 2 || acts["role"] != 1 {
		t.Errorf("the ledger names acts %v", acts)
	}
}

// TestAnAccountsNameInACookie, live: a cookie that was made by hand, with a user id in it, objects for nobody but the
// browser, and takes nothing back.
func TestAnAccountsNameInACookie(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	b := &surfer{r, map[string]string{"mp_token_mixpanel": url.QueryEscape(`{"distinct_id":"customer-4711"}`)}}
	page := b.does(t, "do=all")
	if !strings.Contains(page, "What you choose here holds in this browser.") ||
		b.cookies["__Host-tagwarden-objections"] != "all" || len(b.cookies) != 2 {
		t.Errorf("%v\n%s", b.cookies, page)
	}
	for _, id := range []objection.ID{{Name: "user_id", Value: "customer-4711"},
		{Name: "client_id:mixpanel", Value: "customer-4711"}} {
		if stands, err := r.Standing([]objection.ID{id}, nil); err != nil || len(stands) > 0 {
			t.Errorf("%s: %v, %v", id.Name, stands, err)
		}
	}
	// That somebody objected in a browser is recorded, and nothing of whom.
	if got := r.recordsOf(t, "objection"); len(got) != 1 || gjson.Get(got[0], "act").Str != "cookie" ||
		gjson.Get(got[0], "seq").Exists() || len(gjson.Get(got[0], "subjects").Array()) > 0 {
		t.Error(fmt.Sprint(got))
	}
}
