package places

import (
	"container/heap"
	"net/netip"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
)

// room holds connections, and says who goes where there are not places for all. It looks at no clock: what rests is in
// the order in which it began to. A listener's mutex guards it, and what its connections say of it.
type room struct {
	most      int // places
	each      int // places of one network
	held      int // that are taken
	networks  map[netip.Prefix]*network
	leaving   order // networks of which a connection could go
	clock     uint64
	fruitless *lru.LRU[netip.Prefix, int] // of networks that have no connection now; see network
	wanted    int                         // how many networks without any place found none, since there was one to be had
}

// network is whom connections are counted for.
type network struct {
	of    netip.Prefix // the zero Prefix: of trusted proxies, and whoever has no address
	count int

	// fruitless is how many of its connections had to go before a request was there whole, since one was. Who opens
	// connections and asks for nothing comes after those who ask.
	fruitless int

	first, last *Conn // of its connections that rest, longest first
	at          int   // in leaving; -1: nowhere
}

func newRoom(most, each int) *room {
	made, err := lru.NewLRU[netip.Prefix, int](remembered, nil)
	if err != nil {
		panic("BUG: nobody is remembered: " + err.Error())
	}
	return &room{most: most, each: each, networks: map[netip.Prefix]*network{}, fruitless: made}
}

// remembered is how many networks without connections a room remembers, about 120 bytes each.
const remembered = 1 << 14

// many is what networks are compared by. Connections of trusted proxies are not those of one visitor, and go last.
func (n *network) many() int {
	if !n.of.IsValid() {
		return 0
	}
	return n.count + n.fruitless
}

// enter gives a connection a place, and returns the one that has to be closed for it, if any. It
// returns a cause where there is no place.
//
// Who goes is the connection that rests longest, of the network that has most; and only one of the newcomer's
// own network, or of one that has more.
func (r *room) enter(c *Conn, of netip.Prefix) (goes *Conn, why Cause) {
	n := r.networks[of]
	if n == nil {
		n = &network{of: of, at: -1}
		n.fruitless, _ = r.fruitless.Get(of)
	}
	switch {
	case of.IsValid() && n.count >= r.each:
		if goes, why = n.first, TooMany; goes == nil {
			return nil, why
		}
	case r.held >= r.most:
		if goes, why = r.toGo(n), Full; goes == nil {
			if n.many() == 0 {
				r.wanted = min(r.wanted+1, r.most)
			}
			return nil, why
		}
	default:
		r.wanted = 0
	}
	if goes != nil {
		r.displace(goes)
	}
	r.fruitless.Remove(of)
	r.networks[of] = n
	n.count++
	r.held++
	c.room, c.network = r, n
	r.rest(c)
	return goes, none
}

// toGo is the connection that goes for a newcomer of a network; nil: none may.
func (r *room) toGo(n *network) *Conn {
	if len(r.leaving) > 0 {
		if most := r.leaving[0]; most == n || most.many() > n.many() {
			return most.first
		}
	}
	return n.first
}

// displace takes a connection's place away.
func (r *room) displace(c *Conn) {
	if !c.asked {
		c.network.fruitless++
	}
	r.leave(c)
}

// leave gives a place back.
func (r *room) leave(c *Conn) {
	n := c.network
	if c.resting {
		n.take(c)
	}
	r.held--
	n.count--
	if n.count == 0 {
		delete(r.networks, n.of)
		if n.fruitless > 0 {
			r.fruitless.Add(n.of, n.fruitless)
		}
	}
	r.arrange(n)
	c.room, c.network = nil, nil
}

// rest notes that nothing is done for a connection from now on: it could go.
func (r *room) rest(c *Conn) {
	if c.resting {
		return
	}
	r.clock++
	c.resting, c.since = true, r.clock
	c.network.put(c)
	r.arrange(c.network)
}

// work notes that something is done for a connection: it stays.
func (r *room) work(c *Conn) {
	if c.resting {
		c.network.take(c)
	}
	c.asked, c.network.fruitless = true, 0
	r.arrange(c.network)
}

// asks notes that a request from a network is there whole, on a connection that is not in the room.
func (r *room) asks(of netip.Prefix) {
	r.fruitless.Remove(of)
	if n := r.networks[of]; n != nil {
		n.fruitless = 0
		r.arrange(n)
	}
}

// yields tells whether a connection is to give its place up once it is free: somebody who has none found none.
func (r *room) yields(c *Conn) bool {
	if r.wanted == 0 || c.network.many() < 2 {
		return false
	}
	r.wanted--
	return true
}

// put puts a connection behind those that rest longer.
func (n *network) put(c *Conn) {
	c.earlier, c.later = n.last, nil
	if n.last != nil {
		n.last.later = c
	} else {
		n.first = c
	}
	n.last = c
}

// take takes a connection out from among those that rest.
func (n *network) take(c *Conn) {
	if c.earlier != nil {
		c.earlier.later = c.later
	} else {
		n.first = c.later
	}
	if c.later != nil {
		c.later.earlier = c.earlier
	} else {
		n.last = c.earlier
	}
	c.earlier, c.later, c.resting = nil, nil, false
}

// arrange puts a network where it belongs after a change.
func (r *room) arrange(n *network) {
	switch {
	case n.first == nil && n.at >= 0:
		heap.Remove(&r.leaving, n.at)
	case n.first != nil && n.at < 0:
		heap.Push(&r.leaving, n)
	case n.first != nil:
		heap.Fix(&r.leaving, n.at)
	}
}

// order is a heap: first the network that has most connections, of equals the one of which one rests longest.
type order []*network

// Len is how many there are.
func (o order) Len() int { return len(o) }

// Less tells whether a connection of the one goes before any of the other.
func (o order) Less(i, j int) bool {
	if a, b := o[i].many(), o[j].many(); a != b {
		return a > b
	}
	return o[i].first.since < o[j].first.since
}

// Swap swaps two.
func (o order) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].at, o[j].at = i, j
}

// Push adds one at the end.
func (o *order) Push(x any) {
	n := x.(*network)
	n.at = len(*o)
	*o = append(*o, n)
}

// Pop takes the last one off.
func (o *order) Pop() any {
	last := len(*o) - 1
	n := (*o)[last]
	(*o)[last], n.at = nil, -1
	*o = (*o)[:last]
	return n
}
