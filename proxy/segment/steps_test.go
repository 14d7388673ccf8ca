package segment_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// TestEachStepFails: whichever step fails, alone or with all after it: what was answered as written
// is there for a process that dies, what was answered as synced when the power goes, and what was
// refused is nowhere, unless that was the end.
func TestEachStepFails(t *testing.T) {
	t.Parallel()
	type played struct {
		taken, synced, refused []int
		unknown                int
	}
	play := func(d *crash.Disk, dir string) (p played, steps int) {
		w, err := segment.Open(segment.Options{Dir: dir, Name: name, Disk: d})
		if err != nil {
			return p, d.Steps()
		}
		for n := range 12 {
			var err error
			switch {
			case n == 5:
				_, err = w.Roll()
				if err == nil {
					continue
				}
				continue
			case n%3 == 0:
				if err = synced(w, n); err == nil {
					p.synced = append(p.synced, n)
				}
			default:
				err = written(w, n)
			}
			if err == nil {
				p.taken = append(p.taken, n)
			} else if <-time.After(1500 * time.Millisecond); !errors.Is(err, segment.ErrUnknown) {
				p.refused = append(p.refused, n)
			} else {
				p.unknown++
			}
		}
		if w.Close() != nil {
			p.refused = nil // the last try may have got there
		}
		return p, d.Steps()
	}
	synctest.Test(t, func(t *testing.T) {
		disk := func() (*crash.Disk, string) {
			data := t.TempDir()
			d, err := crash.New(data)
			if err != nil {
				t.Fatal(err)
			}
			return d, data
		}
		d, data := disk()
		p, steps := play(d, data)
		if len(p.taken) != 11 || len(p.refused) > 0 {
			t.Fatal(p)
		}
		for n := range steps {
			for what, fail := range map[string]func(*crash.Disk, int){"alone": (*crash.Disk).Fail,
				"and all after it": (*crash.Disk).Die} {
				d, data := disk()
				fail(d, n+1)
				p, _ := play(d, data)
				if what == "alone" && len(p.taken)+len(p.refused)+p.unknown < 11 && len(p.taken) > 0 {
					t.Errorf("step %d, %s: %v", n+1, what, p)
				}
				d.Fail(0)
				for _, left := range []crash.What{crash.Synced, crash.All} {
					into := t.TempDir()
					if err := d.Leave(left, into); err != nil {
						t.Fatal(err)
					}
					got := numbers(t, into)
					want := p.synced
					if left == crash.All {
						want = p.taken
					}
					for _, n := range want {
						if !slices.Contains(got, n) {
							t.Errorf("step %d, %s; %v left: %d is lost of %v: %v", n+1, what, left, n, got, p)
						}
					}
					if what == "alone" {
						for _, n := range p.refused {
							if slices.Contains(got, n) {
								t.Errorf("step %d, %s; %v left: %d was refused, and is there: %v", n+1, what, left, n, got)
							}
						}
					}
					if !slices.IsSorted(got) {
						t.Errorf("step %d, %s; %v left: %v", n+1, what, left, got)
					}
				}
			}
		}
	})
}
