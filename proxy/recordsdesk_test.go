package proxy

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/rules"
)

// TestTooMuch: what cannot be answered in time is a problem that says what to do,
// whatever is asked; who went away is none.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	var passed time.Duration
	a, _, _ := logOfMany(t, &passed)
	loaded := *a.opts.InForce().Loaded
	loaded.Policy = &rules.Policy{}
	desk := &recordsDesk{
		dir: a.opts.Dir, next: func() uint64 {
			return 13_001
		}, elapsed: func() time.Duration { return 0 }, inForce: func() *Snapshot { return &Snapshot{Loaded: &loaded} },
		words: &PolicyWords{},
	}
	person := &personDesk{recordsDesk: desk, now: a.opts.Now, standing: func([]objection.ID, []objection.Subject) (
		[]string, error) {
		return nil, nil
	}}
	over, end := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer end()
	gone, leave := context.WithCancel(t.Context())
	leave()
	for what, ask := range map[string]func(context.Context) error{
		"search": func(ctx context.Context) error { _, err := desk.Search(ctx, api.RecordsAsk{}); return err },
		"why":    func(ctx context.Context) error { _, err := desk.Why(ctx, 12_000); return err },
		"subject": func(ctx context.Context) error {
			_, err := person.Subject(ctx, api.SubjectAsk{Hashes: []string{strings.Repeat("0", 32)}})
			return err
		},
	} {
		p, is := errors.AsType[*problem.Document](ask(over))
		if !is || p.Status != http.StatusUnprocessableEntity || p.Type != "urn:tagwarden:problem:too-much" ||
			!strings.Contains(p.Detail, "ask about a shorter time, or fewer records") ||
			strings.Contains(p.Detail, filepath.Dir(desk.dir)) {
			t.Errorf("%s: %v", what, p)
		}
		if err := ask(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, and whoever asked is gone: %v", what, err)
		}
	}
}
