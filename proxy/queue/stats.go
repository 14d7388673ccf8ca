package queue

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Stats is how a queue stands.
type Stats struct {
	Bytes, Size      int64 // of the files of what waits, and as much as they may have
	Parked, ParkSize int64 // likewise of what is parked
	Free             int64 // bytes on the disk above the reserve; 0 where nobody looks
	Files            int
	Damaged          int // events that were lost by damage, as far as this process saw
	Vendors          []VendorStats
	Reasons          []ReasonStats
}

// VendorStats is what is pending for a vendor, without what is parked.
type VendorStats struct {
	Vendor string
	Events int // also those that are under way
	Bytes  int64
	Oldest time.Duration // how long the first of them has waited
}

// ReasonStats is what is parked for a vendor and a reason.
type ReasonStats struct {
	Vendor, Reason string
	Events         int
	Bytes          int64
}

// Stats tells how the queue stands. It costs as much as there are vendors.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Stats{
		Bytes: q.waiting.bytes + q.waiting.coming, Size: q.opts.Size,
		Parked: q.parked.bytes + q.parked.coming, ParkSize: q.opts.ParkSize,
		Files: len(q.waiting.files) + len(q.parked.files), Damaged: q.damaged,
	}
	if q.opts.Free != nil {
		s.Free = max(q.free, 0)
	}
	now := q.opts.Now().UnixMilli()
	for _, v := range q.vendors {
		one := VendorStats{Vendor: v.name, Events: v.waiting.n, Bytes: v.waiting.bytes}
		if e := v.waiting.oldest; e != nil {
			one.Oldest = time.Duration(max(now-e.time, 0)) * time.Millisecond
		}
		s.Vendors = append(s.Vendors, one)
		for reason, p := range v.why {
			s.Reasons = append(s.Reasons, ReasonStats{v.name, q.reasons[reason], p.n, p.bytes})
		}
	}
	slices.SortFunc(s.Vendors, func(a, b VendorStats) int { return cmp.Compare(a.Vendor, b.Vendor) })
	slices.SortFunc(s.Reasons, func(a, b ReasonStats) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Reason, b.Reason))
	})
	return s
}

// Ready tells whether events are taken, and will be for a while: from nine tenths of the room on it says why not.
func (q *Queue) Ready() error {
	if err := q.waiting.w.Err(); err != nil {
		return fmt.Errorf("no event can be put into the queue: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	used := q.waiting.bytes + q.waiting.coming
	switch size := q.opts.Size; {
	case q.closed:
		return ErrClosed
	case q.taken != nil:
		return q.taken
	case used > size/10*9:
		return fmt.Errorf("%w: nearly, %d of %s are used", ErrFull, used, plural.Of(size, "byte"))
	case q.opts.Free != nil && q.free < q.opts.Reserve/10:
		return fmt.Errorf("%w: nearly, %s left before the %d that are kept free",
			ErrReserve, plural.Are(max(q.free, 0), "byte"), q.opts.Reserve)
	}
	return nil
}
