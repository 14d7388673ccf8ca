package config

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// TestEveryPlatformIsAKey: whatever platform can be read, a site can list; and every key is a source.
func TestEveryPlatformIsAKey(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for i, of := 0, reflect.TypeFor[Signals](); i < of.NumField(); i++ {
		key := of.Field(i).Tag.Get("yaml")
		if keys[key] = true; signalKind(key) == signal.None {
			t.Errorf("%s is no source of signals", key)
		}
	}
	for c := range cmp.All {
		if !keys[c.String()] {
			t.Errorf("no site can list %s", c)
		}
	}
}
