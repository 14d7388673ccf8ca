package proxy

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// Bounds of what is remembered of events that were denied: about 262,144 in 8 MiB, for a day. SDKs send what they keep
// again within minutes, or when the visitor comes back; what is kept longer says when it was.
const (
	deniedShards = 64
	deniedPages  = 16 // of each shard, made when something is to be remembered there
	deniedSets   = 64 // of each page
	deniedWays   = 8  // of each set: the oldest of them makes room
	deniedFor    = rules.DeniedFor
)

// deniedIDs remembers which events were denied for lack of a yes, by sums of their ids and of whom they are about,
// under a seed of the process's own, so that one that is sent again after a yes is known. It never grows beyond its
// bounds, in memory alone: whoever sends many events drives out what is oldest in a set, and slows nobody. It is used
// from many goroutines at once.
type deniedIDs struct {
	seed   maphash.Seed
	shards []deniedShard
}

type deniedShard struct {
	mu    sync.Mutex
	pages [deniedPages]*deniedPage
}

type deniedPage [deniedSets][deniedWays]deniedID

// deniedID is an id, and when its event was denied last. The zero deniedID is none.
type deniedID struct {
	sum uint64
	at  int64 // Unix seconds
}

func newDeniedIDs() *deniedIDs {
	return &deniedIDs{seed: maphash.MakeSeed(), shards: make([]deniedShard, deniedShards)}
}

// rememberHit remembers the events of a hit that were denied for lack of a yes.
func (d *deniedIDs) rememberHit(j *rules.Judgement, now time.Time) {
	at := now.Unix()
	for e := range j.Verdicts {
		j.DeniedSums(e, d, func(sum uint64) bool {
			d.remember(sum, at)
			return true
		})
	}
}

// remember remembers an event that was denied at a time.
func (d *deniedIDs) remember(sum uint64, at int64) {
	shard := &d.shards[sum%deniedShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	page := shard.page(sum)
	if *page == nil {
		*page = new(deniedPage)
	}
	set := (*page).set(sum)
	oldest := 0
	for i := range set {
		if set[i].sum == sum {
			oldest = i
			break
		}
		if set[i].at < set[oldest].at {
			oldest = i
		}
	}
	set[oldest] = deniedID{sum, at}
}

// Denied tells whether an event was denied within a day. See [rules.Denials]. Two events of one sum are taken for each
// other: once in 2^46, and then one more is denied.
func (d *deniedIDs) Denied(sum uint64, now time.Time) bool {
	since := now.Add(-deniedFor).Unix()
	shard := &d.shards[sum%deniedShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	page := *shard.page(sum)
	if page == nil {
		return false
	}
	for _, one := range page.set(sum) {
		if one.sum == sum && one.at >= since {
			return true
		}
	}
	return false
}

// Sum is a hash under the seed. See [rules.Denials].
func (d *deniedIDs) Sum(text []byte) uint64 { return maphash.Bytes(d.seed, text) }

func (s *deniedShard) page(sum uint64) **deniedPage {
	return &s.pages[sum/deniedShards/deniedSets%deniedPages]
}

func (p *deniedPage) set(sum uint64) *[deniedWays]deniedID { return &p[sum/deniedShards%deniedSets] }
