package objection

import (
	"errors"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestAFullDisk: as long as less than 64 MiB would be left nothing is acknowledged that has to be written, and what
// stands already is. With room again everything goes on.
func TestAFullDisk(t *testing.T) {
	var free uint64 = 1 << 40
	var err error
	commits := 0
	s := opened(t, Options{
		Free:   func() (uint64, error) { return free, err },
		Commit: func(tx *bolt.Tx) error { commits++; return tx.Commit() },
	})
	taken(t, s, objects(1, "analytics"), objects(2, All))
	restricted := objects(3, "analytics")
	restricted.Restriction = true
	taken(t, s, restricted)
	complaint := objects(1, "analytics")
	complaint.Complaint = true
	free = 64<<20 + 4<<10
	before := commits
	for what, c := range map[string]struct {
		batch Batch
		taken bool
	}{
		"an objection":             {Batch{Changes: []Change{objects(4, "analytics")}}, false},
		"another scope":            {Batch{Changes: []Change{objects(1, "newsletter")}}, false},
		"taking back":              {Batch{Changes: []Change{takesBack(1, "analytics")}}, false},
		"taking back all":          {Batch{Changes: []Change{takesBack(3, All)}}, false},
		"a restriction":            {Batch{Changes: []Change{takesBack(3, "restriction:analytics")}}, false},
		"an objection, restricted": {Batch{Changes: []Change{objects(3, "analytics")}}, false},
		"a complaint":              {Batch{Changes: []Change{complaint}}, false},
		"one new of two":           {Batch{Changes: []Change{objects(1, "analytics"), objects(5, All)}}, false},
		"what stands, to be remembered": {Batch{Changes: []Change{objects(1, "analytics")}, Key: "k", Digest: [32]byte{1}},
			false},
		"what stands":                    {Batch{Changes: []Change{objects(1, "analytics")}}, true},
		"what stands, twice":             {Batch{Changes: []Change{objects(1, "analytics"), objects(2, All)}}, true},
		"a restriction that stands":      {Batch{Changes: []Change{restricted}}, true},
		"taking back what does not":      {Batch{Changes: []Change{takesBack(1, "newsletter")}}, true},
		"taking back all, of an unknown": {Batch{Changes: []Change{takesBack(9, All)}}, true},
	} {
		receipts, err := s.Apply(t.Context(), c.batch)
		if c.taken != (err == nil) || err != nil && !errors.Is(err, ErrFull) || err == nil && receipts[0].New {
			t.Errorf("%s: %+v, %v", what, receipts, err)
		}
		if !c.taken && !s.Full() {
			t.Errorf("%s: it does not say that it is full", what)
		}
	}
	if commits != before || s.Head().Size != 3 || s.Err() != nil {
		t.Errorf("%d commits, %d changes, %v", commits-before, s.Head().Size, s.Err())
	}
	standsFor(t, s, 1, "analytics")
	standsFor(t, s, 4)
	s.LookForRoom() // for nothing: less than it takes, more than is kept free
	if s.Full() {
		t.Error("it is full for ever")
	}
	free = 64<<20 - 1
	if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(4, "analytics")}}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if s.LookForRoom(); !s.Full() {
		t.Error("it found room where there is none")
	}
	free = 65 << 20
	taken(t, s, objects(4, "analytics"))
	if s.Full() {
		t.Error("it took something, and is full")
	}
	free, err = 0, errors.New("nobody knows")
	taken(t, s, objects(5, "analytics"))
}
