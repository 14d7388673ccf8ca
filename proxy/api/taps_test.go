package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/tap"
)

// tapped is a tap that shows one event; its only vendor is ga4.
type tapped struct{}

func (tapped) Check(of tap.Ask) (all []problem.Fault) {
	if slices.Contains(of.Vendors, "ga5") {
		all = append(all, problem.Fault{Pointer: "/vendor", Detail: "there is no such vendor; did you mean ga4?"})
	}
	return all
}

func (tapped) Open(_ tap.Watcher, of tap.Ask, begin func() (string, error)) (TapOpened, error) {
	id, err := begin()
	opened := TapOpened{Tap: id, Until: noon.Add(time.Hour)}
	if of.Own {
		opened.Preview = "token"
	}
	return opened, err
}

func (tapped) Take(_ context.Context, id string, by tap.Watcher, _ time.Duration) (TapLines, error) {
	if id != "0011223344556677" {
		return TapLines{}, problem.New(http.StatusNotFound, "unknown", "this tap has ended")
	}
	return TapLines{Lines: []tap.Line{{
		Kind: tap.OfEvent, Time: noon, Hit: 7, Vendor: "ga4", Name: by.Name, Decision: "permit", Reason: "permitted",
		Fields:  []tap.Field{{Name: "cid", Class: "client_id", Action: "drop", Is: "text, 21 bytes", Times: 2}},
		Outcome: "delivered", Status: 204,
	}}, Lost: 3}, nil
}

func (tapped) Close(id string, _ tap.Watcher) error {
	if id != "0011223344556677" {
		return problem.New(http.StatusNotFound, "unknown", "this tap has ended")
	}
	return nil
}

// TestTapsAreRecorded: that somebody watches is recorded before it begins, with the names of what was asked
// about; where it cannot be, nothing begins.
func TestTapsAreRecorded(t *testing.T) {
	a, l := withReviewed(t)
	for _, c := range []struct {
		body   string
		status int
		asked  []string
	}{
		{`{}`, 200, nil}, {`{"own":true,"vendor":["ga4"]}`, 200, []string{"own", "vendor"}},
		{`{"endpoint":["collect"],"reason":["gpc"]}`, 200, []string{"endpoint", "reason"}}, {`{"own":false}`, 200, nil},
		{`{"vendor":["ga5"]}`, 422, nil}, {`{"vendor":[]}`, 422, nil}, {`{"vendor":"ga4"}`, 422, nil},
		{`{"own":"yes"}`, 422, nil},
		{`{"kept":true}`, 422, nil}, {`[]`, 422, nil},
	} {
		before := len(l.began)
		w := a.call(a.face, "POST", Base+"/tap", c.body)
		if w.Code != c.status || (len(l.began) > before) != (c.status == 200) {
			t.Errorf("%s: %d %s, %v", c.body, w.Code, w.Body, l.began[before:])
			continue
		}
		if c.status == 200 {
			got := l.began[before]
			if got.Verb != VerbTap || got.By != "crm" || got.Through != ThroughHTTP ||
				fmt.Sprint(got.Asked) != fmt.Sprint(c.asked) {
				t.Errorf("%s: %+v", c.body, got)
			}
		}
	}
	if w := a.call(a.face, "GET", Base+"/tap?tap=0011223344556677", ""); w.Code != 200 ||
		!strings.Contains(w.Body.String(), `"lost":3`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for query, status := range map[string]int{"": 400, "?tap=": 400, "?tap=x": 404, "?tap=x&tap=y": 400, "?jane=x": 400} {
		for _, method := range []string{"GET", "DELETE"} {
			if w := a.call(a.face, method, Base+"/tap"+query, ""); w.Code != status {
				t.Errorf("%s %s: %d %s", method, query, w.Code, w.Body)
			}
		}
	}
	l.fails = errors.New("the disk is full")
	if w := a.call(a.face, "POST", Base+"/tap", `{}`); w.Code != 503 || strings.Contains(w.Body.String(), "until") {
		t.Errorf("it is not recorded, and begins: %d %s", w.Code, w.Body)
	}
}
