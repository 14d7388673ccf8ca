package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// wordsOf are readings in words.
func wordsOf(all []Reading) string {
	var b strings.Builder
	for i := range all {
		b.WriteString(all[i].words())
	}
	return b.String()
}

// words says what a reading holds, in one line.
func (r *Reading) words() string {
	text := fmt.Sprintf("%s %s %s", r.By, r.Through, r.Verb)
	if r.Number != nil {
		text += fmt.Sprintf(" #%d", *r.Number)
	}
	if len(r.Asked) > 0 {
		text += " by " + strings.Join(r.Asked, " ")
	}
	if !r.From.IsZero() || !r.To.IsZero() {
		text += " in time"
	}
	if len(r.Subjects) > 0 {
		text += fmt.Sprintf(" about %x form %d", r.Subjects, r.Form)
	}
	if r.Records != nil {
		text += fmt.Sprintf(": %d", *r.Records)
	}
	return text
}

// TestReadingsAreRecorded: whatever shows something of the log is recorded before it does, also that nothing was found;
// what is refused because it is asked wrongly has shown nothing.
func TestReadingsAreRecorded(t *testing.T) {
	for _, test := range []struct {
		method, path, body string
		code               int
		says, reading      string
	}{
		{"GET", "/ledger/records", "", 200, `"number":7,"record":{"kind":"event","hit":7,"name":"a<b>&c"}`,
			"crm http search: 1"},
		{"GET", "/ledger/records?vendor=ga4&reason=objection&limit=5&from=2026-11-01T00:00:00Z", "", 200, `"whole":true`,
			"crm http search by reason vendor in time: 1"},
		{"GET", "/ledger/records?begin=2&end=9&limit=1", "", 200, `"next":8`, "crm http search by number: 1"},
		{"GET", "/ledger/records?number=7", "", 200, `"number":7`, "crm http search by number: 1"},
		{"GET", "/ledger/records?event=purchase&field=en&purpose=ads&since=7d&until=1h&decision=permit&decision=deny",
			"", 200, `"whole":true`,
			"crm http search by decision field name purpose in time: 1"},
		{"GET", "/ledger/records?where=by%3Dauditor&where=verb%3Dtail&kind=reading", "", 200, "",
			"crm http search by by kind verb: 1"},
		{"GET", "/ledger/records?wide=true", "", 200, `"shape":{"id":"a1","kept":["en"],"changed":[],"dropped":[]},"rungs":{`,
			"crm http search: 1"},
		{"HEAD", "/ledger/records", "", 200, "", "crm http search: 1"},
		{"GET", "/ledger/records?where=name%3Deverything", "", 422, "read for longer than 30s", ""},
		{"POST", "/ledger/records", `{"name":"everything"}`, 422, "read for longer than 30s", ""},
		{"GET", "/ledger/records/8/why", "", 422, "read for longer than 30s", ""},
		{"GET", "/ledger/records?vendor=ga5", "", 400, "knows the vendor `ga5`; `ga4` is one", ""},
		{"GET", "/ledger/records?vendor=jane@example.com", "", 400, "the vendor that is given; `ga4` is one", ""},
		{"GET", "/ledger/records?reason=objections", "", 400, "`objection` is one", ""},
		{"GET", "/ledger/records?where=vendr%3Dga4", "", 400, "no record has a member `vendr`; `vendor` is one", ""},
		{"GET", "/ledger/records?where=vendor", "", 400, "MEMBER=VALUE is right", ""},
		{"GET", "/ledger/records?where=subject%3D00112233445566778899aabbccddeeff", "", 400, "stands in no address", ""},
		{"GET", "/ledger/records?limit=1001", "", 400, "from 1 to 1000", ""},
		{"GET", "/ledger/records?limit=0", "", 400, `"parameter":"limit"`, ""},
		{"GET", "/ledger/records?wide=yes", "", 400, `"parameter":"wide"`, ""},
		{"GET", "/ledger/records?begin=-1", "", 400, `"parameter":"begin"`, ""},
		{"GET", "/ledger/records?begin=5&end=5", "", 400, `"parameter":"end"`, ""},
		{"GET", "/ledger/records?from=yesterday", "", 400, "2026-05-04, or 7d", ""},
		{"GET", "/ledger/records?number=x", "", 400, "17 is, or 17-20", ""},
		{"GET", "/ledger/records?since=7d&from=7d", "", 400, "it says the same as since", ""},
		{"GET", "/ledger/records?from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z", "", 400, "ends before it begins", ""},
		{"GET", "/ledger/records?vendr=ga4", "", 400, `did you mean \"vendor\"`, ""},
		{"GET", "/ledger/records?since=7d&since=8d", "", 400, "given twice", ""},
		{"GET", "/ledger/records?vendor=", "", 400, "leave it out", ""},
		{"GET", "/ledger/records?vendor=%ff", "", 400, "no UTF-8", ""},
		{"GET", "/ledger/records?vendor=%", "", 400, "cannot be read", ""},
		{"GET", "/ledger/records?subject=00112233445566778899aabbccddeeff", "", 400,
			`"parameter":"subject","detail":"whom one asks about stands in no address`, ""},
		{"POST", "/ledger/records", `{"ids":{"client_id":"777.888"},"vendor":["ga4"],"since":"7d","wide":true,"begin":3}`,
			200, `"number":7`,
			"crm http search by number vendor in time about [01000000000000000000000000000000] form 0: 1"},
		{"POST", "/ledger/records", `{"subject":["00112233445566778899aabbccddeeff"],"where":["kind=event"],"limit":9}`,
			200, "",
			"crm http search by kind about [00112233445566778899aabbccddeeff] form 0: 1"},
		{"POST", "/ledger/records", `{"vendr":"ga4"}`, 422, `not known: vendr: did you mean \"vendor\"`, ""},
		{"POST", "/ledger/records", `{"subject":"jane@example.com"}`, 422, "that is given is no subject", ""},
		{"POST", "/ledger/records", `{"vendor":"ga5"}`, 422, `"pointer":"/vendor"`, ""},
		{"POST", "/ledger/records", `{"since":["7d","8d"]}`, 422, "a string is wanted here", ""},
		{"POST", "/ledger/records", `{"limit":1001}`, 422, "from 1 to 1000", ""},
		{"POST", "/ledger/records", `{"begin":5,"end":5}`, 422, "not behind begin", ""},
		{"POST", "/ledger/records?vendor=ga4", `{}`, 400, "there are none here", ""},
		{"POST", "/ledger/export", `{"limit":10000,"kind":"event"}`, 200, `"number":7`, "crm http export by kind: 1"},
		{"POST", "/ledger/export", `{"limit":10001}`, 422, "from 1 to 10000", ""},
		{"GET", "/ledger/records/7", "", 200, `{"number":7,"record":{"kind":"event","hit":7,"name":"a<b>&c"}}`,
			"crm http record #7: 1"},
		{"GET", "/ledger/records/3", "", 404, "which record 5 says", "crm http record #3: 0"},
		{"GET", "/ledger/records/4", "", 404, "no record says that it was erased", "crm http record #4: 0"},
		{"GET", "/ledger/records/10", "", 404, "the newest is 9", "crm http record #10: 0"},
		{"GET", "/ledger/records/07", "", 400, "17 is right", ""},
		{"GET", "/ledger/records/x", "", 400, "17 is right", ""},
		{"GET", "/ledger/records/", "", 400, "17 is right", ""},
		{"GET", "/ledger/records/99999999999999999999", "", 400, "17 is right", ""},
		{"GET", "/ledger/records/7?format=text", "", 400, "there are none here", ""},
		{"GET", "/ledger/records/7/wyh", "", 404, "nothing at this address", ""},
		{"GET", "/ledger/records/7/why/not", "", 404, "nothing at this address", ""},
		{"GET", "/ledger/records/7/why", "", 200, `"same":true`, "crm http why #7: 1"},
		{"GET", "/ledger/records/70/why", "", 404, "the newest is 9", "crm http why #70: 0"},
		{"GET", "/ledger/records/7/proof", "", 200, "tagwarden proof 1", "crm http prove #7: 1"},
		{"GET", "/ledger/records/9/proof", "", 503, "no checkpoint covers", ""},
		{"POST", "/ledger/subject", `{"ids":{"client_id":"777.888"},"from":"2026-11-01T00:00:00Z"}`, 200,
			`{"forwarded":[]}`, "crm http subject in time about [01000000000000000000000000000000] form 0: 4"},
		{"POST", "/ledger/subject", `{"subject":"00112233445566778899aabbccddeeff","since":"7d"}`, 200, "",
			"crm http subject in time about [00112233445566778899aabbccddeeff] form 0: 4"},
		{"POST", "/ledger/subject", `{}`, 422, "about whom is it asked?", ""},
		{"POST", "/ledger/subject", `{"subject":"0011","ids":{"client_id":"777.888"}}`, 422, "32 hexadecimal digits", ""},
		{"POST", "/ledger/subject", `{"subject":["00112233445566778899aabbccddeeff"],"ids":{"client_id":"777.888"}}`, 200, "",
			"crm http subject about [00112233445566778899aabbccddeeff 01000000000000000000000000000000] form 0: 4"},
		{"POST", "/ledger/subject", `{"ids":{"email":"jane"}}`, 422, "it holds no @", ""},
		{"POST", "/ledger/subject", `{"ids":{"client_id":"7"},"limit":10}`, 422, "not known: limit", ""},
		{"POST", "/ledger/subject", `{"ids":{"client_id":"7"},"vendor":"ga4"}`, 422, "not known: vendor", ""},
		{"POST", "/ledger/subject?vendor=ga4", `{"ids":{"client_id":"7"}}`, 400, "there are none here", ""},
		{"POST", "/ledger/audit", `{}`, 202, `"state":"running"`, "crm http audit"},
		{"POST", "/ledger/audit", `{"since":"2026-11-02T00:00:00Z","until":"2026-11-01T00:00:00Z"}`, 422, "/until", ""},
		{"POST", "/ledger/audit", `{"since":"7d"}`, 202, "running", "crm http audit in time"},
		{"POST", "/ledger/audit", `{"since":"7x"}`, 422, "2026-05-04, or 7d", ""},
		{"POST", "/ledger/audit", `{"from":"7d"}`, 422, "known here: since, until", ""},
		{"GET", "/ledger/audit", "", 200, `"state":"none"`, ""},
		{"DELETE", "/ledger/audit", "", 200, `"state":"none"`, ""},
		{"DELETE", "/ledger/audit?x=1", "", 400, "there are none here", ""},
		{"GET", "/ledger/audit?x=1", "", 400, "there are none here", ""},
		{"GET", "/ledger/retention", "", 200, `"kept":"90d"`, "crm http retention"},
		{"GET", "/ledger/retention?x=1", "", 400, "there are none here", ""},
		{"GET", "/ledger/checkpoints", "", 200, `"records":3`, ""},
		{"GET", "/ledger/checkpoints?x=1", "", 400, "there are none here", ""},
	} {
		a, l := withReviewed(t)
		w := a.call(a.face, test.method, Base+test.path, test.body)
		if w.Code != test.code || !strings.Contains(w.Body.String(), test.says) ||
			w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s %s: %d %s", test.method, test.path, test.body, w.Code, w.Body)
		}
		if w.Code >= 400 {
			isProblem(t, w)
		}
		if said := wordsOf(l.began); said != test.reading {
			t.Errorf("%s %s: recorded is %q, not %q", test.method, test.path, said, test.reading)
		}
	}
}

