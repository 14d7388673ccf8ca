package objection

import (
	"context"
	"time"

	bolt "go.etcd.io/bbolt"
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
	New     int // browsers that it is in force for from now on; one that follows several leads of one call is counted once
	Refused int // browsers that follow too many already, or that the lead has too many of: nothing was done for them
}

// Follow makes browsers follow persons, in one step: all of it or nothing. What stands for a lead, but for what it
// follows itself, is an act of [SeenWith] for each browser; where nothing stands nothing is done. From then on each
// change of the lead changes those acts in the same step, and the last one that is taken back ends them. Who follows
// already is only noted to have been seen, once a day: who was not seen for 13 months follows no more (see Expire).
//
// It returns when everything is on disk, on the ledger and in force. The errors and the context are those of Apply.
func (s *Store) Follow(ctx context.Context, follows []Follow) ([]Followed, error) {
	follows, err := rightFollows(follows, s.opts.Now())
	if err != nil || len(follows) == 0 {
		return nil, err
	}
	r := &request{follows: follows, done: make(chan struct{})}
	if err := s.submit(ctx, r); err != nil {
		return nil, err
	}
	return r.followed, r.err
}

// rightFollows checks what was seen, and fills in what nobody said, on a copy.
func rightFollows(follows []Follow, now time.Time) ([]Follow, error) {
	all := make([]Follow, 0, len(follows))
	for i, f := range follows {
		c := Change{Subjects: append([]Subject{f.Lead}, f.Seen...), Source: seenWith, Site: f.Site, Time: f.Time}
		c.Complaint = true // of which a change need not object to anything
		if what, err := c.normalise(now); err != nil {
			return nil, &Fault{Act: i, What: what, Err: err}
		}
		all = append(all, Follow{Lead: c.Subjects[0], Seen: c.Subjects[1:], Site: c.Site, Time: c.Time})
	}
	return all, nil
}

// Expire ends what follows from a lead for browsers that were not seen with it for 13 months, and opt-outs that are
// kept for browsers that did not send the signal for as long: a thousand of each at most. It is to be called once a day
// or more often, until more is false.
func (s *Store) Expire(ctx context.Context) (more bool, err error) {
	r := &request{expire: true, done: make(chan struct{})}
	if err := s.submit(ctx, r); err != nil {
		return false, err
	}
	return r.more, r.err
}

// Begun lists the browsers that began to follow a lead on the day of a time, in UTC, and of which nothing was known
// before. It reads from disk.
func (s *Store) Begun(lead [16]byte, at time.Time) (all []Subject, err error) {
	day := dayOf(at)
	err = s.file.read(func(tx *bolt.Tx) error {
		return followersOf(tx, &lead, func(key, value []byte) error {
			one, err := parseFollower(key, value)
			if err != nil || one.day != day {
				return err
			}
			hash := &one.subject.Hash
			r, err := parseRecord(hash[:], tx.Bucket(bucketSubjects).Get(hash[:]))
			if err == nil && dayOf(time.Unix(r.first, 0)) == day {
				all = append(all, one.subject)
			}
			return err
		})
	})
	return all, err
}
