package objection

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// recent remembers answers that came from disk, in shards, so that those who look seldom meet.
//
// A reader that read from disk must not put in an answer that a commit has made old meanwhile. Each shard therefore has
// a generation, which the writer raises, under the shard's lock, for every subject it has changed, after the new state
// can be read. A reader takes the generation before it begins to read, and puts its answer in only while that still
// holds: if its read began before the new state could be seen, the writer has raised the generation since, or will, and
// then puts its own answer over the reader's.
type recent struct {
	shards [recentShards]recentShard
}

const recentShards = 64

type recentShard struct {
	mu         sync.Mutex
	generation uint64
	answers    *simplelru.LRU[[16]byte, standing]
	_          [40]byte // a cache line each
}

func newRecent(size int) (*recent, error) {
	r := &recent{}
	for i := range r.shards {
		answers, err := simplelru.NewLRU[[16]byte, standing](max(1, size/recentShards), nil)
		if err != nil {
			return nil, err
		}
		r.shards[i].answers = answers
	}
	return r, nil
}

// of is the shard of a hash. The first byte is taken: the index divides by it.
func (r *recent) of(hash *[16]byte) *recentShard { return &r.shards[hash[1]%recentShards] }

// get returns what is remembered, and the generation to hand to keep where nothing is.
func (r *recent) get(hash [16]byte) (found standing, generation uint64, ok bool) {
	s := r.of(&hash)
	s.mu.Lock()
	found, ok = s.answers.Get(hash)
	generation = s.generation
	s.mu.Unlock()
	return found, generation, ok
}

// keep remembers what was read from disk after get had returned that generation.
func (r *recent) keep(hash [16]byte, found standing, generation uint64) {
	s := r.of(&hash)
	s.mu.Lock()
	if s.generation == generation {
		s.answers.Add(hash, found)
	}
	s.mu.Unlock()
}

// change remembers what the writer has committed: for a subject that is remembered already, and with all for any.
func (r *recent) change(hash [16]byte, is standing, all bool) {
	s := r.of(&hash)
	s.mu.Lock()
	s.generation++
	if all || s.answers.Contains(hash) {
		s.answers.Add(hash, is)
	}
	s.mu.Unlock()
}
