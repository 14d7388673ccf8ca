package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// reviewed is a log of ten records that is read: record 3 was erased, which record 5 says.
type reviewed struct {
	mu      sync.Mutex // of what calls side by side change
	asked   RecordsAsk
	subject SubjectAsk
	state   AuditState
	began   []Reading // what was recorded
	ended   []string
	erased  []string
	fails   error // that a reading is recorded
	enter   chan struct{}
	leave   chan struct{}
}

// line is a record, with what HTML would have escaped.
func line(number uint64) []byte {
	return fmt.Appendf(nil, `{"kind":"event","hit":%d,"name":"a<b>&c"}`, number)
}

func (l *reviewed) Search(_ context.Context, ask RecordsAsk) (RecordsPage, error) {
	if l.enter != nil {
		l.enter <- struct{}{}
		<-l.leave
	}
	l.mu.Lock()
	l.asked = ask
	l.mu.Unlock()
	if ask.Members["vendor"] == "ga5" {
		return RecordsPage{}, problem.New(http.StatusBadRequest, "parameter", "there is no such vendor")
	}
	page := RecordsPage{Records: []NumberedRecord{{7, line(7)}}, Examined: 10, Of: 10, Whole: true}
	if ask.Limit == 1 {
		page.Whole, page.Next = false, 8
	}
	return page, nil
}

func (l *reviewed) Record(_ context.Context, number uint64) ([]byte, error) {
	switch by := uint64(5); {
	case number == 3:
		return nil, Gone(3, &by)
	case number == 4:
		return nil, Gone(4, nil)
	case number >= 10:
		return nil, Unknown(number, 10)
	}
	return line(number), nil
}

func (l *reviewed) Proof(_ context.Context, number uint64) ([]byte, error) {
	if number == 9 {
		return nil, problem.New(http.StatusServiceUnavailable, "unsigned", "no checkpoint covers the record yet")
	}
	if number >= 10 {
		return nil, Unknown(number, 10)
	}
	return []byte("{\n  \"format\": \"tagwarden proof 1\"\n}\n"), nil
}

func (l *reviewed) why(_ context.Context, number uint64) (any, error) {
	if number >= 10 {
		return nil, Unknown(number, 10)
	}
	return map[string]any{"number": number, "same": true}, nil
}

func (l *reviewed) Subject(_ context.Context, ask SubjectAsk) (SubjectAnswer, error) {
	l.subject = ask
	for _, id := range ask.IDs {
		if id.Name == "email" && !strings.Contains(id.Value, "@") {
			return SubjectAnswer{}, &objection.Fault{What: "ids.email", Err: errors.New("it holds no @")}
		}
	}
	return SubjectAnswer{map[string]any{"records": []any{}}, 4, [][16]byte{{1, 2}}, 2}, nil
}

func (l *reviewed) Start(_ context.Context, who string, _ AuditAsk) (AuditState, error) {
	if l.state.State == AuditRunning {
		return AuditState{}, problem.New(http.StatusConflict, "busy", "an audit is under way")
	}
	at := noon
	l.state = AuditState{State: AuditRunning, By: who, Began: &at, Of: 10}
	return l.state, nil
}

func (l *reviewed) State() AuditState { return l.state }

func (l *reviewed) Retention(context.Context) (Retention, error) {
	return Retention{Kept: "90d", Windows: []RetentionWindow{}, Overdue: []RetentionLate{}}, nil
}

func (l *reviewed) Erase(_ context.Context, who string, of EraseAsk) (Erased, error) {
	l.erased = append(l.erased, who+": "+of.Because)
	return Erased{Trial: of.Trial, Request: "5f21a0c3", Records: 3, Segments: 1}, nil
}

