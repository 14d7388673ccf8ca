package ledger_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

const origin = "shop.example/tagwarden"

func seed(string) [ed25519.SeedSize]byte { return [ed25519.SeedSize]byte{1} }

// signing are options of a ledger that signs, in a folder beside which another one keeps the newest checkpoint.
func signing(t testing.TB, data string, d durable.Disk) ledger.Options {
	t.Helper()
	return ledger.Options{
		Dir: filepath.Join(data, "ledger"), Node: "node-1", Now: time.Now, Disk: d, Sync: tick, Seal: sealed,
		Checkpoint: 2 * tick, Origin: origin, Seed: seed, Known: filepath.Join(data, "keys", "checkpoint"),
	}
}

// dataFolder is a folder with room for a ledger and for keys.
func dataFolder(t testing.TB) string {
	t.Helper()
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	return data
}

// read is what a ledger holds.
type read struct {
	lines []string       // of each record; "" where it was deleted
	hits  map[uint64]int // how many records of events each has
}

// reread reads every record of a ledger, and makes the tree of them anew: records have the numbers that come next, and
// the newest checkpoint is that of as many of them as it says.
func reread(t testing.TB, o ledger.Options) (r read) {
	t.Helper()
	r.hits = map[uint64]int{}
	segments, err := ledger.Segments(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var edge tree.Edge
	checkpoint := checkpointOf(t, o)
	root := map[int64]bool{0: true}
	add := func(entry tree.Entry) {
		edge.Append(entry[:], nil)
		if at := edge.Tree(); checkpoint != nil && at.N == checkpoint.Tree.N {
			root[at.N] = at.Hash == checkpoint.Tree.Hash
		}
	}
	if len(segments) > 0 && segments[0].First > 0 { // what was deleted
		stored, err := tree.List(o.Dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for n := range segments[0].First {
			var entry tree.Entry
			if err := stored.HashesAt(entry[:], int64(n)); err != nil {
				t.Fatal(err)
			}
			add(entry)
			r.lines = append(r.lines, "")
		}
	}
	for _, s := range segments {
		from, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		for from.Next() {
			line := string(from.Record())
			if n, _ := from.Number(); n != uint64(len(r.lines)) {
				t.Errorf("%s: record %d comes behind %d others", filepath.Base(s.Path), n, len(r.lines))
			}
			add(tree.EntryOf(from.Record()))
			r.lines = append(r.lines, line)
			if member(line, "kind") == ledger.KindEvent {
				r.hits[uint64(numberIn(line, "hit"))]++
			}
		}
		if err := errors.Join(from.Err(), from.Close()); err != nil {
			t.Error(err)
		}
	}
	if checkpoint != nil {
		if right, is := root[checkpoint.Tree.N]; !is || !right {
			t.Errorf("the checkpoint is of %d records, there are %d, and its root is theirs: %t",
				checkpoint.Tree.N, len(r.lines), right)
		}
	}
	if now, err := ledger.Recover(o.Dir); err != nil || now.Next() != uint64(len(r.lines)) {
		t.Errorf("a start goes on with record %v, and there are %d: %v", now, len(r.lines), err)
	}
	return r
}

// checkpointOf is the newest checkpoint in a ledger's folder; nil: there is none.
func checkpointOf(t testing.TB, o ledger.Options) *tree.Checkpoint {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.Dir, ledger.CheckpointFile))
	if errors.Is(err, os.ErrNotExist) || o.Seed == nil {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := tree.NewSigner(o.Origin, o.Seed(o.Origin))
	if err != nil {
		t.Fatal(err)
	}
	key, err := tree.ParseKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.OpenCheckpoint(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
