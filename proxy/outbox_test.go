package proxy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestWebhooksThatAreNotTold are named to staff, and hits go on: one that took nothing for an hour, and one that is
// paused, until its lines change. How they stand is on /metrics.
func TestWebhooksThatAreNotTold(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(http.StatusServiceUnavailable)
	var told atomic.Int64
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/crm":
			w.WriteHeader(int(status.Load()))
		case "/mail":
			w.WriteHeader(http.StatusGone)
		default:
			told.Add(1)
		}
	}))
	defer there.Close()
	file, c := folder(t, startVendor(t).URL), newClock("2026-12-01T12:00:00Z")
	hooks := func(mail string) string {
		var text strings.Builder
		text.WriteString("webhooks:\n")
		for name, path := range map[string]string{"crm": "crm", "mail": mail, "log": "log"} {
			fmt.Fprintf(&text, "  - { name: %s, url: %q, private: true, events: [objection], request: { body: '{\"a\": \"${email}\"}' } }\n",
				name, there.URL+"/"+path)
		}
		return text.String()
	}
	var before string
	edit(t, file, func(text string) string { before = text; return text + hooks("mail") })
	r := start(t, file, c.option)
	act := objection.Acts{Acts: []objection.Act{{
		IDs:    []objection.ID{{Name: "email", Value: "jane@example.com"}},
		Change: objection.Change{Object: []string{"all"}, Holder: objection.Holder{Kind: objection.Role}},
	}}}
	if _, err := r.Act(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	until(t, "attempts", func() bool {
		return told.Load() == 1 && r.figure(t, `tagwarden_webhook_failing_seconds{webhook="log"}`) == "0" &&
			r.figure(t, `tagwarden_webhook_paused{webhook="mail"}`) == "1" &&
			r.figure(t, `tagwarden_webhook_failures_total{webhook="crm",why="failed"}`) != "0" &&
			r.figure(t, `tagwarden_webhook_messages_waiting{webhook="log"}`) == "0"
	})
	ready := func(want ...string) {
		t.Helper()
		status, text := r.get(t, "/readyz")
		if want := strings.Join(append([]string{"ok"}, want...), "\n") + "\n"; status != http.StatusOK || text != want {
			t.Errorf("%d %q, want %q", status, text, want)
		}
		if public := r.send(t, get("/.tagwarden/health", "")); public.status != http.StatusOK || public.body != "ok\n" {
			t.Errorf("everybody is told %q", public.body)
		}
	}
	const paused = "webhook mail is paused: it answered that it is gone (410); 1 message waits until its lines in the server file " +
		"change, or a restart"
	ready(paused)
	c.set("2026-12-01T13:30:00Z")
	ready("webhook crm took nothing for 1h30m0s (failed); 1 message waits", paused)
	if age := r.figure(t, `tagwarden_webhook_oldest_seconds{webhook="mail"}`); age != "5400" {
		t.Errorf("the oldest waits for %s", age)
	}
	write(t, file, before+hooks("elsewhere"))
	status.Store(http.StatusNoContent)
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	until(t, "the others", func() bool {
		return told.Load() == 2 && r.figure(t, `tagwarden_webhook_messages_waiting{webhook="mail"}`) == "0" &&
			r.figure(t, `tagwarden_webhook_messages_waiting{webhook="crm"}`) == "0"
	})
	ready()
}
