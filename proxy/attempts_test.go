package proxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// recorder records attempts: what it did, in words and in their order.
type recorder struct {
	did   []string
	fails map[string]error // by vendor: before anything is added
	after map[string]error // by vendor: once it was synced
	long  string           // the vendor whose record is synced by itself
}

func (r *recorder) record(x *ledger.Exchange, wait func()) error {
	if err := r.fails[x.Vendor]; err != nil {
		return err
	}
	var hits []uint64
	for _, h := range x.Hits {
		hits = append(hits, h.Hit)
	}
	slices.Sort(hits)
	r.did = append(r.did, fmt.Sprint(x.Vendor, hits))
	if x.Vendor == r.long {
		return r.after[x.Vendor]
	}
	wait()
	return r.after[x.Vendor]
}

func (r *recorder) sync() { r.did = append(r.did, "sync") }

// TestAttemptsAreRecordedTogether: what is to be brought to disk is in one record a vendor, all of them before one
// sync; each learns how its own went, and nothing is recorded twice.
func TestAttemptsAreRecordedTogether(t *testing.T) {
	failed := errors.New("the disk is full")
	for name, c := range map[string]struct {
		add  string // vendors, one for each attempt
		r    recorder
		want string
		fail string // vendors whose attempts fail
	}{
		"none":                 {"", recorder{}, "sync", ""},
		"one":                  {"a", recorder{}, "a[0] sync", ""},
		"several of one":       {"a a a", recorder{}, "a[0 1 2] sync", ""},
		"of several":           {"a b a c b", recorder{}, "a[0 2] b[1 4] c[3] sync", ""},
		"one cannot be added":  {"a b", recorder{fails: map[string]error{"a": failed}}, "b[1] sync", "a"},
		"none can be added":    {"a b", recorder{fails: map[string]error{"a": failed, "b": failed}}, "sync", "a b"},
		"nobody knows of one":  {"a b a", recorder{after: map[string]error{"b": failed}}, "a[0 2] b[1] sync", "b"},
		"one is long":          {"a b", recorder{long: "a"}, "a[0] b[1] sync", ""},
		"one is long and gone": {"a b", recorder{long: "a", after: map[string]error{"a": failed}}, "a[0] b[1] sync", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			var a attempts
			var all []*begun
			for i, vendor := range strings.Fields(c.add) {
				all = append(all, a.add(vendor, []ledger.ExchangedHit{{Hit: uint64(i), Events: []int{0}}}))
			}
			a.write(c.r.record, c.r.sync)
			if got := strings.Join(c.r.did, " "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			for i, vendor := range strings.Fields(c.add) {
				if fails := slices.Contains(strings.Fields(c.fail), vendor); (all[i].err != nil) != fails {
					t.Errorf("attempt %d of %s: %v", i, vendor, all[i].err)
				}
			}
			c.r.did = nil
			if a.write(c.r.record, c.r.sync); fmt.Sprint(c.r.did) != "[sync]" {
				t.Errorf("the next one records %v", c.r.did)
			}
		})
	}
}

// TestAnAttemptIsOnDiskWhenItsCommitEnds: with many at once, each that waited for a commit is recorded by then, synced,
// and knows how that went.
func TestAnAttemptIsOnDiskWhenItsCommitEnds(t *testing.T) {
	const workers, each = 8, 200
	var a attempts
	var mu sync.Mutex
	written, onDisk := map[uint64]bool{}, map[uint64]bool{}
	c := newCommit(func() {
		a.write(func(x *ledger.Exchange, wait func()) error {
			mu.Lock()
			for _, h := range x.Hits {
				if written[h.Hit] {
					t.Errorf("the attempt of hit %d is recorded twice", h.Hit)
				}
				written[h.Hit] = true
			}
			mu.Unlock()
			wait()
			return fmt.Errorf("of %s", x.Vendor)
		}, func() {
			mu.Lock()
			for hit := range written {
				onDisk[hit] = true
			}
			mu.Unlock()
		})
	}, func() {})
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			vendor := fmt.Sprint("vendor ", w%3)
			for i := range each {
				hit := uint64(w*each + i)
				b := a.add(vendor, []ledger.ExchangedHit{{Hit: hit, Events: []int{0}}})
				c.wait()
				mu.Lock()
				if !onDisk[hit] || b.err == nil || b.err.Error() != "of "+vendor {
					t.Errorf("hit %d: on disk %t, %v", hit, onDisk[hit], b.err)
				}
				mu.Unlock()
			}
		})
	}
	working.Wait()
}
