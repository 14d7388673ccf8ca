package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/alarm"
)

// alarmed is what a webhook was told of an alarm.
type alarmed struct {
	Type string
	Data struct {
		Alarm, Subject, State, Since, Until, Text, Do, Docs, Node string
		Seen                                                      alarm.Seen
	}
}

// alarms reads what a hook was told.
func (h *hook) alarms(t *testing.T) (all []alarmed, ids map[string]bool) {
	t.Helper()
	ids = map[string]bool{}
	for _, got := range h.messages() {
		id, rest, _ := strings.Cut(got, " ")
		_, body, _ := strings.Cut(rest, " ")
		var one alarmed
		if err := json.Unmarshal([]byte(body), &one); err != nil || one.Type != "alarm" {
			t.Fatalf("%v: %s", err, body)
		}
		all, ids[id] = append(all, one), true
	}
	return all, ids
}

// alarmHook is the line of a webhook that is told of alarms.
func alarmHook(t *testing.T, file string, h *hook) string {
	t.Helper()
	write(t, filepath.Join(filepath.Dir(file), "hook.key"), strings.Repeat("k", 32))
	return fmt.Sprintf("webhooks: [{ url: %q, private: true, events: [alarm], secret_file: ./hook.key }]\n", h.URL)
}

// TestAnAlarmIsToldOnce: an assessment that is to be reviewed rings from the start on: in the log, for webhooks, in
// figures and where staff asks; once, over restarts; and it ends once, when it is off.
func TestAnAlarmIsToldOnce(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	a := newAssessed(t, "")
	text := read(t, a.file)
	write(t, a.file, text+alarmHook(t, a.file, h))
	core, logs := observer.New(zap.WarnLevel)
	named := func(o *proxy.Options) { o.Node, o.Log = "shop-1", zap.New(core) }
	r := start(t, a.file, c.option, named)
	const rings = `tagwarden_alarm{name="review_due",subject="LIA-1"}`
	until(t, "it is told", func() bool { return len(h.messages()) == 1 })
	until(t, "its figure", func() bool { return r.figure(t, rings) == "1" })
	all, _ := h.alarms(t)
	if got := all[0].Data; got.Alarm != "review_due" || got.Subject != "LIA-1" || got.State != "begun" ||
		got.Since != "2027-04-20T12:00:00Z" ||
		got.Text != "assessment LIA-1 is to be reviewed in 14 days; after that its activities deny" || got.Do == "" ||
		got.Node != "shop-1" ||
		!strings.HasSuffix(got.Docs, "docs/watch.md#review_due") || got.Seen.Value != 14 {
		t.Errorf("%+v", all[0])
	}
	if _, ready := r.get(t, "/readyz"); !strings.Contains(ready,
		"\nalarm review_due since 2027-04-20T12:00:00Z: assessment LIA-1 is") {
		t.Errorf("%q", ready)
	}
	if _, public := getPath(t, r.hits, "/.tagwarden/health"); public != "ok\n" {
		t.Errorf("everybody is told: %q", public)
	}
	if said := logs.FilterMessageSnippet("alarm: assessment LIA-1").Len(); said != 1 {
		t.Errorf("the log says it %d times", said)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	c.set("2027-04-20T12:05:00Z")
	r = start(t, a.file, c.option, named)
	until(t, "it rings after a restart", func() bool { return r.figure(t, rings) == "1" })
	write(t, a.file, read(t, a.file)+"alarms: { review_due: { off: true } }\n")
	c.set("2027-04-20T12:06:00Z")
	r.reloaded(t)
	until(t, "it ends", func() bool { return len(h.messages()) == 2 })
	all, ids := h.alarms(t)
	if got := all[1].Data; got.State != "ended" || got.Since != "2027-04-20T12:00:00Z" ||
		got.Until != "2027-04-20T12:06:00Z" || len(ids) != 2 {
		t.Errorf("%+v, %v", all[1], ids)
	}
	if r.figure(t, rings) != "0" {
		t.Error("it rings")
	}
	if said := logs.FilterMessageSnippet("alarm: assessment LIA-1").Len(); said != 1 {
		t.Errorf("after a restart the log said it %d times", said)
	}
}

// getPath asks the hits listener.
func getPath(t *testing.T, at, path string) (int, string) {
	t.Helper()
	r := &running{admin: at}
	return r.get(t, path)
}

// TestAlarmsByWhatIsCounted: from a hit to a message, for all that are counted from figures.
func TestAlarmsByWhatIsCounted(t *testing.T) {
	t.Parallel()
	h, v, c := newHook(t), startVendor(t), newClock("2026-12-01T12:00:30Z")
	file := folder(t, v.URL)
	text := read(t, file)
	write(t, file, text+alarmHook(t, file, h)+`alarms:
  always_granted: { within: 10m, least: 10 }
  vendor_refuses: { within: 10m, least: 5 }
  uncovered: { within: 10m, least: 3 }
`)
	r := start(t, file, c.option)
	minute, told := 1, 0
	looks := func(what string, want ...string) {
		t.Helper()
		c.set(fmt.Sprintf("2026-12-01T12:%02d:30Z", minute))
		minute++
		r.reloaded(t)
		until(t, what, func() bool { return len(h.messages()) >= told+len(want) })
		all, _ := h.alarms(t)
		var got []string // about different things they come in any order
		for i := range want {
			of := all[told+i].Data
			got = append(got, of.Alarm+" "+of.Subject+" "+of.State)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		told += len(want)
	}
	for range 10 {
		r.send(t, get(pageView, consent))
	}
	looks("nobody refuses", "always_granted shop begun")
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	for range 5 {
		r.send(t, get(pageView, consent))
		r.send(t, get("/t/jane-path", ""))
		r.send(t, strings.Replace(get(pageView, consent), "Host: shop", "Host: jane.doe", 1))
	}
	looks("refused and astray", "uncovered  begun", "uncovered shop begun", "vendor_refuses ga4 begun")
	for range 3 {
		r.send(t, get(pageView, ""))
	}
	looks("somebody did not choose", "always_granted shop ended")
	for _, got := range h.messages() {
		if strings.Contains(got, "jane.doe") || strings.Contains(got, "jane-path") {
			t.Errorf("what came is in %s", got)
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	kept := read(t, filepath.Join(filepath.Dir(file), "data", "alarms"))
	if _, err := alarm.Read([]byte(kept)); err != nil || strings.Contains(kept, "jane.doe") ||
		strings.Contains(kept, "jane-path") {
		t.Errorf("%v: %s", err, kept)
	}
}

// TestAlarmsThatCannotBeKept: a disk that fails keeps nobody from being told, and what cannot be read begins anew.
func TestAlarmsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	a := newAssessed(t, "")
	write(t, a.file, read(t, a.file)+alarmHook(t, a.file, h))
	kept := filepath.Join(a.dir, "data", "alarms")
	if err := os.MkdirAll(filepath.Join(kept, "in its place"), 0o700); err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.ErrorLevel)
	r := start(t, a.file, c.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	until(t, "it is told", func() bool { return len(h.messages()) == 1 })
	for _, want := range []string{"cannot be read: alarms begin anew", "what alarms go by cannot be written"} {
		until(t, want, func() bool { return logs.FilterMessageSnippet(want).Len() > 0 })
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
}
