package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/problem"
)

// waitingRoom is a queue that remembers what it was asked.
type waitingRoom struct {
	asked QueueAsk
	who   string
}

func (q *waitingRoom) Status() (QueueStatus, error) {
	return QueueStatus{Pending: 3, Waiting: 2, Parked: 1, Vendors: []QueueVendor{}}, nil
}

func (q *waitingRoom) Inspect(of QueueAsk) (QueueEvents, error) {
	q.asked = of
	return QueueEvents{Events: []QueueEvent{}}, nil
}

func (q *waitingRoom) Retry(_ context.Context, who string, of QueueAsk) (QueueChanged, error) {
	if of.Vendor == "ga5" {
		return QueueChanged{}, problem.New(http.StatusUnprocessableEntity, "unknown", `there is no vendor "ga5"`)
	}
	q.asked, q.who = of, who
	return QueueChanged{By: []QueueDone{}}, nil
}

func (q *waitingRoom) Purge(ctx context.Context, who string, of QueueAsk) (QueueChanged, error) {
	return q.Retry(ctx, who, of)
}

// TestQueueAsksWell: what a call names is what is asked, and what is wrong with it is said before anything is done.
func TestQueueAsksWell(t *testing.T) {
	a := newAPI(t)
	q := new(waitingRoom)
	options := a.options
	options.Operator, options.Queue = true, q
	options.Backup = func(_ context.Context, of BackupAsk) (BackupMade, error) { return BackupMade{Dir: of.Dir}, nil }
	face := New(options)
	for _, c := range []struct {
		method, path, body string
		code               int
		says               string
		want               QueueAsk
	}{
		{"GET", "/queue", "", 200, `"pending":3`, QueueAsk{}},
		{"GET", "/queue/events", "", 200, `"events":[]`, QueueAsk{Limit: 20}},
		{"GET", "/queue/events?vendor=ga4&parked=true&reason=refused_404&limit=7", "", 200, "",
			QueueAsk{Vendor: "ga4", Parked: true, Reason: "refused_404", Limit: 7}},
		{"GET", "/queue/events?limit=0", "", 422, "from 1 to 1000", QueueAsk{}},
		{"GET", "/queue/events?limit=many", "", 422, "from 1 to 1000", QueueAsk{}},
		{"POST", "/queue/retry", `{"vendor":"ga4","reason":"refused_404","limit":3}`, 200, "",
			QueueAsk{Vendor: "ga4", Reason: "refused_404", Limit: 3}},
		{"POST", "/queue/retry", `{"vendor":"ga5"}`, 422, "there is no vendor", QueueAsk{}},
		{"POST", "/queue/retry", `{"vendors":"ga4"}`, 422, "known here: vendor", QueueAsk{}},
		{"POST", "/queue/retry", `{"limit":-1}`, 422, "a whole number", QueueAsk{}},
		{"POST", "/queue/purge", `{"parked":true}`, 422, "/because", QueueAsk{}},
		{"POST", "/queue/purge", `{"because":"x"}`, 422, "one of parked and all", QueueAsk{}},
		{"POST", "/queue/purge", `{"because":"x","all":true,"parked":true}`, 422, "one of parked and all", QueueAsk{}},
		{"POST", "/queue/purge", `{"because":"x","all":true}`, 200, "", QueueAsk{All: true, Because: "x"}},
		{"POST", "/backup", `{"dir":"/somewhere"}`, 200, `"dir":"/somewhere"`, QueueAsk{}},
		{"POST", "/backup", `{"dir":""}`, 422, "/dir", QueueAsk{}},
	} {
		q.asked = QueueAsk{}
		w := a.call(face, c.method, Base+c.path, c.body)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) || q.asked != c.want {
			t.Errorf("%s %s %s: %d %s, asked %+v", c.method, c.path, c.body, w.Code, w.Body, q.asked)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: no JSON", c.path)
		}
	}
	if q.who != "operator" {
		t.Errorf("asked by %q", q.who)
	}
	options.Operator = false
	if w := a.call(New(options), "POST", Base+"/backup", `{}`, "Authorization: Bearer "+a.bearer); w.Code != 404 {
		t.Errorf("a copy with a token: %d %s", w.Code, w.Body)
	}
	purge := a.call(New(options), "POST", Base+"/queue/purge", `{"because":"x","all":true}`,
		"Authorization: Bearer "+a.bearer)
	if purge.Code != 200 || q.who != "crm" {
		t.Errorf("with a token: %d %s, by %q", purge.Code, purge.Body, q.who)
	}
}
