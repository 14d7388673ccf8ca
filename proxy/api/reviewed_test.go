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

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// reviewed is a log of ten records that is read: record 3 was erased, which record 5 says.
type reviewed struct {
	mu      sync.Mutex // of what calls side by side change
	asked   RecordsAsk
	subject SubjectAsk
	state   AuditState
	audited AuditAsk
	began   []Reading // what was recorded
	ended   []string
	erased  []string
	fails   error // that a reading is recorded
	enter   chan struct{}
	leave   chan struct{}
}

// tooMuch is what is said of what cannot be answered in time.
var tooMuch = problem.New(http.StatusUnprocessableEntity, "too-much", "the log would be read for longer than 30s")

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
	for _, c := range ask.Where {
		if c.Member == "name" && c.Values[0] == "everything" {
			return RecordsPage{}, tooMuch
		}
		if c.Member == "vendor" && c.Values[0] != "ga4" {
			return RecordsPage{}, &query.Fault{Member: "vendor", Why: "neither the log nor the policy knows the vendor `" +
				c.Values[0] + "`; `ga4` is one"}
		}
	}
	page := RecordsPage{Records: []NumberedRecord{{Number: 7, Record: line(7)}}, Examined: 10, Of: 10, Whole: true}
	if ask.Wide {
		one := &page.Records[0]
		one.Shape, one.Rungs, one.Parts = &RecordShape{"a1", []string{"en"}, []string{}, []string{}}, line(6),
			[]json.RawMessage{line(8)}
	}
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
	if number == 8 {
		return nil, tooMuch
	}
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
	return SubjectAnswer{map[string]any{"forwarded": []any{}}, 4}, nil
}

func (l *reviewed) Start(who string, of AuditAsk) (AuditState, error) {
	l.audited = of
	if l.state.State == AuditRunning {
		return AuditState{}, problem.New(http.StatusConflict, "busy", "an audit is under way")
	}
	at := noon
	l.state = AuditState{State: AuditRunning, By: who, Began: &at, Of: 10}
	return l.state, nil
}

func (l *reviewed) State(string) AuditState { return l.state }

func (l *reviewed) Stop(who string) (AuditState, error) {
	if l.state.State == AuditRunning && l.state.By != who {
		return AuditState{}, problem.New(http.StatusConflict, "busy", "somebody else's audit is under way")
	}
	if l.state.State == AuditRunning {
		l.state.State = AuditStopped
	}
	return l.state, nil
}

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
