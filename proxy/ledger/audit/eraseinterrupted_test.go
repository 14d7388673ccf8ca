package audit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestEraseInterrupted: whichever step the process dies at, or the power goes at, the next one brings to its end what
// was recorded, whoever checks the log finds no fault at any time, and nothing that was to stay is lost.
func TestEraseInterrupted(t *testing.T) {
	const events = 60
	run := func(t *testing.T, data string, d *crash.Disk, at int) (steps int, err error) {
		t.Helper()
		o := options(t, filepath.Join(data, "ledger"))
		o.Known, o.Disk, o.Report = filepath.Join(data, "keys", "checkpoint"), d, func(string, error) {}
		l := filled(t, o, events)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		<-time.After(5 * time.Second)
		synctest.Wait()
		d.Die(at)
		_, err = l.Eraser.Erase(context.Background(), ofPerson())
		steps = d.Steps()
		_ = l.Close()
		return steps, err
	}
	steps := 0
	synctest.Test(t, func(t *testing.T) {
		data := t.TempDir()
		d, err := crash.New(data)
		if err != nil {
			t.Fatal(err)
		}
		if steps, err = run(t, data, d, 0); err != nil || steps < 20 {
			t.Fatal(steps, err)
		}
	})
	// Each second step, and what is left in turn: what one step leaves differs little from what the next does.
	for n := 1; n <= steps; n += 2 {
		left := crash.Left[n/2%len(crash.Left)]
		t.Run(fmt.Sprint(n, " ", left), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				data, into := t.TempDir(), t.TempDir()
				d, err := crash.New(data)
				if err != nil {
					t.Fatal(err)
				}
				_, died := run(t, data, d, n)
				d.Fail(0)
				if err := d.Leave(left, into); err != nil {
					t.Fatal(err)
				}
				dir := filepath.Join(into, "ledger")
				fine(t, dir)
				o := options(t, dir)
				o.Known = filepath.Join(into, "keys", "checkpoint")
				l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
				if err != nil {
					t.Fatal(err)
				}
				fine(t, dir)
				begun := len(l.Eraser.Unfinished()) > 0
				if err := l.Eraser.Finish(); err != nil || len(l.Eraser.Unfinished()) > 0 {
					t.Fatalf("%v %v (it died of %v)", err, l.Eraser.Unfinished(), died)
				}
				fine(t, dir)
				if begun && died == nil {
					t.Error("it was done, and is begun again")
				}
				if err := l.Eraser.SealAll(); err != nil { // of what the first one did not seal any more
					t.Fatal(err)
				}
				if _, err := l.Eraser.Erase(context.Background(), ofPerson()); err != nil {
					t.Fatal(err)
				}
				others := 0
				for _, line := range found(t, dir) {
					if isAbout(line) {
						t.Errorf("%.80s is there", line)
					}
					if strings.Contains(line, `"kind":"event"`) {
						others++
					}
				}
				if others != events-events/5 {
					t.Errorf("%d events of others are left", others)
				}
				fine(t, dir)
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				fine(t, dir)
			})
		})
	}
}
