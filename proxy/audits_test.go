package proxy

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// logOfMany is a ledger of so many records that an audit rests several times, and what audits it. Each rest is told to
// the first channel, and ends when the second lets it.
func logOfMany(t *testing.T, passed *time.Duration) (a *audits, resting chan uint64, goes chan struct{}) {
	t.Helper()
	noon := func() time.Time { return time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC) }
	data := t.TempDir()
	dir := filepath.Join(data, "ledger")
	l, err := ledger.Open(ledger.Options{Dir: dir, Node: "eu-1", Now: noon}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	for range 13_000 {
		if err := l.Note(ledger.Note{Kind: ledger.KindQueue, Text: "retried"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	resting, goes = make(chan uint64), make(chan struct{})
	a = &audits{state: api.AuditState{State: api.AuditNone}}
	loaded := &config.Loaded{}
	loaded.Server.Data = data
	a.opts = auditsOptions{
		Log: zap.NewNop(), Now: noon, Elapsed: func() time.Duration { return *passed }, Dir: dir,
		InForce: func() *Snapshot { return &Snapshot{Loaded: loaded} },
		Rest: func(ctx context.Context, _ time.Duration) {
			select {
			case resting <- a.State("").Examined:
			case <-ctx.Done():
			}
			select {
			case <-goes:
			case <-ctx.Done():
			}
		},
	}
	return a, resting, goes
}

// runs lets an audit go on until it has ended.
func runs(a *audits, resting chan uint64, goes chan struct{}) {
	for {
		select {
		case <-resting:
		case goes <- struct{}{}:
		case <-a.ended:
			return
		}
	}
}

// TestAudits: one audit at a time, whose progress is seen; whoever began it stops it, and nobody else.
func TestAudits(t *testing.T) {
	t.Parallel()
	var passed time.Duration
	a, resting, goes := logOfMany(t, &passed)
	if began, err := a.Start("reviewer", api.AuditAsk{}); err != nil || began.State != api.AuditRunning ||
		began.By != "reviewer" {
		t.Fatalf("%+v, %v", began, err)
	}
	if at := <-resting; at != 4096 {
		t.Errorf("it rests at %d", at)
	}
	for what, err := range map[string]error{
		"another": func() error { _, err := a.Start("other", api.AuditAsk{}); return err }(),
		"an end":  func() error { _, err := a.Stop("other"); return err }(),
	} {
		p, is := errors.AsType[*problem.Document](err)
		if !is || p.Status != 409 ||
			!strings.Contains(p.Detail, "which reviewer began at 2026-12-01T12:00:00Z: it has read 4096 of") {
			t.Errorf("%s: %v", what, err)
		}
	}
	runs(a, resting, goes)
	done := a.State("other")
	if done.State != api.AuditDone || done.Examined < 13_001 || done.Of != done.Examined ||
		!strings.Contains(string(done.Report), `"findings":[]`) {
		t.Errorf("%+v", done)
	}
	if _, err := a.Start("other", api.AuditAsk{}); err != nil {
		t.Fatal(err)
	}
	<-resting
	if state, err := a.Stop("other"); err != nil || state.State != api.AuditStopped ||
		state.Why != errAuditStopped.Error() {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestAuditsThatNobodyAsksFor: one whose beginner is gone ends, and says so; one
// that is asked for goes on, however long.
func TestAuditsThatNobodyAsksFor(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{true, false} {
		var passed time.Duration
		a, resting, goes := logOfMany(t, &passed)
		if _, err := a.Start("reviewer", api.AuditAsk{}); err != nil {
			t.Fatal(err)
		}
		<-resting
		passed += unaskedFor + time.Second
		if a.State("other"); !gone {
			a.State("reviewer")
		}
		runs(a, resting, goes)
		state := a.State("other")
		if gone != (state.State == api.AuditStopped) || gone != strings.Contains(state.Why, "is gone") {
			t.Errorf("gone %v: %+v", gone, state)
		}
	}
}

// TestAuditsEndWithTheServer: nothing is begun behind that.
func TestAuditsEndWithTheServer(t *testing.T) {
	t.Parallel()
	var passed time.Duration
	a, _, _ := logOfMany(t, &passed)
	if err := closeAudits(&Server{audits: a}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Start("reviewer", api.AuditAsk{}); err == nil {
		t.Error("an audit is begun though the server stops")
	}
	if state, err := a.Stop("reviewer"); err != nil || state.State != api.AuditNone {
		t.Errorf("%+v, %v", state, err)
	}
}
