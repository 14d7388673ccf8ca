package proxy

import (
	"crypto/rand"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/rarity"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestVersionsAreRememberedOfEvents: which version of an assessment carried an event is known from that event's record alone; one that was
// denied shows nothing.
func TestVersionsAreRememberedOfEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	event := func(decision rules.Decision, id string, version int) ledger.Event {
		return ledger.Event{Hit: 1, Decision: decision.String(), LIA: id, Version: version, Policy: "digest"}
	}
	events := []ledger.Event{
		event(rules.Permit, "LIA-1", 3), event(rules.Permit, "LIA-1", 3), event(rules.Permit, "LIA-1", 2), event(rules.Deny, "LIA-1", 9),
		event(rules.Deny, "LIA-2", 7), event(rules.Permit, "LIA-3", 1), event(rules.Permit, "LIA-1", 2), event(rules.Permit, "", 0),
	}
	if err := l.Append(events, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	past, err := Recover(dir)
	if err != nil {
		t.Fatal(err)
	}
	if seen := past.facts().Seen; len(seen) != 2 || seen["LIA-1"] != 3 || seen["LIA-3"] != 1 {
		t.Errorf("remembered: %v", seen)
	}
	alone := newRecovered()
	for _, record := range []string{
		`{"kind":"event","decision":"deny","assessment":"LIA-1","assessment_version":9}`, `{"kind":"event","decision":"permit","assessment":"LIA-1","assessment_version":4}`,
		`{"kind":"outcome","decision":"permit","assessment":"LIA-1","assessment_version":8}`,
	} {
		alone.observe([]byte(record))
	}
	if alone.Facts.Seen["LIA-1"] != 4 {
		t.Errorf("taken: %v", alone.Facts.Seen)
	}
}

// TestCountsAreKept: they are written to their file, and where that cannot be done the operator is told.
func TestCountsAreKept(t *testing.T) {
	for where, told := range map[string]int{"rarity": 0, filepath.Join("missing", "rarity"): 1} {
		file := filepath.Join(t.TempDir(), where)
		counter, err := rarity.Open(rarity.Options{File: file, Now: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		counter.UpTo(5)
		counter.Count(time.Now(), hit.Language, []byte("de"), netip.MustParseAddr("192.0.2.7"))
		core, logged := observer.New(zap.WarnLevel)
		(&valueCounts{counter, zap.New(core)}).keep()
		files, err := filepath.Glob(file)
		if err != nil || len(files) != 1-told || logged.Len() != told {
			t.Errorf("%s: files %v, said %v", where, files, logged.All())
		}
		_ = counter.Close() // in a folder that is not there it cannot be written at the end either
	}
}
