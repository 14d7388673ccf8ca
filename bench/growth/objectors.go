package growth

import (
	"context"
	"encoding/binary"
	"path/filepath"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// open opens an empty store.
func (g *judging) open(dir string) (err error) {
	g.store, err = objection.Open(objection.Options{Dir: filepath.Join(dir, "objections"), Identity: "keys-1"})
	if err != nil {
		return err
	}
	g.lookup = g.store.Resolve(g.policy.Objection)
	return nil
}

// hashOf is as a keyed hash is: nothing is to be seen in it.
func hashOf(n uint64) (hash [16]byte) {
	binary.BigEndian.PutUint64(hash[:8], spread(n))
	binary.BigEndian.PutUint64(hash[8:], spread(^n))
	return hash
}

// spread is splitmix64.
func spread(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// fill brings the store to so many objectors, each of whom objects to everything.
func fill(g *judging, n int) error {
	const most = 20_000 // changes at once
	for g.filled < n {
		var b objection.Batch
		for ; g.filled < n && len(b.Changes) < most; g.filled++ {
			hash := hashOf(uint64(g.filled))
			subject := objection.Subject{Space: "client_id:ga4", Hash: hash, Ledger: hash, Feed: hash}
			b.Changes = append(b.Changes, objection.Change{Subjects: []objection.Subject{subject},
				Object: []string{objection.All}, Source: objection.API})
		}
		if _, err := g.store.Apply(context.Background(), b); err != nil {
			return err
		}
	}
	return nil
}

// stranger makes the visitor one of whom nothing is stored, another one each time.
func stranger(g *judging, serial uint64) { visitor(g, 1<<40+serial) }

// objector makes the visitor one who objected, another one each time, in no order.
func objector(g *judging, serial uint64) {
	visitor(g, spread(serial)%uint64(g.filled))
}

func visitor(g *judging, n uint64) {
	for i := range g.j.Subjects {
		g.j.Subjects[i].Hash = hashOf(n)
	}
}
