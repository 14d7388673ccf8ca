package proxy

import (
	"crypto/rand"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy/rarity"
	"github.com/tagwarden/tagwarden/rules/hit"
)

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