// TestWhatCannotBeRecordedIsNotShown: no call shows anything of the log where it
// cannot be recorded, or nobody records it.
func TestWhatCannotBeRecordedIsNotShown(t *testing.T) {
	for _, nobody := range []bool{true, false} {
		a, l := withReviewed(t)
		l.fails = errors.New("the disk is full")
		l.state.State = AuditDone
		if nobody {
			a.options.Readings = nil
		}
		a.face = New(a.options)
		for _, test := range []struct{ method, path, body string }{
			{"GET", "/ledger/records", ""}, {"GET", "/ledger/records/7", ""}, {"GET", "/ledger/records/70", ""},
			{"GET", "/ledger/records/7/why", ""}, {"GET", "/ledger/records/7/proof", ""},
			{"POST", "/ledger/subject", `{"ids":{"client_id":"7"}}`}, {"POST", "/ledger/audit", `{}`},
			{"GET", "/ledger/audit", ""}, {"DELETE", "/ledger/audit", ""}, {"GET", "/ledger/retention", ""},
			{"POST", "/ledger/records", `{}`}, {"POST", "/ledger/export", `{}`},
		} {
			w := a.call(a.face, test.method, Base+test.path, test.body)
			if p := isProblem(t, w); p.Status != 503 || strings.Contains(w.Body.String(), "hit") {
				t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, w.Body)
			}
		}
		if l.state.State != AuditDone {
			t.Error("an audit was begun")
		}
	}
}

