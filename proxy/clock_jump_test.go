package proxy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestClockJumps: a jump ahead of more than 36 hours between two looks at the clock is not followed: nothing is
// forwarded, hits get 503, health and log say why, until the clock is back or somebody says that it is right. The keys
// of the day stay.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	core, logged := observer.New(zap.InfoLevel)
	r := start(t, a.file, c.jumpy, func(o *proxy.Options) { o.Log = zap.New(core) })
	status := func() int { return r.ask(t, get(counted, "")).Status }
	health := func() (int, string) {
		answer := r.ask(t, get("/.tagwarden/health", ""))
		return answer.Status, string(answer.Body)
	}
	if got := status(); got/100 != 2 {
		t.Fatal(got)
	}
	c.set("2026-12-03T00:00:00Z") // 36 hours are followed
	if got := a.reason(t, r); got != "permitted" {
		t.Errorf("after 36 hours: %s", got)
	}
	state := func() string {
		kept, err := keys.Read(proxy.KeysDir(filepath.Join(a.dir, "data")))
		if err != nil {
			t.Fatal(err)
		}
		return kept.Since().Format(time.DateOnly)
	}
	jumps := []string{"2026-12-04T12:00:01Z", "2028-01-01T00:00:00Z", "2119-12-31T00:00:00Z", "2262-01-01T00:00:00Z"}
	for _, jump := range jumps {
		sent := len(a.vendor.Requests())
		c.set(jump)
		answer := r.ask(t, get(counted, ""))
		if answer.Status != 503 || answer.Header.Get("Retry-After") == "" || len(a.vendor.Requests()) > sent {
			t.Errorf("at %s: status %d, %d hits left", jump, answer.Status, len(a.vendor.Requests())-sent)
		}
		code, text := health()
		said := "the clock is not believed: it says " + jump + ", and it was 2026-12-03T00:00:0"
		if code != 503 || !strings.Contains(text, said) ||
			!strings.Contains(text, "tagwarden keys believe-clock --because") {
			t.Errorf("at %s: %d %s", jump, code, text)
		}
		if code, _ := r.get(t, "/readyz"); code != 503 {
			t.Errorf("at %s it is ready: %d", jump, code)
		}
		if got := state(); got != "2026-12-03" {
			t.Errorf("at %s the keys are of %s", jump, got)
		}
		if text, err := r.Rotate(proxy.Rotation{CatchUp: true}); err == nil {
			t.Errorf("at %s keys catch up: %s", jump, text)
		}
		c.set("2026-12-03T00:00:01Z")
		if code, text := health(); code != 200 {
			t.Errorf("back from %s: %d %s", jump, code, text)
		}
		if got := a.reason(t, r); got != "permitted" {
			t.Errorf("back from %s: %s", jump, got)
		}
	}
	not, again := logged.FilterMessageSnippet("the clock is not followed"), logged.FilterMessageSnippet("followed again")
	if not.Len() != 4 || again.Len() != 4 {
		t.Errorf("logged: %v", logged.All())
	}
	c.set("2027-01-15T00:00:00Z")
	if got := status(); got != 503 {
		t.Errorf("status %d", got)
	}
	text, err := r.Rotate(proxy.Rotation{Believe: "the machine was asleep"})
	if err != nil || !strings.Contains(text, "clock believed at 2027-01-15T00:00:00Z: the machine was asleep") {
		t.Errorf("believed: %q, %v", text, err)
	}
	if got := a.reason(t, r); got != "permitted" || state() != "2027-01-15" {
		t.Errorf("believed: %s, keys of %s", got, state())
	}
	if told := r.records(t, "key"); !strings.Contains(strings.Join(told, "\n"), "the machine was asleep") {
		t.Errorf("recorded: %q", told)
	}
}

// TestTimeGoesOnWhileTheClockIsNotBelieved, from where it was; objections are taken at that time.
func TestTimeGoesOnWhileTheClockIsNotBelieved(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	var passed atomic.Int64
	r := start(t, a.file, c.jumpy, func(o *proxy.Options) {
		o.Elapsed = func() time.Duration { return time.Duration(passed.Load()) }
	})
	c.set("2031-12-01T12:00:00Z")
	passed.Store(int64(3 * time.Hour))
	everything := objection.Change{Object: []string{"all"}}
	acts := objection.Acts{Acts: []objection.Act{{IDs: theVisitor, Change: everything}}}
	if _, err := r.Act(t.Context(), acts); err != nil {
		t.Fatalf("an objection is not taken: %v", err)
	}
	if text := r.ledger(t); !strings.Contains(text, `{"time":"2026-12-01T15:00:00Z","kind":"objection"`) {
		t.Errorf("recorded:\n%s", text)
	}
	// The machine's clock goes on with the time that passes, and is as far ahead as before.
	passed.Store(int64(72 * time.Hour))
	c.set("2031-12-04T12:00:00Z")
	if got := r.ask(t, get(counted, "")).Status; got != 503 {
		t.Errorf("status %d", got)
	}
	c.set("2026-12-04T12:00:00Z") // set right after three days
	if got := r.ask(t, get("/.tagwarden/health", "")).Status; got != 200 {
		t.Errorf("status %d", got)
	}
}

