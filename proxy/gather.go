package proxy

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// gathered is what an exchange has taken out of the queue, and how it goes together.
type gathered struct {
	of     *batch.Vendor // nil: the vendor's events travel one by one
	batch  batch.Batch
	piece  batch.Piece
	groups []group
	first  []int    // the events of the next request, by their place among the parcels
	rest   []int    // those of further ones
	behind []uint64 // orders of which an event is among the rest: what comes behind it is, too
	ahead  *queue.Reader
	alone  *sync.Mutex // held while it gathers, so that no other does; nil: it does not
}

// group is events of which several travel in one request.
type group struct {
	hash         uint64
	events, most int
}

// What one exchange takes out of the queue at most. It ends as well when one request is full.
const (
	mostGathered = 256
	mostBytes    = 1 << 20
	mostGroups   = 8 // of events that do not travel together: others' workers send the rest
)

// groupSeed makes hashes of groups. They are held against each other in memory alone.
var groupSeed = maphash.MakeSeed()

// reset forgets what was gathered: nothing of a visitor stays in its buffers.
func (g *gathered) reset() {
	if g.of != nil {
		g.batch.Reset()
		g.piece.Reset()
	}
	g.of, g.groups, g.first, g.rest, g.behind = nil, g.groups[:0], g.first[:0], g.rest[:0], g.behind[:0]
}

// readFrom reads an event that was handed out; where others are to travel with it, what stands behind it, too.
func (g *gathered) readFrom(q *queue.Queue, it queue.Item, to *queue.Event) error {
	if g.of == nil {
		return q.Read(it, to)
	}
	return g.ahead.Read(it, to)
}

// gatherAlone has no other worker gather events before letOthersGather, where they travel together: what comes within a
// moment is one worker's, and in one request.
func (x *exchange) gatherAlone() {
	if x.opts.InForce().batches[x.vendor] != nil {
		x.gathering.Lock()
		x.alone = &x.gathering
	}
}

func (g *gathered) letOthersGather() {
	if g.alone != nil {
		g.alone.Unlock()
		g.alone = nil
	}
}

// gather takes an event, and where its vendor takes several in one request, others to travel with it: those that are
// due, and those that come within [batch.Linger] of it. Those that stand behind one in its order come along. It ends
// when a request is full. What may not leave by now, ends or waits.
func (x *exchange) gather(ctx context.Context, t *time.Timer, first queue.Item) {
	x.out = append(x.out, first)
	if first.Panics == 0 { // else whatever it was befalls no other
		x.of = x.opts.InForce().batches[x.vendor]
	}
	if !x.take(first) {
		return
	}
	if x.sort(); x.parcels[0].group == 0 {
		return
	}
	x.takeBehind(first)
	for lingered := first.Attempts > 0; ; lingered = true {
		for x.takesMore() {
			it, found := x.queue.Next(x.vendor, queue.Due)
			if !found {
				break
			}
			if !x.takeAlong(it) {
				return
			}
			x.takeBehind(it)
		}
		left := batch.Linger - max(x.opts.Now().Sub(first.Time), 0)
		if lingered || left <= 0 || !x.takesMore() || ctx.Err() != nil {
			return
		}
		pause(ctx, t, nil, left)
	}
}

// takesMore tells whether there is room for another event.
func (x *exchange) takesMore() bool {
	return len(x.parcels) < mostGathered && x.bytes < mostBytes && len(x.groups) <= mostGroups &&
		!slices.ContainsFunc(x.groups, func(g group) bool { return g.events >= g.most })
}

// takeAlong takes an event beside others; or gives back one that goes by itself.
func (x *exchange) takeAlong(it queue.Item) bool {
	if it.Panics > 0 {
		x.queue.Return(it)
		return false
	}
	x.out = append(x.out, it)
	if x.take(it) {
		x.sort()
	}
	return true
}

// takeBehind takes the events that stand behind one in its order.
func (x *exchange) takeBehind(it queue.Item) {
	for it.Order != 0 && x.takesMore() {
		next, found := x.queue.Behind(it)
		if !found || !x.takeAlong(next) {
			return
		}
		it = next
	}
}

// sort notes of which group the event is that was taken last, and puts it into the
// request that is made, or with the rest.
func (x *exchange) sort() {
	n := len(x.parcels) - 1
	p := &x.parcels[n]
	joins := false
	if x.of != nil && x.cut(p, &x.sending) {
		p.group = max(maphash.Bytes(groupSeed, x.piece.Group()), 1)
		joins = x.count(p) && !x.isBehind(p) && x.batch.Add(&x.piece)
	}
	if joins || n == 0 {
		x.first = append(x.first, n)
		return
	}
	x.setBehind(n)
}

// cut cuts an event out of its request. False where it travels alone.
func (g *gathered) cut(p *parcel, with *sending) bool {
	p.load(&with.event, &with.headers)
	return g.of.Cut(&g.piece, &with.event, p.keyed)
}

// count counts the event to its group. It is true where that is the first one's.
func (g *gathered) count(p *parcel) bool {
	at := slices.IndexFunc(g.groups, func(of group) bool { return of.hash == p.group })
	if at < 0 {
		at = len(g.groups)
		g.groups = append(g.groups, group{p.group, 0, g.piece.Most()})
	}
	g.groups[at].events++
	return at == 0
}

// isBehind tells whether an event stands behind one of the rest in its order, or one that does not leave.
func (x *exchange) isBehind(p *parcel) bool {
	return p.item.Order != 0 && (slices.Contains(x.behind, p.item.Order) || slices.Contains(x.held, p.item.Order))
}

// setBehind puts an event with the rest.
func (x *exchange) setBehind(n int) {
	x.rest = append(x.rest, n)
	if order := x.parcels[n].item.Order; order != 0 {
		x.behind = append(x.behind, order)
	}
}

// load puts those of the rest that travel with the first of them into the next request. What stands behind an event in
// its order which does not leave, goes back to where it waited.
func (x *exchange) load() []int {
	x.batch.Reset()
	from := x.rest
	x.first, x.rest, x.behind = x.first[:0], x.rest[:0], x.behind[:0]
	alone := false
	for _, n := range from {
		p := &x.parcels[n]
		switch {
		case p.item.Order != 0 && slices.Contains(x.held, p.item.Order):
			x.queue.Return(p.item)
		case len(x.first) == 0: // alone, where it does not join
			alone = !x.join(p, &x.sending)
			x.first = append(x.first, n)
		case !alone && !x.isBehind(p) && p.group == x.parcels[x.first[0]].group && x.join(p, &x.sending):
			x.first = append(x.first, n)
		default:
			x.setBehind(n)
		}
	}
	return x.first
}

// join puts an event into the request that is made.
func (g *gathered) join(p *parcel, with *sending) bool {
	return p.group != 0 && g.cut(p, with) && g.batch.Add(&g.piece)
}

// giveBack gives back what was not sent.
func (x *exchange) giveBack(all ...[]int) {
	for _, some := range all {
		for _, n := range some {
			x.queue.Return(x.parcels[n].item)
		}
	}
}
