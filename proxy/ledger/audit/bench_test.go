package audit_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// spent is how long processors have worked for this process: others may work on the machine as well.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVerify verifies a ledger with one worker: how many records a second a core reads.
func BenchmarkVerify(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "ledger")
	o := options(b, dir)
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		b.Fatal(err)
	}
	events := make([]ledger.Event, 100)
	const records = 200_000
	for n := 0; n < records; n += len(events) {
		for i := range events {
			events[i] = event(n + i)
		}
		if err := l.Append(events, named{}); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Eraser.SealAll(); err != nil { // what is sealed has an index, which is made again to hold it against
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var read int64
	begun := spent(b)
	for b.Loop() {
		r, err := audit.Verify(audit.Options{Dir: dir, Workers: 1})
		if err != nil || len(r.Findings) > 0 {
			b.Fatal(err, told(r))
		}
		b.SetBytes(r.Bytes)
		read += int64(r.Records)
	}
	b.ReportMetric(float64(read)/(spent(b)-begun).Seconds(), "records/cpu-s")
}
