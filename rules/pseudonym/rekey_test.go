package pseudonym

import (
	"bytes"
	"slices"
	"testing"
)

// TestRekeyedWhenever: nodes that do the same changes have the same keys, whether each was there when they were made,
// or away for days and does them afterwards, or makes its state of the root anew.
func TestRekeyedWhenever(t *testing.T) {
	t.Parallel()
	type change struct {
		day    int
		chains []Rotation
		shred  bool
	}
	changes := []change{{0, []Rotation{Day, Week}, false}, {3, nil, true}, {40, Rotations(), true},
		{40, []Rotation{Never}, false}}
	do := func(s *State, n int) { s.Rekey([16]byte{byte(n + 1)}, changes[n].chains, changes[n].shred) }
	advance := func(s *State, day int) {
		t.Helper()
		if _, err := s.CatchUp(noon.AddDate(0, 0, day)); err != nil {
			t.Fatal(err)
		}
	}
	there := TestRoot.State(noon)
	for n, c := range changes {
		advance(&there, c.day)
		do(&there, n)
	}
	advance(&there, 100)
	for away := range len(changes) + 1 {
		node := TestRoot.State(noon)
		for n := range changes {
			if n >= away {
				break
			}
			advance(&node, changes[n].day)
			do(&node, n)
		}
		advance(&node, 100) // while it is cut off
		if same := node == there; same != (away == len(changes)) || (node.Mark() == there.Mark()) != same {
			t.Errorf("away from change %d on, before it comes back: the same is %v", away, same)
		}
		for n := away; n < len(changes); n++ {
			do(&node, n)
		}
		if node != there || node.Mark() != there.Mark() || node.Line() != there.Line() {
			t.Errorf("away from change %d on: other keys", away)
		}
	}
}

// TestRekeyedIsGone: after a change a state holds nothing that it held of the keys that were replaced, other salts give
// other keys, and what names a line and a mark is none of them.
func TestRekeyedIsGone(t *testing.T) {
	t.Parallel()
	before := TestRoot.State(noon)
	after, other := before, before
	after.Rekey([16]byte{1}, Rotations(), true)
	other.Rekey([16]byte{2}, Rotations(), true)
	text := after.Append(nil)
	for _, key := range []Key{before.ledger, before.rekeying.secret, before.chains[Day].key, before.chains[Week].key,
		before.chains[Month].key, before.chains[Never].key} {
		if bytes.Contains(text, []byte(key.text())) {
			t.Error("a key that was replaced is in the state")
		}
	}
	for k := range numRotations {
		if after.chains[k].key == other.chains[k].key {
			t.Errorf("%v: the salt does nothing", k)
		}
	}
	if after.ledger == other.ledger || after.rekeying.secret == other.rekeying.secret || after.Mark() == other.Mark() {
		t.Error("the salt does nothing")
	}
	if after.Line() != before.Line() || (Root{1}).State(noon).Line() == before.Line() ||
		after.Identity() != before.Identity() {
		t.Error("a line stays, and another root has another one")
	}
	alone := after
	if alone.BeginLine(); alone.Line() == after.Line() || alone.Rekeys() != 1 || alone.Chains() != after.Chains() {
		t.Error("a line that begins has the name of the one before, or more is another")
	}
	if after.Rekeys() != 1 || after.SubjectKey() != before.SubjectKey() ||
		after.LedgerDigestKey() != before.LedgerDigestKey() {
		t.Error("more was replaced")
	}
}

// TestStateOfAVersionBefore: a state of version 1 is read and written as it is, and can be given what it lacks.
func TestStateOfAVersionBefore(t *testing.T) {
	t.Parallel()
	state := TestRoot.State(noon)
	state.rekeying = rekeying{}
	text := state.Append(nil)
	if !bytes.Contains(text, []byte(`"version":1,`)) || bytes.Contains(text, []byte("rekeying")) {
		t.Errorf("%s", text)
	}
	got, err := ParseState(text)
	if err != nil || got != state || got.Rekeyable() || got.Line() != "" {
		t.Fatalf("%v", err)
	}
	was := slices.Clone(text)
	got.BeginRekeying(TestRoot.RekeyingKey())
	if got != TestRoot.State(noon) || bytes.Equal(got.Append(nil), was) {
		t.Error("with what the root gives it is not what the root gives")
	}
}
