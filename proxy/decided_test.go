package proxy_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// securedPolicy is a shop where logins are looked at on an assessment that names compelling
// grounds, and everything else on consent.
const securedPolicy = `
-- purposes.yaml --
purposes:
  security: { title: Recognise stolen accounts, gpc: ignore, dnt: ignore, description: Logins are compared. }
  audience: { title: Measure the audience of our pages, categories: [analytics], gpc: ignore }
-- activities.yaml --
activities:
  - { id: logins, vendor: segment, purposes: [security], basis: legitimate_interest, assessment: LIA-1, exemption: fraud_prevention, profile: small, events: [login] }
  - { id: views, vendor: ga4, purposes: [audience], basis: consent, retention: 14 months, profile: small, events: ["*"] }
-- profiles.yaml --
profiles:
  small: { classes: { event_name: keep, user_id: pseudonymise, client_id: pseudonymise } }
-- assessments/LIA-1.yaml --
id: LIA-1
title: Stolen accounts
version: 1
owner: security@shop.example
purposes: [security]
recipients: [segment]
interest: { what: a, benefit: b, if_we_did_not: c }
necessity: { why: a, alternatives: b, minimised: c }
balancing: { relationship: customer, expected: a, impact: low, children: no, special_categories: no, transparency: b }
safeguards: [objection_in_one_click]
data: { event_name: keep, user_id: pseudonymise, client_id: pseudonymise }
dpia: none
retention: 14 months
objection: { how: footer, compelling_grounds: A thief would object first. }
review_by: 2027-05-04
`

func securedFolder(t testing.TB, upstream string) string {
	t.Helper()
	file, _ := securedBy(t, upstream)
	return file
}

// securedBy is securedFolder with the approver's key.
func securedBy(t testing.TB, upstream string) (file, private string) {
	t.Helper()
	file = folder(t, upstream)
	private, public, err := note.GenerateKey(nil, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	writePolicy(t, filepath.Dir(file), securedPolicy)
	edit(t, file, func(text string) string {
		return strings.Replace(text, "trusted_proxies: [10.0.0.0/8]", "trusted_proxies: [127.0.0.0/8]\n"+
			"controller: { name: Shop GmbH, contact: privacy@shop.example }\napprovers: { privacy: \""+public+"\" }", 1)
	})
	signed(t, file, private)
	return file, private
}

// signed approves the folder's assessment as it stands.
func signed(t testing.TB, file, private string) {
	t.Helper()
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	approval, err := basis.Sign(loaded.Assessments["LIA-1"].Document, loaded.Assessments["LIA-1"].Digest, private)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(filepath.Dir(file), "policy/assessments/LIA-1.yaml"), func(text string) string {
		signed, err := config.WithApproval([]byte(text), approval)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	})
}

func edit(t testing.TB, file string, how func(string) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, how(string(text)))
}

// login tells whether a login of a user in a browser arrives, with headers.
func (r *running) login(t testing.TB, v *vendor, user, browser, headers string) bool {
	t.Helper()
	before := len(v.got())
	body := `{"type":"track","event":"login","messageId":"m","writeKey":"KEY"`
	if user != "" {
		body += fmt.Sprintf(`,"userId":%q`, user)
	}
	if browser != "" {
		body += fmt.Sprintf(`,"anonymousId":%q`, browser)
	}
	const from = "X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/json\r\n"
	if a := r.send(t, post("/t/v1/track", from+headers, body+"}")); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	return len(v.got()) > before
}

// decides decides for a person, until a time, and returns the number of the decision.
func (r *running) decides(t testing.TB, until time.Time, ids ...objection.ID) uint64 {
	t.Helper()
	receipts, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: ids, Change: decision(until)}}})
	if err != nil || !receipts[0].New {
		t.Fatal(receipts, err)
	}
	return receipts[0].Seq
}

func decision(until time.Time) objection.Change {
	return objection.Change{By: "crm", Decide: &objection.Decision{
		Assessment: "LIA-1", Until: until, By: "privacy", Because: "Two stolen accounts share this device.",
	}}
}

var objectsToAll = objection.Change{Object: []string{objection.All}}

