package rarity

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestCountsLast: whichever step fails, whoever keeps the counts is told; the file is the one before or the one after,
// and the next attempt writes it. What is not on disk makes values rarer, never a start impossible.
func TestCountsLast(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		dir := t.TempDir()
		disk, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(Options{File: filepath.Join(dir, "rarity"), Now: func() time.Time {
			return noon
		}, Rand: zeros{}, Disk: disk})
		if err != nil {
			t.Fatal(err)
		}
		c.UpTo(10)
		visit(t, c, noon, "800x600", 0, 10)
		disk.Fail(n)
		refused := c.Write()
		if (refused == nil) != (disk.Steps() < n) || refused != nil && !errors.Is(refused, crash.ErrFailed) {
			t.Errorf("step %d of %d: %v", n, disk.Steps(), refused)
		}
		common := func(what crash.What) bool {
			into := t.TempDir()
			if err := disk.Leave(what, into); err != nil {
				t.Fatal(err)
			}
			return begin(t, filepath.Join(into, "rarity"), noon).Common(hit.Screen, []byte("800x600"), 10, 1)
		}
		for _, what := range crash.Left {
			if got := common(what); !got && refused == nil {
				t.Errorf("step %d, %v left: written, and lost", n, what)
			}
		}
		disk.Fail(0)
		if err := c.Close(); err != nil || !common(crash.Synced) {
			t.Errorf("step %d, tried again: %v", n, err)
		}
		if refused == nil {
			break
		}
	}
}

// zeros are random bytes that are not random.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
