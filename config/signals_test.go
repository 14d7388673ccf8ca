package config

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// TestEverySourceIsAKey: whatever source of signals can be read, a platform or another, a site can list; and every key
// is a source.
func TestEverySourceIsAKey(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for i, of := 0, reflect.TypeFor[Signals](); i < of.NumField(); i++ {
		key := of.Field(i).Tag.Get("yaml")
		if keys[key] = true; signalKind(key) == signal.None {
			t.Errorf("%s is no source of signals", key)
		}
	}
	for kind := signal.None + 1; kind < signal.Platform(0); kind++ {
		if !keys[kind.String()] || signalKind(kind.String()) != kind {
			t.Errorf("no site can list %q, the source %d", kind, kind)
		}
	}
	for c := range cmp.All {
		if !keys[c.String()] {
			t.Errorf("no site can list %s", c)
		}
	}
}
