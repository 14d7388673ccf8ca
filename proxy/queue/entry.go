package queue

// entry is what memory holds of an event that is pending. All of it is guarded by the queue's mutex.
type entry struct {
	name   Name
	vendor *vendor
	key    *key
	file   *file
	at     int64  // where its frame begins in the file
	size   uint32 // of its frame, with what frames it
	number uint32 // of its frame below the key

	time    int64 // Unix milliseconds: when it was accepted
	expires int64 // by the queue's own clock, in nanoseconds
	due     int64 // likewise, where it waits
	order   uint64
	judged  uint64

	attempts  uint16
	round     uint16
	state     state
	moving    bool // its frame is being copied
	attempted bool // it may have been sent
	doubted   bool // its frame says so
	follows   bool // the one before it in its order is pending
	taken     bool // from elsewhere, where it is kept
	panics    uint8
	reason    uint16
	turn      uint32 // how often it was handed out

	inLater, inExpiring int32 // its places in those of its vendor

	older, newer *entry // of its list: those of its vendor that wait, or are parked
	behind       *entry // of those of its order; of those that are free
}

// head is that of its frame.
func (e *entry) head() frameHead { return frameHead{e.key.id, e.number, e.round, e.name, e.doubted} }

// state is where an entry is.
type state uint8

const (
	added    state = iota // its hit is not answered yet
	ready                 // to be handed out
	waits                 // until it is due
	blocked               // behind an earlier one of its order
	underWay              // handed out
	parked
	ended
)

// chunk is how many entries are made at once.
const chunk = 256

// slab makes entries, and has those again that are needed no more.
type slab struct{ free *entry }

func (s *slab) take() *entry {
	if s.free == nil {
		all := make([]entry, chunk)
		for i := range all {
			all[i].behind, s.free = s.free, &all[i]
		}
	}
	e := s.free
	s.free = e.behind
	e.behind = nil
	return e
}

func (s *slab) give(e *entry) {
	*e = entry{state: ended, behind: s.free}
	s.free = e
}

// list is entries in the order in which they came to stand in it.
type list struct {
	oldest, newest *entry
	n              int
	bytes          int64
}

func (l *list) add(e *entry) {
	e.older, e.newer = l.newest, nil
	if l.newest == nil {
		l.oldest = e
	} else {
		l.newest.newer = e
	}
	l.newest = e
	l.n++
	l.bytes += int64(e.size)
}

func (l *list) remove(e *entry) {
	if e.older == nil {
		l.oldest = e.newer
	} else {
		e.older.newer = e.newer
	}
	if e.newer == nil {
		l.newest = e.older
	} else {
		e.newer.older = e.older
	}
	e.older, e.newer = nil, nil
	l.n--
	l.bytes -= int64(e.size)
}
