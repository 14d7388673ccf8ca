package config_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestMemory: a size, or a share of what there is, and nothing that leaves hits no room or everything else none.
func TestMemory(t *testing.T) {
	t.Parallel()
	const all = 512 << 20
	for text, want := range map[string]int{"128MiB": 128 << 20, "16MiB": 16 << 20, "2GiB": 2 << 30, "50%": all / 100 * 50,
		"1%": all / 100, "80%": all / 100 * 80} {
		var m config.Memory
		if err := m.UnmarshalText([]byte(text)); err != nil || m.Of(all) != want || m.String() != text {
			t.Errorf("%s is %d of %d, written %s: %v", text, m.Of(all), all, m, err)
		}
	}
	for text, want := range map[string]string{
		"":       "neither a size nor a share: write 256MiB or 50%",
		"%":      "no share: 1% to 80% are",
		"0%":     "no share",
		"81%":    "no share",
		"-5%":    "neither a size nor a share",
		"50 %":   "neither a size nor a share",
		"15MiB":  "too little: at least 16MiB",
		"0B":     "too little",
		"half":   "neither a size nor a share",
		"512mib": "neither a size nor a share",
	} {
		var m config.Memory
		if err := m.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) ||
			m != (config.Memory{}) {
			t.Errorf("%q: %v (%s)", text, err, m)
		}
	}
}
