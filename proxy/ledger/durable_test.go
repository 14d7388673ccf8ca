package ledger_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// sealed is how long a segment of these tests is written, and tick how often it is synced.
const (
	sealed = time.Minute
	tick   = time.Second
)

// onCrash opens a ledger on a disk that is a folder of its own.
func onCrash(t *testing.T) (ledger.Options, *crash.Disk) {
	t.Helper()
	data := t.TempDir()
	d, err := crash.New(data)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Options{Dir: filepath.Join(data, "ledger"), Node: "node-1", Now: time.Now, Sync: tick,
		Seal: sealed, Disk: d}, d
}

// TestOutcomesAreWrittenInTime: nobody waits for them, and the next tick writes them though no hit comes.
func TestOutcomesAreWrittenInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, nil)
		if err := l.Outcome(ledger.Outcome{Hit: 7, Outcome: "delivered"}); err != nil {
			t.Fatal(err)
		}
		if d.holds(`"kind":"outcome"`) {
			t.Error("an outcome cost a write of its own")
		}
		<-time.After(time.Second)
		if !d.holds(`"kind":"outcome"`) {
			t.Error("an outcome was not written after a second")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestDefaults: a segment is written for an hour, and synced five times a second.
func TestDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		l := open(t, t.TempDir(), d, nil)
		<-time.After(250 * time.Millisecond)
		synctest.Wait()
		if at := d.syncs[d.begun[0]]; at != int64(len(d.text(0))) {
			t.Errorf("%d of %d bytes are synced after a quarter of a second", at, len(d.text(0)))
		}
		if err := l.Append([]ledger.Event{shaped(1, "")}, named{}); err != nil {
			t.Fatal(err)
		}
		<-time.After(59 * time.Minute)
		if segments, _ := d.count(); segments != 1 {
			t.Errorf("%d segments in 59 minutes", segments)
		}
		<-time.After(2 * time.Minute)
		if segments, _ := d.count(); segments != 2 {
			t.Errorf("%d segments in 61 minutes", segments)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
