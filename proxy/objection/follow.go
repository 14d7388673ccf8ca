package objection

import (
	"context"
	"errors"
	"time"
)

// Follow says that browsers were seen beside a person: what stands for the person is to be in force for them too.
type Follow struct {
	Lead Subject   // of a person; not itself one that follows
	Seen []Subject // of browsers
	Site string    // id of the site where, or ""
	Time time.Time // when; zero: now
}

// Followed is what became of a [Follow].
type Followed struct {
	New     int // browsers that it is in force for from now on
	Refused int // browsers that follow too many already, or that the lead has too many of: nothing was done for them
}

// Follow makes browsers follow persons, in one step: all of it or nothing. What stands for a lead, but for what it
// follows itself, is an act of [SeenWith] for each browser; where nothing stands nothing is done. From then on each
// change of the lead changes those acts in the same step, and the last one that is taken back ends them. Who follows
// already is only noted to have been seen, once a day: who was not seen for 13 months follows no more (see Expire).
//
// It returns when everything is on disk, on the ledger and in force. The errors and the context are those of Apply.
func (s *Store) Follow(context.Context, []Follow) ([]Followed, error) {
	return nil, errors.New("nothing follows yet")
}

// Expire ends what follows from a lead for browsers that were not seen with it for 13 months: some thousands at most.
// It is to be called once a day or more often, until more is false.
func (s *Store) Expire(context.Context) (more bool, err error) { return false, nil }

// OlderForms tells whether something is in force for a subject of an older form than [NewestForm]. It takes no lock.
func (s *Store) OlderForms() bool { return true }