// TestClockJumpsOverAStop: a start more than 40 days after the day of the key state serves nothing until the same is
// said.
func TestClockJumpsOverAStop(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at   string
		fine bool
	}{{"2027-01-10T00:00:00Z", true}, {"2027-01-10T00:00:01Z", false}, {"2036-01-01T00:00:00Z", false}} {
		a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
		a.replace(t, assessmentFile, "review_by: 2027-05-04", "review_by: 2039-05-04")
		a.sign(t)
		r := start(t, a.file, c.jumpy)
		r.ask(t, get(counted, ""))
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		c.set(test.at)
		loaded, err := config.Load(a.file)
		if err != nil {
			t.Fatal(err)
		}
		aside, err := proxy.New(loaded, proxy.Options{Now: c.now, Aside: true})
		if (err == nil) != test.fine || err != nil && !strings.Contains(err.Error(), "believe-clock") {
			t.Errorf("%s: beside it: %v", test.at, err)
		}
		if err == nil {
			if err := aside.Release(); err != nil {
				t.Error(err)
			}
		}
		if !test.fine {
			text, err := proxy.RotateStopped(loaded, everyKey, proxy.Options{Now: c.now})
			if err == nil || !strings.Contains(err.Error(), "believe-clock") {
				t.Errorf("%s: keys are replaced: %q, %v", test.at, text, err)
			}
		}
		r = start(t, a.file, c.jumpy)
		if got := r.ask(t, get(counted, "")).Status; (got/100 == 2) != test.fine || !test.fine && got != 503 {
			t.Errorf("%s: status %d", test.at, got)
		}
		if !test.fine {
			if _, err := r.Rotate(proxy.Rotation{Believe: "we were closed"}); err != nil {
				t.Error(err)
			}
			if got := a.reason(t, r); got != "permitted" {
				t.Errorf("%s: believed: %s", test.at, got)
			}
		}
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
		if r = start(t, a.file, c.jumpy); a.reason(t, r) != "permitted" {
			t.Errorf("%s: the next start has to be told again", test.at)
		}
	}
}

// TestExpiredStaysExpired: from the first second after the last good day on nothing is forwarded, without a restart or
// a reload. What expired stays so when the clock goes back, also where the process dies in between.
func TestExpiredStaysExpired(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2027-05-04T23:59:59Z")
	r := start(t, a.file, c.jumpy)
	step := func(at, want, state string) {
		t.Helper()
		c.set(at)
		if got := a.reason(t, r); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
		if _, text := r.get(t, "/api/v1/assessments"); !strings.Contains(text, `"state":"`+state+`"`) {
			t.Errorf("at %s: %s, want %s", at, text, state)
		}
	}
	step("2027-05-04T23:59:59Z", "permitted", "due")
	step("2027-05-05T00:00:00Z", "assessment_expired", "expired")
	step("2027-05-04T12:00:00Z", "assessment_expired", "expired")
	step("2027-01-01T00:00:00Z", "assessment_expired", "expired")

	// Killed here: what is on disk is all that the next start has.
	killed := filepath.Join(t.TempDir(), "killed")
	err := filepath.WalkDir(a.dir, func(path string, d fs.DirEntry, err error) error {
		to := filepath.Join(killed, strings.TrimPrefix(path, a.dir))
		switch {
		case err != nil || d.IsDir():
			return errors.Join(err, os.MkdirAll(to, 0o700))
		case !d.Type().IsRegular(): // the socket
			return nil
		}
		text, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(to, text, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	c.set("2027-05-04T12:00:00Z")
	for _, file := range []string{filepath.Join(killed, "tagwarden.yaml"), a.file} {
		again := start(t, file, c.jumpy)
		if got := a.reason(t, again); got != "assessment_expired" {
			t.Errorf("started again with the clock back: %s", got)
		}
		if err := again.stop(t); err != nil {
			t.Error(err)
		}
	}
}

// TestClockBehindAtTheStart: a machine that does not know the time when it starts may be set right by as much as a stop
// may last.
func TestClockBehindAtTheStart(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]int{"2027-01-09T12:00:00Z": 200, "2027-01-11T12:00:00Z": 503} {
		a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
		r := start(t, a.file, c.jumpy)
		r.ask(t, get(counted, ""))
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		c.set("1970-01-01T00:00:10Z")
		r = start(t, a.file, c.jumpy)
		health := func() int { return r.ask(t, get("/.tagwarden/health", "")).Status }
		if got := health(); got != 200 {
			t.Errorf("before it is set right: %d", got)
		}
		if c.set(at); health() != want {
			t.Errorf("set to %s: not %d", at, want)
		}
		if want == 503 {
			continue
		}
		if c.set("2027-01-14T12:00:00Z"); health() != 503 {
			t.Error("a second jump is followed")
		}
	}
}
