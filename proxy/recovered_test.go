package proxy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// segments are those of an assessed shop's ledger, oldest first.
func (a *assessed) segments(t *testing.T) []string {
	t.Helper()
	all, err := ledger.Segments(filepath.Join(a.dir, "data", "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, s := range all {
		paths = append(paths, strings.TrimSuffix(s.Path, ".zst")) // which it is once it is packed
	}
	return paths
}

// cutLedger has lines of an assessed shop's ledger as if they had never been written:
// the process died before it wrote them.
func (a *assessed) cutLedger(t *testing.T, gone func(line string) bool) {
	t.Helper()
	for _, path := range a.segments(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var kept []string
		for line := range strings.Lines(string(text)) {
			if !gone(line) {
				kept = append(kept, line)
			}
		}
		write(t, path, strings.Join(kept, ""))
	}
	forgetCheckpoints(t, filepath.Join(a.dir, "data"))
}

// forgetCheckpoints takes away what would say that a ledger was longer.
func forgetCheckpoints(t *testing.T, data string) {
	t.Helper()
	for _, dir := range []string{"ledger", "keys"} {
		if err := os.Remove(filepath.Join(data, dir, ledger.CheckpointFile)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatIsRememberedOutlivesItsRecords: records are deleted when they are old. What was revoked, which version was
// in force, where the objections stood and what became of keys is then in newer ones, be it that the server was
// started since, or that a day went by.
func TestWhatIsRememberedOutlivesItsRecords(t *testing.T) {
	t.Parallel()
	for way, ages := range map[string]func(t *testing.T, a *assessed, c *clock, r *running) *running{
		"a start": func(t *testing.T, a *assessed, c *clock, r *running) *running {
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			return start(t, a.file, c.option)
		},
		"a day": func(t *testing.T, a *assessed, c *clock, r *running) *running {
			c.set("2026-12-02T13:00:00Z")
			until(t, "another segment", func() bool { return len(a.segments(t)) == 2 })
			r.reloaded(t) // a minute has gone by
			until(t, "what was repeated", func() bool { return strings.Contains(r.ledger(t), `"text":"as before; identity`) })
			return r
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			a, c := newAssessed(t, "ledger: { sync: 10ms }\n"), newClock("2026-12-01T12:00:00Z")
			first, err := os.ReadFile(filepath.Join(a.dir, assessmentFile))
			if err != nil {
				t.Fatal(err)
			}
			r := start(t, a.file, c.option)
			revocations := filepath.Join(a.dir, "policy/revocations.yaml")
			write(t, revocations,
				"revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
			a.replace(t, assessmentFile, "version: 1", "version: 2")
			a.sign(t)
			write(t, filepath.Join(a.dir, promisesFile), promisesText)
			a.promise(t, basis.Past{})
			r.reloaded(t)
			if got := a.reason(t, r); got != "permitted" {
				t.Fatalf("the second version: %s", got)
			}
			r.act(t, objection.Change{Object: []string{"all"}})
			if _, err := r.Rotate(proxy.Rotation{LedgerSubjects: true}); err != nil {
				t.Fatal(err)
			}
			r.bearer(t, "auditor", "security")
			r = ages(t, a, c, r)
			dir := filepath.Join(a.dir, "data", "ledger")
			until(t, "the first segment is sealed and packed", func() bool {
				_, err := os.Stat(filepath.Join(dir, "0000000000000000.jsonl.zst"))
				return err == nil
			})
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, "0000000000000000.jsonl.zst")); err != nil {
				t.Fatal(err)
			}
			a.remembers(t, c)
			if err := os.Remove(revocations); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(a.dir, assessmentFile), string(first))
			r = start(t, a.file, c.option)
			if got := a.reason(t, r); got != "assessment_revoked" {
				t.Errorf("the first version brought back: %s", got)
			}
			if state, err := keys.Read(proxy.KeysDir(filepath.Join(a.dir, "data"))); err != nil || state.Shreds() == 0 {
				t.Errorf("a key that was shredded is made again of the root: %v", err)
			}
		})
	}
}

// remembers looks what a start knows of what was done before records were deleted. It takes the key state away.
func (a *assessed) remembers(t *testing.T, c *clock) {
	t.Helper()
	data := filepath.Join(a.dir, "data")
	past, err := ledger.Recover(filepath.Join(data, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	if past.Facts.Revoked["LIA-1"] != 1 || past.Facts.Seen["LIA-1"] != 2 || len(past.Facts.Keys) != 1 {
		t.Errorf("of assessments %+v is remembered", past.Facts)
	}
	if of := past.Facts.Promised; of.Version != 1 || len(of.IDs()) != 2 || of.By == "" || of.At.IsZero() {
		t.Errorf("of promises %+v is remembered", of)
	}
	if of := past.Tokens["auditor"]; len(past.Tokens) != 1 || of.Mark == "" || of.Created.IsZero() {
		t.Errorf("of tokens %+v is remembered", past.Tokens)
	}
	loaded, err := config.Load(a.file)
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(proxy.ObjectionsDir(data), objection.FileName)
	if err := os.Rename(store, store+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Now: c.now}); !errors.Is(
		err, objection.ErrOlder) {
		t.Errorf("without the objections: %v", err)
	}
	if err := errors.Join(os.Rename(store+".away", store), os.RemoveAll(proxy.KeysDir(data))); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(loaded, proxy.Options{Root: pseudonym.Root{1}, Now: c.now}); !errors.Is(err, keys.ErrForeign) {
		t.Errorf("with another root: %v", err)
	}
}

// TestRecover: what each kind of record says of assessments, in any order.
func TestRecover(t *testing.T) {
	t.Parallel()
	event := func(id string, version int, decision string) func(*ledger.Ledger) error {
		return func(l *ledger.Ledger) error {
			return l.Append([]ledger.Event{{Hit: 1, Decision: decision, LIA: id, Version: version, Policy: "digest"}}, nil)
		}
	}
	assessed := func(kind string, version int, key string) func(*ledger.Ledger) error {
		return func(l *ledger.Ledger) error {
			return l.Assessed(ledger.Assessed{Kind: kind, Assessment: "LIA-1", Version: version, Key: key})
		}
	}
	for what, c := range map[string]struct {
		records []func(*ledger.Ledger) error
		want    string
	}{
		"nothing": {nil, "seen map[], revoked map[], keys map[]"},
		"an event that was permitted": {[]func(*ledger.Ledger) error{event("LIA-1", 2, "permit")},
			"seen map[LIA-1:2], revoked map[], keys map[]"},
		"one that was denied": {[]func(*ledger.Ledger) error{event("LIA-1", 2, "deny")},
			"seen map[], revoked map[], keys map[]"},
		"one that was skipped": {[]func(*ledger.Ledger) error{event("LIA-1", 2, "skip")},
			"seen map[], revoked map[], keys map[]"},
		"one without an assessment": {[]func(*ledger.Ledger) error{event("", 2, "permit")},
			"seen map[], revoked map[], keys map[]"},
		"permitted, then denied": {[]func(*ledger.Ledger) error{event("LIA-1", 2, "permit"),
			event("LIA-1", 3, "deny")}, "seen map[LIA-1:2], revoked map[], keys map[]"},
		"denied, then permitted": {[]func(*ledger.Ledger) error{event("LIA-1", 3, "deny"),
			event("LIA-1", 3, "permit")}, "seen map[LIA-1:3], revoked map[], keys map[]"},
		"an older one after it": {[]func(*ledger.Ledger) error{event("LIA-1", 2, "permit"),
			event("LIA-1", 2, "permit"), event("LIA-1", 1, "permit")}, "seen map[LIA-1:2], revoked map[], keys map[]"},
		"two assessments": {[]func(*ledger.Ledger) error{event("LIA-1", 2, "permit"),
			event("LIA-2", 5, "permit")}, "seen map[LIA-1:2 LIA-2:5], revoked map[], keys map[]"},
		"an approval": {[]func(*ledger.Ledger) error{assessed(ledger.KindApproval, 4, "a+1")},
			"seen map[LIA-1:4], revoked map[], keys map[a+1:true]"},
		"an older one, by somebody": {[]func(*ledger.Ledger) error{assessed(ledger.KindApproval, 4, "a+1"),
			assessed(ledger.KindApproval, 3, "b+2")}, "seen map[LIA-1:4], revoked map[], keys map[a+1:true b+2:true]"},
		"one that an event told of": {[]func(*ledger.Ledger) error{assessed(ledger.KindApproval, 4, "")},
			"seen map[LIA-1:4], revoked map[], keys map[]"},
		"revocations": {[]func(*ledger.Ledger) error{assessed(ledger.KindRevocation, 3, "a+1"),
			assessed(ledger.KindRevocation, 2, "")}, "seen map[], revoked map[LIA-1:3], keys map[]"},
		"that people were told of them": {[]func(*ledger.Ledger) error{assessed(ledger.KindDue, 3, "")},
			"seen map[], revoked map[], keys map[]"},
	} {
		dir := t.TempDir()
		l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range c.records {
			err = errors.Join(err, record(l))
		}
		past, failed := ledger.Recover(dir)
		if err = errors.Join(err, failed, l.Close()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := fmt.Sprintf("seen %v, revoked %v, keys %v", past.Facts.Seen, past.Facts.Revoked,
			past.Facts.Keys); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.jsonl"), `{"kind":"event","decision":"deny","assessment":"LIA-1","assessment_version":9}
{"kind":"event","decision":"permit","assessment":"LIA-1","assessment_version":4}
{"kind":"outcome","decision":"permit","assessment":"LIA-1","assessment_version":8}
`)
	if past, err := ledger.Recover(dir); err != nil || past.Facts.Seen["LIA-1"] != 4 {
		t.Errorf("of an event that was denied, one that was not and an outcome: %+v, %v", past, err)
	}
	for _, root := range []string{"", "00", strings.Repeat("0", 62), strings.Repeat("g", 64)} {
		write(t, filepath.Join(dir, "a.jsonl"), `{"kind":"objections_head","size":3,"root":"`+root+"\"}\n")
		if _, err := ledger.Recover(dir); err == nil {
			t.Errorf("the root %q is taken for one", root)
		}
	}
	if past, err := ledger.Recover(filepath.Join(dir, "none")); err != nil || len(past.Facts.Seen) > 0 {
		t.Errorf("no ledger: %v", err)
	}
}

// TestVersionsAreRememberedOfEvents: which version of an assessment carried an event is known from that event's record
// alone; one that was denied shows nothing.
func TestVersionsAreRememberedOfEvents(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	event := func(decision rules.Decision, id string, version int) ledger.Event {
		return ledger.Event{Hit: 1, Decision: decision.String(), LIA: id, Version: version, Policy: "digest"}
	}
	events := []ledger.Event{
		event(rules.Permit, "LIA-1", 3), event(rules.Permit, "LIA-1", 3), event(rules.Permit, "LIA-1", 2),
		event(rules.Deny, "LIA-1", 9),
		event(rules.Deny, "LIA-2", 7), event(rules.Permit, "LIA-3", 1), event(rules.Permit, "LIA-1", 2),
		event(rules.Permit, "", 0),
	}
	if err := l.Append(events, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	past, err := ledger.Recover(dir)
	if err != nil {
		t.Fatal(err)
	}
	if seen := past.Facts.Seen; len(seen) != 2 || seen["LIA-1"] != 3 || seen["LIA-3"] != 1 {
		t.Errorf("remembered: %v", seen)
	}
}

// TestNothingIsInForceThatIsNotRecorded: a policy whose revocation, approval or coming into force cannot be recorded
// does not come into force, and nothing is forwarded by it, nor by the one before.
func TestNothingIsInForceThatIsNotRecorded(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		text   string
		change func(t *testing.T, a *assessed)
	}{
		"a revocation": {`"kind":"revocation"`, func(t *testing.T, a *assessed) {
			write(t, filepath.Join(a.dir, "policy/revocations.yaml"),
				"revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
		}},
		"an approval": {`"kind":"approval"`, func(t *testing.T, a *assessed) {
			a.replace(t, assessmentFile, "version: 1", "version: 2")
			a.sign(t)
		}},
		"its coming into force": {`"kind":"reload"`, func(t *testing.T, a *assessed) {
			a.replace(t, "policy/purposes.yaml", "Measure the audience", "Follow the visitors")
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			a, clock, log := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z"), &disk{text: c.text}
			r := start(t, a.file, clock.option, func(o *proxy.Options) { o.Disk = log })
			if got := r.ask(t, get(counted, "")); got.Status >= 400 || len(a.vendor.Requests()) != 1 {
				t.Fatalf("before: %d", got.Status)
			}
			before := r.Policy()
			log.armed.Store(true)
			c.change(t, a)
			if err := r.Reload(); !errors.Is(err, segment.ErrRefused) {
				t.Errorf("loaded: %v", err)
			}
			if r.Policy() != before {
				t.Error("it is in force")
			}
			if got := r.ask(t, get(counted, "")); got.Status != 503 || len(a.vendor.Requests()) != 1 {
				t.Errorf("afterwards: %d, %d requests", got.Status, len(a.vendor.Requests()))
			}
			_ = r.stop(t) // which says that the ledger broke
		})
	}
}

// TestNoStartWithoutItsRecords: a server that cannot record what it begins with, or what is to be remembered, does not
// begin, and leaves the folder to the next one.
func TestNoStartWithoutItsRecords(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	r := start(t, a.file, c.option)
	r.act(t, objection.Change{Object: []string{"all"}})
	write(t, filepath.Join(a.dir, "policy/revocations.yaml"),
		"revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
	r.reloaded(t)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	refused := func(records ...string) {
		t.Helper()
		loaded, err := config.Load(a.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range records {
			log := &disk{text: text}
			log.armed.Store(true)
			s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Now: c.now, Disk: log})
			if !errors.Is(err, segment.ErrRefused) {
				t.Errorf("%s refused: %v", text, err)
			}
			if err == nil {
				_ = s.Release()
			}
		}
	}
	// Of each, the last one alone is not noticed by what fails after it.
	refused(`"kind":"start"`, `"kind":"key"`, `"kind":"objections_head"`,
		`"assessment":"LIA-1","assessment_version":1,"again":true`,
		`"kind":"approval","assessment":"LIA-1","assessment_version":1,`)
	write(t, filepath.Join(a.dir, "policy/revocations.yaml"),
		"revocations: [{ assessment: LIA-9, version: 1, at: 2026-12-01T12:00:00Z, because: it was meant }]\n")
	refused(`"assessment":"LIA-9"`)
	a.replace(t, assessmentFile, "version: 1", "version: 2")
	a.sign(t)
	refused(`"assessment_version":2,"meaning"`)
	if got := a.reason(t, start(t, a.file, c.option)); got != "permitted" {
		t.Errorf("the next one: %s", got)
	}
}
