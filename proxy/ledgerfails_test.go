package proxy_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// onBadDay is a shop that is counted on an assessment, whose ledger is to fail when time passes.
type onBadDay struct {
	*running
	*assessed
	clock  *clock
	minute minutes
}

// TestALedgerThatFailsInTime: what a running server writes because time passes cannot be written. The operator is told
// what is missing; nothing is forwarded from then on; and the next start has all of it.
func TestALedgerThatFailsInTime(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		text string // of the first record that is refused
		do   func(t *testing.T, d *onBadDay)
		told string // to the operator
		next string // what the next start writes
	}{
		"a review is due": {`"kind":"review_due"`, func(t *testing.T, d *onBadDay) {
			d.clock.set("2027-04-20T12:00:00Z")
			d.reloaded(t)
		}, "that people were told of a review cannot be recorded", dueRecord},
		"another day: revocations": {`"kind":"revocation"`, anotherDay, dayIsUntold,
			`"kind":"revocation","assessment":"LIA-0","assessment_version":4,"again":true`},
		"another day: approvals": {`"kind":"approval"`, anotherDay, dayIsUntold,
			`"kind":"approval","assessment":"LIA-1","assessment_version":1,`},
		"another day: objections": {`"kind":"objections_head"`, anotherDay, dayIsUntold,
			`"kind":"objections_head","size":1`},
		"another day: keys": {`"text":"as before; identity`, anotherDay, dayIsUntold, `"text":"found; identity `},
		"keys change": {`"text":"advanced: `, func(_ *testing.T, d *onBadDay) {
			d.clock.set("2026-12-02T12:00:00Z")
			d.minute.pass()
		}, "a change of keys cannot be recorded", `"text":"found; identity `},
		"a minute's refusals": {`"kind":"refused"`, func(t *testing.T, d *onBadDay) {
			if a := d.ask(t, "GET /x HTTP/1.1\r\nHost: nowhere.example\r\n\r\n"); a.Status < 400 {
				t.Errorf("a hit of no site is answered with %d", a.Status)
			}
			d.minute.pass()
		}, "refused hits cannot be recorded", `"kind":"start"`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			core, logged := observer.New(zap.ErrorLevel)
			d := &onBadDay{assessed: newAssessed(t, ""), clock: newClock("2026-12-01T12:00:00Z"), minute: make(minutes)}
			write(t, d.dir+"/policy/revocations.yaml",
				"revocations: [{ assessment: LIA-0, version: 4, at: 2026-11-01T12:00:00Z, because: the vendor was sold }]\n")
			r := start(t, d.assessed.file, d.clock.option) // so that there is something to be remembered
			r.act(t, objection.Change{Object: []string{"vendor:matomo"}})
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
			log := &disk{text: c.text}
			d.running = start(t, d.assessed.file, d.clock.option, d.minute.option, func(o *proxy.Options) {
				o.Disk, o.Log = log, zap.New(core)
			})
			log.armed.Store(true)
			c.do(t, d)
			until(t, "the operator is told", func() bool { return logged.FilterMessage(c.told).Len() > 0 })
			if a := d.ask(t, get(counted, "")); a.Status != 503 || len(d.vendor.Requests()) != 0 {
				t.Errorf("the next hit is answered with %d, and %d left", a.Status, len(d.vendor.Requests()))
			}
			if status, text := d.get(t, "/readyz"); status != 503 || !strings.Contains(text, "ledger") {
				t.Errorf("readyz says %d %s", status, text)
			}
			if err := d.stop(t); err == nil {
				t.Error("it ended well")
			}
			before := len(r.ledger(t))
			r = start(t, d.assessed.file, d.clock.option)
			if c.next == dueRecord { // beside hits
				until(t, "the next start writes it", func() bool { return strings.Contains(r.ledger(t)[before:], c.next) })
			}
			if text := r.ledger(t)[before:]; !strings.Contains(text, c.next) {
				t.Errorf("the next start does not write it: %s", text)
			}
		})
	}
}

const dueRecord = `"kind":"review_due","assessment":"LIA-1"`

const dayIsUntold = "what is known of assessments, objections and keys cannot be recorded again"

func anotherDay(t *testing.T, d *onBadDay) {
	d.clock.set("2026-12-02T12:00:00Z")
	d.reloaded(t) // is when it is looked at; there is nothing to load
}

// TestKeysReplacedAndNotRecorded: where a ledger cannot be begun no key is replaced; where one was, the error says so,
// beside a server as through a running one.
func TestKeysReplacedAndNotRecorded(t *testing.T) {
	t.Parallel()
	v, c, d := startVendor(t), newClock("2026-11-24T12:00:00Z"), new(disk)
	r := start(t, folder(t, v.URL), c.option, func(o *proxy.Options) { o.Disk = d })
	const done = "rotated: day; ledger subjects shredded"
	state := func() pseudonym.State {
		state, err := keys.Read(proxy.KeysDir(dataOf(r)))
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	before := state()
	d.failAt(1)
	if text, err := proxy.RotateRunning(t.Context(), dataOf(r), everyKey); err == nil || !strings.Contains(err.Error(),
		done+", and that cannot be recorded: ") {
		t.Errorf("through a running server: %q, %v", text, err)
	}
	if state() == before {
		t.Error("the error says that keys were replaced, and they were not")
	}
	if a := r.send(t, get(pageView, consent)); a.status != 503 || len(v.got()) != 0 {
		t.Errorf("then a hit is answered with %d, and %d left", a.status, len(v.got()))
	}
	if err := r.stop(t); !errors.Is(err, errDisk) {
		t.Errorf("it ended with %v", err)
	}
	loaded, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	for n, replaced := range []bool{false, true, true} { // the records of the beginning, of the keys, and of the end
		before, d := state(), new(disk)
		d.failAt(int64(n) + 1)
		text, err := proxy.RotateStopped(loaded, everyKey, proxy.Options{Now: c.now, Disk: d})
		if !errors.Is(err, errDisk) || (state() != before) != replaced {
			t.Errorf("record %d refused: %v; keys were replaced: %v", n+1, err, state() != before)
		}
		if n == 1 && !strings.Contains(err.Error(), done+", and that cannot be recorded: ") || n == 2 && text != done {
			t.Errorf("record %d refused: %q, %v", n+1, text, err)
		}
	}
	if text := start(t, r.file, c.option).ledger(t); !strings.Contains(text, `, ledger subjects shredded"`) {
		t.Error("the next start does not say that the ledger's subjects were shredded")
	}
}