// TestADecisionLiftsAnObjection: what rests on the assessment goes on for the one whom a person decided for, by each id
// that the decision names and by browsers that follow them, and for nobody else; also after a restart and a crash. It
// ends with a new objection, taken back, and by time.
func TestADecisionLiftsAnObjection(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	at := newClock("2026-11-28T12:00:00Z")
	h := at.option
	file := securedFolder(t, v.URL)
	r := start(t, file, h)
	arrivesIs(t, "before", r.login(t, v, "u-1", device(1), ""), true)
	r.does(t, objectsToAll, user("u-1"))
	r.does(t, objectsToAll, user("u-2"))
	arrivesIs(t, "who objected", r.login(t, v, "u-1", device(1), ""), false)
	until(t, "the browser follows", func() bool { return r.stands(t, device(1)) })
	end := at.now().AddDate(0, 1, 0)
	r.decides(t, end, user("u-1"))
	arrivesIs(t, "decided for", r.login(t, v, "u-1", device(1), ""), true)
	arrivesIs(t, "by the browser alone", r.login(t, v, "", device(1), ""), true)
	arrivesIs(t, "somebody else", r.login(t, v, "u-2", device(2), ""), false)
	arrivesIs(t, "with somebody else's browser, who objected", r.login(t, v, "u-2", device(1), ""), false)
	until(t, "the browser follows both", func() bool {
		at.at.Add(int64(2 * time.Second)) // a network has a group a second
		return !r.login(t, v, "", device(1), "")
	})
	arrivesIs(t, "of two persons", r.login(t, v, "u-1", device(1), ""), false)
	arrivesIs(t, "in another browser", r.login(t, v, "u-1", device(3), ""), true)
	arrivesIs(t, "by a browser's own no", r.login(t, v, "u-1", device(3), "Cookie: __Host-tagwarden-objections=all\r\n"),
		false)
	before := len(v.got())
	r.send(t, get(pageView, "Cookie: ajs_user_id=u-1\r\n"+marketing))
	arrivesIs(t, "on consent", len(v.got()) > before, false)

	crashed := start(t, copied(t, r.file), h)
	arrivesIs(t, "after a crash", crashed.login(t, v, "u-1", device(4), ""), true)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, file, h)
	arrivesIs(t, "after a restart", r.login(t, v, "u-1", device(4), ""), true)

	r.does(t, objectsToAll, user("u-1"))
	arrivesIs(t, "who objects again", r.login(t, v, "u-1", device(4), ""), false)
	number := r.decides(t, end, user("u-1"))
	arrivesIs(t, "decided anew", r.login(t, v, "u-1", device(4), ""), true)
	r.does(t, objection.Change{EndDecision: number, Because: "a mistake", Holder: objection.Holder{Kind: objection.Role}})
	arrivesIs(t, "taken back", r.login(t, v, "u-1", device(4), ""), false)
	r.decides(t, end, user("u-1"))
	arrivesIs(t, "decided a third time", r.login(t, v, "u-1", device(4), ""), true)
	at.set(end.Format(time.RFC3339))
	arrivesIs(t, "over", r.login(t, v, "u-1", device(4), ""), false)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	var said, decisions []string // by their order: records of browsers that follow lie between them
	for line := range strings.Lines(r.ledger(t)) {
		of := gjson.Parse(line)
		switch kind := of.Get("kind").String(); {
		case kind == "event" && of.Get("decided").Exists():
			said = append(said, "permitted by "+ordinal(&decisions, of.Get("decided").String())+" "+of.Get("decision").String())
		case strings.HasPrefix(kind, "objection_decision"), kind == "objection_decided":
			number := of.Get("seq").String()
			if ends := of.Get("ends"); ends.Exists() { // its own comes before or behind that of a browser that follows
				number = ends.String()
			}
			said = append(said, kind+" "+ordinal(&decisions, number)+" "+of.Get("decided_by").String()+
				of.Get("because").String())
			if of.Get("subjects.#").Int() == 0 || strings.Contains(line, "u-1") {
				t.Errorf("the ledger says %s", line)
			}
		}
	}
	const because = "Two stolen accounts share this device."
	want := []string{
		"objection_decided (1) privacy" + because, "permitted by (1) permit",
		"objection_decision_end (1) there is a new objection",
		"objection_decided (2) privacy" + because, "permitted by (2) permit", "objection_decision_end (2) a mistake",
		"objection_decided (3) privacy" + because, "permitted by (3) permit",
	}
	if got := slices.Compact(said); !slices.Equal(got, want) {
		t.Errorf("the ledger says\n%s", strings.Join(got, "\n"))
	}
}

// visit asks for the preference centre with cookies, or sends it a form, and keeps those
// that the answer sets, as a browser does.
func (r *running) visit(t testing.TB, cookies map[string]string, body string) string {
	t.Helper()
	var all []string
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		all = append(all, name+"="+cookies[name])
	}
	const request = "/t/privacy/?lang=en"
	headers := "Cookie: " + strings.Join(all, "; ") + "\r\nOrigin: https://shop.example\r\nSec-Fetch-Site: same-origin\r\n"
	raw := get(request, headers)
	if body != "" {
		raw = post(request, headers+"Content-Type: application/x-www-form-urlencoded\r\n", body)
	}
	a := r.send(t, raw)
	for _, set := range a.headers.Values("Set-Cookie") {
		one, err := http.ParseSetCookie(set)
		if err != nil {
			t.Fatal(err)
		}
		if cookies[one.Name] = one.Value; one.Value == "" {
			delete(cookies, one.Name)
		}
	}
	return a.body
}

