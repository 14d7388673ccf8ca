package proxy

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestIdleServerTurnsKeys: keys whose period is over go though nobody comes.
func TestIdleServerTurnsKeys(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	made, err := config.Init(filepath.Join(t.TempDir(), "shop"), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(loaded, Options{Root: pseudonym.TestRoot, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 9)
	s.keyring.turn(now)
	if state, err := keys.Read(KeysDir(loaded.Server.Data)); err != nil || state != pseudonym.TestRoot.State(now) {
		t.Errorf("on disk is not the state of now: %v", err)
	}
	if k := s.snapshot.Load().keys.Load(); !k.Valid(now) {
		t.Error("in force are not the keys of now")
	}
	if err := s.Release(); err != nil {
		t.Error(err)
	}
}
