package proxy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// TestEachWebhookHasItsShareOfTheLog: however often one fails, it says so once a minute for each kind, and how often;
// and nothing of that keeps another one from being heard.
func TestEachWebhookHasItsShareOfTheLog(t *testing.T) {
	t.Parallel()
	core, logged := observer.New(zap.WarnLevel)
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	h := &hookLog{log: zap.New(core), now: func() time.Time { return now }}
	said := func() (all []string) {
		for _, one := range logged.TakeAll() {
			m := one.ContextMap()
			all = append(all, fmt.Sprintf("%v %v %v", m["webhook"], m["why"], m["times"]))
			if m["error"] != "x" {
				t.Errorf("%v", m)
			}
		}
		return all
	}
	is := func(want string) {
		t.Helper()
		if got := strings.Join(said(), ", "); got != want {
			t.Errorf("%s: said %q, want %q", now.Format(time.TimeOnly), got, want)
		}
	}
	fails := func(n int, to, why string) {
		for range n {
			h.failed(to, why, errors.New("x"))
		}
	}
	fails(10_000, "loud", webhook.WhyFailed)
	fails(3, "loud", webhook.WhyTimeout)
	fails(1, "quiet", webhook.WhyFailed)
	fails(50, "secretive", webhook.WhySecret)
	is("loud failed 1, loud timeout 1, quiet failed 1, secretive secret 1")
	now = now.Add(59 * time.Second)
	fails(1, "loud", webhook.WhyFailed)
	h.sayRest()
	is("")
	now = now.Add(time.Second)
	fails(1, "loud", webhook.WhyFailed)
	is("loud failed 10001")
	h.sayRest()
	is("loud timeout 2")
	now = now.Add(time.Minute)
	h.sayRest()
	is("")
	fails(1, "loud", webhook.WhyTimeout)
	fails(1, "quiet", webhook.WhyFailed)
	is("loud timeout 1, quiet failed 1")
	now = now.Add(24 * time.Hour)
	fails(50, "secretive", webhook.WhySecret)
	h.sayRest()
	is("")
	h.told("secretive")
	fails(2, "secretive", webhook.WhySecret)
	is("secretive secret 1")
	now = now.Add(-time.Hour) // the clock is set back
	fails(2, "loud", webhook.WhyTimeout)
	is("loud timeout 1")
}
