package proxy

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestPartsCloseWhatWasOpened: whichever part cannot be opened, those before it are closed, from the last to the first,
// the data folder is free again, and the error names the part.
func TestPartsCloseWhatWasOpened(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
	made, err := config.Init(filepath.Join(t.TempDir(), "shop"), nil, now())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("it is broken")
	for fails := range len(parts) + 1 { // the last time none does
		var opened, closed, want []string
		list := slices.Clone(parts)
		for i := range list {
			p := &list[i]
			open, end := p.open, p.close
			p.open = func(s *Server) error {
				if i == fails {
					return broken
				}
				opened = append(opened, p.name)
				return open(s)
			}
			p.close = func(s *Server) error {
				closed = append(closed, p.name)
				if end == nil {
					return nil
				}
				return end(s)
			}
			if i < fails {
				want = append(want, p.name)
			}
		}
		s, err := newServer(loaded, Options{Root: pseudonym.TestRoot, Now: now}, list)
		name := "none"
		if fails < len(list) {
			name = list[fails].name
			if s != nil || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), name+": ") {
				t.Errorf("%s fails: %v", name, err)
			}
		} else if err == nil {
			if s.loaded != nil {
				t.Error("what it started with is held on to")
			}
			err = errors.Join(s.Release(), s.Release())
		}
		if fails == len(list) && err != nil {
			t.Errorf("none fails: %v", err)
		}
		if slices.Reverse(closed); !slices.Equal(opened, want) || !slices.Equal(closed, want) {
			t.Errorf("%s fails: opened %v, closed %v", name, opened, closed)
		}
		lock, err := LockData(loaded.Server.Data)
		if err != nil {
			t.Errorf("%s fails: %v", name, err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
}

// TestPartsAreInOrder: what stands on something is opened after it and closed before it. Whoever changes the order has
// to change this, and to say why.
func TestPartsAreInOrder(t *testing.T) {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
		if p.open == nil {
			t.Errorf("part %s is not opened", p.name)
		}
	}
	want := []string{
		"memory", "certificate", "lock", "order", "policy", "keys", "objections", "delivery", "rarity", "copies",
		"policies", "ledger",
		"witnesses", "exports", "acts", "tokens", "nodes", "administration", "taps", "queue", "retention",
		"follow", "kept opt-outs", "cookie acts", "choices", "refusals", "turned away", "reviews", "outbox",
		"alarms", "visitors", "audits", "api", "control", "listeners",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the parts are %v, want %v", names, want)
	}
}

// TestReadinessAsksTheParts: what the first part says that is not well is the answer.
func TestReadinessAsksTheParts(t *testing.T) {
	says := func(wrong string) part { return part{health: func(*Server) string { return wrong }} }
	s := &Server{listeners: new(listeners)}
	for want, opened := range map[string][]part{
		"":        {{}, says(""), {}},
		"no room": {says(""), {}, says("no room"), says("no disk")},
	} {
		if s.opened = opened; s.wrong() != want {
			t.Errorf("%q, want %q", s.wrong(), want)
		}
	}
	if s.listeners.end(); s.wrong() != "ending" {
		t.Errorf("at the end: %q", s.wrong())
	}
}