func (l *reviewed) Begin(of Reading) (string, error) {
	if l.fails != nil {
		return "", l.fails
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began = append(l.began, of)
	return "0011223344556677", nil
}

func (l *reviewed) End(id, by string, records int) error {
	l.ended = append(l.ended, fmt.Sprint(id, " ", by, " ", records))
	return l.fails
}

// withReviewed is an API whose log can be read.
func withReviewed(t *testing.T) (*api, *reviewed) {
	t.Helper()
	a := newAPI(t)
	l := &reviewed{state: AuditState{State: AuditNone}}
	o := &a.options
	o.Hashes = func([]objection.ID) ([]objection.Subject, error) {
		return []objection.Subject{{Ledger: [16]byte{1}}}, nil
	}
	o.Records, o.Subjects, o.Why, o.Audits, o.Eraser, o.Readings = l, l, l.why, l, l, l
	a.face = New(*o)
	operator := *o
	operator.Operator = true
	a.operator = New(operator)
	return a, l
}

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
		{"GET", "/ledger/records", "", 200, `"number":7,"record":{"kind":"event","hit":7,"name":"a<b>&c"}`, "crm http search: 1"},
		{"GET", "/ledger/records?vendor=ga4&reason=objection&limit=5&from=2026-11-01T00:00:00Z", "", 200, `"whole":true`,
			"crm http search by reason vendor in time: 1"},
		{"GET", "/ledger/records?begin=2&end=9&limit=1", "", 200, `"next":8`, "crm http search by begin end: 1"},
		{"HEAD", "/ledger/records", "", 200, "", "crm http search: 1"},
		{"GET", "/ledger/records?vendor=ga5", "", 400, "there is no such vendor", ""},
		{"GET", "/ledger/records?limit=1001", "", 400, "from 1 to 1000", ""},
		{"GET", "/ledger/records?limit=0", "", 400, `"parameter":"limit"`, ""},
		{"GET", "/ledger/records?begin=-1", "", 400, `"parameter":"begin"`, ""},
		{"GET", "/ledger/records?begin=5&end=5", "", 400, `"parameter":"end"`, ""},
		{"GET", "/ledger/records?from=yesterday", "", 400, "2026-12-01T12:00:00Z is right", ""},
		{"GET", "/ledger/records?from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z", "", 400, `"parameter":"to"`, ""},
		{"GET", "/ledger/records?vendr=ga4", "", 400, `did you mean \"vendor\"`, ""},
		{"GET", "/ledger/records?vendor=ga4&vendor=meta", "", 400, "given twice", ""},
		{"GET", "/ledger/records?vendor=", "", 400, "leave it out", ""},
		{"GET", "/ledger/records?vendor=%ff", "", 400, "no UTF-8", ""},
		{"GET", "/ledger/records?vendor=%", "", 400, "cannot be read", ""},
		{"GET", "/ledger/records?subject=00112233445566778899aabbccddeeff", "", 400, "stands in no address", ""},
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
		{"POST", "/ledger/subject", `{"ids":{"client_id":"777.888"},"vendor":"ga4","from":"2026-11-01T00:00:00Z"}`, 200,
			`{"records":[]}`, "crm http subject by ids vendor in time about [01020000000000000000000000000000] form 2: 4"},
		{"POST", "/ledger/subject", `{"subject":"00112233445566778899aabbccddeeff","begin":7,"limit":9}`, 200, "",
			"crm http subject by begin subject about [01020000000000000000000000000000] form 2: 4"},
		{"POST", "/ledger/subject", `{}`, 422, "about whom is it asked?", ""},
		{"POST", "/ledger/subject", `{"subject":"0011","ids":{"client_id":"777.888"}}`, 422, "32 hexadecimal digits", ""},
		{"POST", "/ledger/subject", `{"subject":"00112233445566778899aabbccddeeff","ids":{"client_id":"777.888"}}`, 422,
			"one of ids and subject", ""},
		{"POST", "/ledger/subject", `{"ids":{"email":"jane"}}`, 422, "it holds no @", ""},
		{"POST", "/ledger/subject", `{"ids":{"client_id":"7"},"limit":1001}`, 422, "from 1 to 1000", ""},
		{"POST", "/ledger/subject", `{"ids":{"client_id":"7"},"vendr":"ga4"}`, 422, "not known: vendr", ""},
		{"POST", "/ledger/subject?vendor=ga4", `{"ids":{"client_id":"7"}}`, 400, "there are none here", ""},
		{"POST", "/ledger/audit", `{}`, 202, `"state":"running"`, "crm http audit"},
		{"POST", "/ledger/audit", `{"from":"2026-11-02T00:00:00Z","to":"2026-11-01T00:00:00Z"}`, 422, "/to", ""},
		{"POST", "/ledger/audit", `{"since":"7d"}`, 422, "known here: from, to", ""},
		{"GET", "/ledger/audit", "", 200, `"state":"none"`, ""},
		{"GET", "/ledger/audit?x=1", "", 400, "there are none here", ""},
		{"GET", "/ledger/retention", "", 200, `"kept":"90d"`, ""},
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

// TestWhatCannotBeRecordedIsNotShown: no call shows anything of the log where it cannot be recorded, or nobody records it.
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
			{"GET", "/ledger/audit", ""},
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
		{"POST", "/ledger/audit", `{}`}, {"GET", "/ledger/audit", ""}, {"GET", "/ledger/retention", ""},
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
		{"", `{"verb":"search","asked":["vendor","kind","vendor"],"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}`, 200, "",
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
	for path, body := range map[string]string{"": `{"verb":"tail"}`, "/end": `{"reading":"0011223344556677","records":1}`} {
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
	if !strings.Contains(w.Body.String(), `"report":{"a":"<"}`) || len(l.began) != 1 || l.began[0].words() != "crm http audit: 2" {
		t.Errorf("%d %s, %+v", w.Code, w.Body, l.began)
	}
}