// TestADecisionInTheCentre: who objects there is told that it has stopped and is examined; once it is decided, that it
// goes on, why, and until when. From then on it does, in that browser, and until it objects again.
func TestADecisionInTheCentre(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, securedFolder(t, v.URL))
	cookies := map[string]string{"ajs_anonymous_id": device(1)}
	arrives := func() bool {
		var all []string
		for name, value := range cookies {
			all = append(all, name+"="+value)
		}
		return r.login(t, v, "", device(1), "Cookie: "+strings.Join(all, "; ")+"\r\n")
	}
	says := func(what string, page string, want ...string) {
		t.Helper()
		for _, text := range want {
			if not, is := strings.CutPrefix(text, "not "); strings.Contains(page, not) == is {
				t.Errorf("%s: %q in\n%s", what, text, page)
			}
		}
	}
	arrivesIs(t, "before", arrives(), true)
	says("before", r.visit(t, cookies, ""), "not has stopped", "not Goes on despite")
	r.visit(t, cookies, "do=all")
	arrivesIs(t, "objected", arrives(), false)
	says("objected", r.visit(t, cookies, ""), "the following has stopped while we examine it",
		"A thief would object first", "Shop GmbH", "within one month", "not Goes on despite")

	end := time.Now().AddDate(0, 2, 0)
	r.decides(t, end, objection.ID{Name: "client_id:segment", Value: device(1)})
	arrivesIs(t, "decided, by the cookie that nobody told", arrives(), false)
	arrivesIs(t, "decided, without it", r.login(t, v, "", device(1), ""), true)
	page := r.visit(t, cookies, "")
	says("decided", page, "Goes on despite your objection", "Two stolen accounts share this device",
		end.UTC().Add(-time.Second).Format("2 January 2006"), "not the following has stopped", "privacy@shop.example")
	arrivesIs(t, "decided and told", arrives(), true)
	arrivesIs(t, "told, by a cookie that says more",
		r.login(t, v, "", device(2), "Cookie: __Host-tagwarden-objections=all/"+rules.Told(time.Now())+"\r\n"), false)

	r.visit(t, cookies, "do=all")
	arrivesIs(t, "objected again", arrives(), false)
	says("objected again", r.visit(t, cookies, ""), "the following has stopped", "not Goes on despite")
	arrivesIs(t, "objected again, and looked", arrives(), false)
}

// TestADecisionEndsWithItsAssessment: it is on one version, and on what is valid.
func TestADecisionEndsWithItsAssessment(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	file, private := securedBy(t, v.URL)
	r := start(t, file)
	r.does(t, objectsToAll, user("u-1"))
	r.decides(t, time.Now().AddDate(0, 1, 0), user("u-1"))
	arrivesIs(t, "decided", r.login(t, v, "u-1", "", ""), true)
	assessment := filepath.Join(filepath.Dir(file), "policy/assessments/LIA-1.yaml")
	edit(t, assessment, func(text string) string { return strings.Replace(text, "version: 1", "version: 2", 1) })
	r.reloaded(t)
	arrivesIs(t, "not approved", r.login(t, v, "u-2", "", ""), false)
	signed(t, file, private)
	r.reloaded(t)
	arrivesIs(t, "of who did not object", r.login(t, v, "u-2", "", ""), true)
	arrivesIs(t, "another version", r.login(t, v, "u-1", "", ""), false)
	r.decides(t, time.Now().AddDate(0, 1, 0), user("u-1"))
	arrivesIs(t, "decided on that", r.login(t, v, "u-1", "", ""), true)
}

// TestADecisionIsTold: a webhook that asks for decisions is told of one with the identifiers as they were given, and of
// its end by hashes.
func TestADecisionIsTold(t *testing.T) {
	t.Parallel()
	told := make(chan string, 8)
	crm := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		told <- string(body)
	}))
	defer crm.Close()
	file := securedFolder(t, startVendor(t).URL)
	write(t, filepath.Join(filepath.Dir(file), "hook.key"), strings.Repeat("k", 32))
	edit(t, file, func(text string) string {
		return text + "webhooks: [{ name: crm, url: \"" + crm.URL +
			"\", private: true, events: [decision], scopes: [security], secret_file: ./hook.key }]\n"
	})
	r := start(t, file)
	r.does(t, objectsToAll, user("u-1"))
	number := r.decides(t, time.Now().AddDate(0, 1, 0), user("u-1"))
	r.does(t, objection.Change{EndDecision: number, Because: "a mistake", Holder: objection.Holder{Kind: objection.Role}})
	for _, want := range []string{`["u-1"] false`, " true"} {
		select {
		case got := <-told:
			data := gjson.Get(got, "data")
			said := data.Get("ids.user_id").Raw + " " + strconv.FormatBool(data.Get("decision.ended").Bool())
			if gjson.Get(got, "type").Str != "decision" || said != want || data.Get("decision.number").Uint() != number ||
				data.Get("decision.assessment").Str != "LIA-1" || data.Get("in_force").Raw == "" || data.Get("hashes").Raw == "{}" {
				t.Errorf("%s: %s", want, got)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("nobody is told of %s", want)
		}
	}
}