// TestPartsThatAreNotHere: what nobody answers is said to be not here.
func TestPartsThatAreNotHere(t *testing.T) {
	a := newAPI(t)
	for _, test := range []struct{ method, path, body string }{
		{"GET", "/ledger/records", ""}, {"GET", "/ledger/records/7", ""}, {"GET", "/ledger/records/7/why", ""},
		{"GET", "/ledger/records/7/proof", ""}, {"POST", "/ledger/subject", `{"ids":{"client_id":"7"}}`},
		{"POST", "/ledger/audit", `{}`}, {"GET", "/ledger/audit", ""}, {"DELETE", "/ledger/audit", ""},
		{"GET", "/ledger/retention", ""},
		{"POST", "/ledger/records", `{}`}, {"POST", "/ledger/export", `{}`},
	} {
		w := a.call(a.face, test.method, Base+test.path, test.body)
		if p := isProblem(t, w); p.Status != 404 || p.Type != problem.Prefix+"missing" ||
			!strings.Contains(p.Detail, "here") {
			t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, w.Body)
		}
	}
}

// TestReadersAreBounded: no more calls read the log at once than there is room for; the others are told to come back.
func TestReadersAreBounded(t *testing.T) {
	a, l := withReviewed(t)
	l.enter, l.leave = make(chan struct{}), make(chan struct{})
	ended := make(chan int)
	for range mostSearches {
		go func() { ended <- a.call(a.face, "GET", Base+"/ledger/records", "").Code }()
		<-l.enter
	}
	w := a.call(a.face, "GET", Base+"/ledger/records/7", "")
	if isProblem(t, w).Status != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(l.leave)
	for range mostSearches {
		if code := <-ended; code != 200 {
			t.Error(code)
		}
	}
}

