package proxy

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// Bounds of what is remembered of events that were denied: 262,144 ids in 4 MiB, for a day. SDKs send what they keep
// again within minutes, or when the visitor comes back; what is kept longer says when it was.
const (
	deniedShards = 64
	deniedSets   = 512 // of each shard
	deniedWays   = 8   // of each set: the oldest of them makes room
	deniedFor    = 24 * time.Hour
)

// deniedIDs remembers which events were denied for lack of a yes, by hashes of their ids under a seed of the process's
// own, so that one that is sent again after a yes is known. It has the same size from the start, in memory alone:
// whoever sends many events drives out what is oldest in a set, and slows nobody. It is used from many goroutines at
// once.
type deniedIDs struct {
	seed   maphash.Seed
	shards []deniedShard
}

type deniedShard struct {
	mu   sync.Mutex
	sets [deniedSets][deniedWays]deniedID
}

// deniedID is an id, and when its event was denied last. The zero deniedID is none.
type deniedID struct {
	hash uint64
	at   int64 // Unix seconds
}

func newDeniedIDs() *deniedIDs {
	return &deniedIDs{seed: maphash.MakeSeed(), shards: make([]deniedShard, deniedShards)}
}

// rememberHit remembers the events of a hit that were denied for lack of a yes.
func (d *deniedIDs) rememberHit(j *rules.Judgement, now time.Time) {
	for e := range j.Verdicts {
		j.DeniedIDs(e, func(id []byte) bool {
			d.remember(j.Route.Recipient.ID, id, now.Unix())
			return true
		})
	}
}

// remember remembers an event that was denied at a time.
func (d *deniedIDs) remember(vendor string, id []byte, at int64) {
	hash, shard := d.of(vendor, id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	set := shard.set(hash)
	oldest := 0
	for i := range set {
		if set[i].hash == hash {
			oldest = i
			break
		}
		if set[i].at < set[oldest].at {
			oldest = i
		}
	}
	set[oldest] = deniedID{hash, at}
}

// Denied tells whether an event was denied within a day. See [rules.Denials].
func (d *deniedIDs) Denied(vendor string, id []byte, now time.Time) bool {
	hash, shard := d.of(vendor, id)
	since := now.Add(-deniedFor).Unix()
	shard.mu.Lock()
	defer shard.mu.Unlock()
	for _, one := range shard.set(hash) {
		if one.hash == hash && one.at >= since {
			return true
		}
	}
	return false
}

// of is the hash of an event's id, and the shard that it is in. Two ids of one hash are taken for each other: once in
// 2^46 events, and then one more is denied.
func (d *deniedIDs) of(vendor string, id []byte) (hash uint64, in *deniedShard) {
	hash = maphash.Bytes(d.seed, id) ^ bits.RotateLeft64(maphash.String(d.seed, vendor), 32)
	return hash, &d.shards[hash%deniedShards]
}

func (s *deniedShard) set(hash uint64) *[deniedWays]deniedID {
	return &s.sets[hash/deniedShards%deniedSets]
}
