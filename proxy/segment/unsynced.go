package segment

import (
	"sync"
	"sync/atomic"
)

// unsynced is what was written and may not be on disk yet. It stands in memory until it is.
type unsynced struct {
	mu    sync.Mutex
	under []byte // what the sync that is under way brings to disk
	since []byte // what came behind it
	first uint64 // number of the first record: all before it are on disk
	half  uint64 // of the first one in since
	end   uint64 // behind the last one
	idle  int    // how many syncs in a row needed far less room than there is

	size atomic.Int64 // of all bytes
}

// startAt says that the next record has a number, and that all before it are on disk.
func (u *unsynced) startAt(number uint64) { u.first, u.half, u.end = number, number, number }

// add adds what was written.
func (u *unsynced) add(frames []byte, n int) {
	u.mu.Lock()
	if need := len(u.since) + len(frames); need > cap(u.since) {
		u.since = append(make([]byte, 0, 2*need), u.since...)
	}
	u.since = append(u.since, frames...)
	u.end += uint64(n)
	u.size.Add(int64(len(frames)))
	u.mu.Unlock()
}

// begin is the number of the first record that may not be on disk.
func (u *unsynced) begin() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.first
}

// bytes is how many there are.
func (u *unsynced) bytes() int { return int(u.size.Load()) }

// syncs notes that what is there is being brought to disk. It tells whether there is anything.
func (u *unsynced) syncs() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.under) == 0 {
		u.under, u.since = u.since, u.under
		u.half = u.end
	}
	return len(u.under) > 0
}

// synced notes that it is.
func (u *unsynced) synced() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.size.Add(-int64(len(u.under)))
	u.first, u.under = u.half, u.emptied(u.under)
}

// all is everything, and the number of its first record. Nobody adds anything before [unsynced.allSynced].
func (u *unsynced) all() (first uint64, parts [2][]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.first, [2][]byte{u.under, u.since}
}

// allSynced notes that everything is on disk.
func (u *unsynced) allSynced() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.startAt(u.end)
	u.size.Store(0)
	u.under, u.since = u.emptied(u.under), u.emptied(u.since)
}

// mostIdle is how many syncs in a row may need little of the room before it is given up.
const mostIdle = 100

// emptied is room for as much again, unless far less was needed for long.
func (u *unsynced) emptied(b []byte) []byte {
	if cap(b) <= mostKept || len(b) >= cap(b)/8 {
		u.idle = 0
	} else if u.idle++; u.idle > mostIdle {
		return nil
	}
	return b[:0]
}