// TestCommandsSayThatTheyRead: the operator's commands, and nobody with a token, have it recorded that they read files.
func TestCommandsSayThatTheyRead(t *testing.T) {
	for _, test := range []struct {
		path, body string
		code       int
		says, told string
	}{
		{"", `{"verb":"tail"}`, 200, `"reading":"0011223344556677"`, "operator socket tail"},
		{"", `{"verb":"search","asked":["vendor","kind","vendor"],"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}`,
			200, "",
			"operator socket search by kind vendor in time"},
		{"", `{"verb":"why","number":7,"records":1}`, 200, "", "operator socket why #7: 1"},
		{"", `{"verb":"subject","subjects":["01020000000000000000000000000000"],"form":2}`, 200, "",
			"operator socket subject about [01020000000000000000000000000000] form 2"},
		{"", `{"verb":"look"}`, 422, "/verb", ""},
		{"", `{}`, 422, "how is the log read", ""},
		{"", `{"verb":"search","asked":["jane@example.com"]}`, 422, "no member's name", ""},
		{"", `{"verb":"search","subjects":["jane"]}`, 422, "no subject's hash", ""},
		{"", `{"verb":"search","why":"x"}`, 422, "known here", ""},
		{"", `{"verb":"search","number":-1}`, 422, "a whole number", ""},
		{"/end", `{"reading":"0011223344556677","records":17}`, 200, "", "0011223344556677 operator 17"},
		{"/end", `{"reading":"jane","records":17}`, 422, "it names no reading", ""},
		{"/end", `{"records":17}`, 422, "which reading ended", ""},
		{"/end", `{"reading":"0011223344556677","of":17}`, 422, "known here", ""},
	} {
		a, l := withReviewed(t)
		w := a.call(a.operator, "POST", Base+"/ledger/readings"+test.path, test.body)
		said := strings.Join(l.ended, "; ") + wordsOf(l.began)
		if w.Code != test.code || !strings.Contains(w.Body.String(), test.says) || said != test.told {
			t.Errorf("%s: %d %s, recorded is %q", test.body, w.Code, w.Body, said)
		}
		if strings.Contains(w.Body.String(), "jane") {
			t.Errorf("%s: it is shown again: %s", test.body, w.Body)
		}
		if w := a.call(a.face, "POST", Base+"/ledger/readings"+test.path, test.body); w.Code != 404 {
			t.Errorf("with a token: %d %s", w.Code, w.Body)
		}
	}
	a, l := withReviewed(t)
	l.fails = errors.New("the disk is full")
	for path, body := range map[string]string{"": `{"verb":"tail"}`,
		"/end": `{"reading":"0011223344556677","records":1}`} {
		if w := a.call(a.operator, "POST", Base+"/ledger/readings"+path, body); isProblem(t, w).Status != 503 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	options := a.options
	options.Operator, options.Alone = true, true
	l.fails = nil
	a.call(New(options), "POST", Base+"/ledger/readings", `{"verb":"tail"}`)
	if l.began[len(l.began)-1].Through != ThroughCommand {
		t.Errorf("%+v", l.began)
	}
}

// TestAuditIsOneAtATime: a second one is told to wait; what one found is shown, and recorded as read.
func TestAuditIsOneAtATime(t *testing.T) {
	a, l := withReviewed(t)
	for _, want := range []int{202, 409} {
		if w := a.call(a.face, "POST", Base+"/ledger/audit", `{}`); w.Code != want {
			t.Errorf("%d %s, not %d", w.Code, w.Body, want)
		}
	}
	at := noon.Add(time.Minute)
	l.state.State, l.state.Ended, l.state.Findings, l.state.Report = AuditDone, &at, 2, json.RawMessage(`{"a":"<"}`)
	l.began = nil
	w := a.call(a.face, "GET", Base+"/ledger/audit", "")
	if !strings.Contains(w.Body.String(), `"report":{"a":"<"}`) || len(l.began) != 1 ||
		l.began[0].words() != "crm http audit: 2" {
		t.Errorf("%d %s, %+v", w.Code, w.Body, l.began)
	}
}

// TestPersonsAreAskedAboutByThoseWhoMay: who may search and may not ask about persons is told, and nothing is shown.
func TestPersonsAreAskedAboutByThoseWhoMay(t *testing.T) {
	a, l := withReviewed(t)
	h := a.face.(*handler)
	who := caller{name: "reader", token: &access.Token{Name: "reader", Roles: []access.Role{access.Checker}}}
	for _, body := range []string{`{"ids":{"client_id":"777.888"}}`, `{"subject":"00112233445566778899aabbccddeeff"}`,
		`{"where":["subjects=00112233445566778899aabbccddeeff"]}`} {
		r := httptest.NewRequest(http.MethodPost, Base+"/ledger/records", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		err := searchInBody(h, httptest.NewRecorder(), r, who)
		p, is := errors.AsType[*problem.Document](err)
		if !is || p.Status != http.StatusForbidden || !strings.Contains(p.Detail, "permission subjects") ||
			!strings.Contains(p.Detail, "privacy, security, admin") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if len(l.began) > 0 || len(a.refused) != 3 {
		t.Errorf("%v was read, %v refused", l.began, a.refused)
	}
}
