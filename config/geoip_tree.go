package config

import "encoding/binary"

// regionTree is the tree of networks in a database of MaxMind's format (specification 2.0, "Binary Search Tree
// Section"): nodes of two records, each of which is the number of another node, the number of nodes (nothing is known
// there), or where data stand.
type regionTree struct {
	content []byte
	nodes   uint64
	size    uint64 // of a record, in bits: 24, 28 or 32
	state   []uint8
	data    map[uint64]bool // where data stand that the tree leads to
}

// What is known of a node.
const (
	unseen = iota
	onTheWay
	finished
)

// deepest is how many bits an address has.
const deepest = 128

// separator stands between tree and data.
const separator = 16

// walk goes from the first node to everything that it leads to, each node once. False where the tree leads out of the
// file, or in a circle.
func (t *regionTree) walk() bool {
	if t.size != 24 && t.size != 28 && t.size != 32 || t.nodes == 0 || t.nodes > uint64(len(t.content))*4/t.size {
		return false
	}
	t.state, t.data = make([]uint8, t.nodes), map[uint64]bool{}
	type step struct {
		node uint64
		side uint64 // that comes next: 0, 1, or 2 where both have been gone
	}
	way := append(make([]step, 0, deepest), step{})
	t.state[0] = onTheWay
	for len(way) > 0 {
		here := &way[len(way)-1]
		if here.side == 2 {
			t.state[here.node] = finished
			way = way[:len(way)-1]
			continue
		}
		to := t.record(here.node, here.side)
		here.side++
		switch {
		case to > t.nodes:
			if to < t.nodes+separator {
				return false
			}
			t.data[to-t.nodes-separator] = true
		case to == t.nodes || t.state[to] == finished:
		case t.state[to] == onTheWay || len(way) == deepest:
			return false
		default:
			t.state[to] = onTheWay
			way = append(way, step{node: to})
		}
	}
	return true
}

// record reads one of a node's two records.
func (t *regionTree) record(node, side uint64) uint64 {
	at := t.content[node*t.size/4:]
	switch t.size {
	case 24:
		at = at[side*3:]
		return uint64(at[0])<<16 | uint64(at[1])<<8 | uint64(at[2])
	case 28: // the byte in the middle has the highest bits of both
		if side == 0 {
			return uint64(at[3]>>4)<<24 | uint64(at[0])<<16 | uint64(at[1])<<8 | uint64(at[2])
		}
		return uint64(binary.BigEndian.Uint32(at[3:])) & 0x0fffffff
	default:
		return uint64(binary.BigEndian.Uint32(at[side*4:]))
	}
}
