package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules"
)

// QueueDir is where in its data folder the queue is.
func QueueDir(data string) string { return filepath.Join(data, "queue") }

// queueKeys is where its keys are.
func queueKeys(data string) string { return filepath.Join(KeysDir(data), "queue") }

// openQueue opens the queue, and holds it against the ledger: each event that waits has its decision there, and each
// decision an event that waits, or an outcome.
func openQueue(s *Server) error {
	data := s.loaded.Server.Data
	d := &s.loaded.Server.Delivery
	against := reckoning{
		ledger: s.ledger, dir: ledgerDir(s.loaded), decided: map[queue.Name]bool{}, may: map[queue.Name]bool{},
		shared: map[queue.Name]bool{}, taken: map[queue.Name]bool{},
	}
	against.fresh, against.first = absent(QueueDir(data)), absent(queueKeys(data))
	var err error
	if against.copied, err = readCopied(data); err != nil {
		return err
	}
	seal := keySeal{key: s.keyring.store.State().QueueKey(), random: s.opts.Rand}
	free := s.opts.Free
	if free == nil {
		free = func() (uint64, error) { return objection.FreeOn(data) }
	}
	q, err := queue.Open(queue.Options{
		Dir: QueueDir(data), Keys: queueKeys(data), Wrap: seal.wrap, Unwrap: seal.unwrap,
		Since: against.since, Recorded: s.ledger.Sync, Free: free, OnDamage: func(d queue.Damage) {
			reportDamage(s.opts.Log, &d)
		},
		Left: func(name queue.Name) { s.dispatch.taken.left(name) },
		Size: int64(d.Queue.Size), Reserve: int64(d.Queue.Reserve), ParkSize: int64(d.Park.Size),
		ParkFor: time.Duration(d.Park.For), Now: s.opts.Now, Disk: s.opts.Disk, Rand: s.opts.Rand,
	})
	if err != nil {
		return err
	}
	s.dispatch = newDispatcher(q, dispatchOptions{
		Log: s.opts.Log, Metrics: s.metrics, Now: s.opts.Now, InForce: s.snapshot.Load,
		Moment: momentOf(s), Acts: s.objections.Version, Inflight: s.inflight, Random: s.opts.Random,
		Outcome: shownOutcome(s),
		ForgetCopy: func() error {
			return durable.Files{Disk: s.opts.Disk}.Remove(filepath.Join(data, copiedFile))
		},
	})
	s.dispatch.commit = newCommit(func() { // each hit asks for its own
		s.dispatch.attempts.write(s.ledger.Attempt, func() { _ = s.ledger.Sync() })
	}, func() { _ = q.Sync() })
	if err = against.settle(q, s.opts.Log); err == nil {
		err = openShared(s)
	}
	if err == nil {
		err = beginCopy(s, against.copied)
	}
	if err != nil {
		return errors.Join(err, q.Close())
	}
	s.metrics.Queue(s.dispatch.figures)
	if against.fresh && d.Mode == "queued" {
		s.opts.Log.Info("events wait for their vendors in a queue, for the first time here: SDKs are answered as soon as "+
			"what is permitted is on disk, and vendors are asked behind that (delivery: { mode: queued, ttl })",
			zap.Stringer("ttl", d.TTL))
	}
	return nil
}

func absent(dir string) bool {
	_, err := os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist)
}

// momentOf tells by what an event that waited is judged now.
func momentOf(s *Server) func(*Snapshot) rules.Moment {
	return func(of *Snapshot) rules.Moment {
		now := s.opts.Now()
		return rules.Moment{
			Now: now, Latest: s.keyring.current(of, now).Since(),
			ObjectionsUnavailable: s.objections.Err() != nil || s.objections.Full(), ObjectionsStale: s.nodes.stale(),
		}
	}
}

func closeQueue(s *Server) error {
	err := s.dispatch.taken.giveBack()
	return errors.Join(err, s.dispatch.checkpoint(s.ledger.Next), closeShared(s), s.dispatch.queue.Close())
}

func dispatchQueue(ctx context.Context, s *Server) {
	var taking sync.WaitGroup
	taking.Go(func() { s.dispatch.taken.run(ctx) })
	s.dispatch.run(ctx)
	taking.Wait()
}

// noteEnded takes a checkpoint of the queue where a segment of the ledger was sealed since the last one.
func noteEnded(s *Server) {
	sealed := s.ledger.State().Sealed
	if s.dispatch.sealed == sealed {
		return
	}
	if err := s.dispatch.checkpoint(s.ledger.Next); err != nil {
		fault(s.opts.Log, "it cannot be noted what of the queue has ended: a start takes longer", err)
		return
	}
	s.dispatch.sealed = sealed
}

// checkpoint notes what of the queue has ended: a start reads the ledger from a record on, before which are all
// decisions of hits up to the highest one there.
func (d *dispatcher) checkpoint(next func() uint64) error {
	d.adding.Lock()
	defer d.adding.Unlock()
	return d.queue.Checkpoint(next)
}

const (
	queueNearlyFull = "the queue has little room left: hits will be refused"
	queueFull       = "the queue has no room for the hits that come: they are refused"
)

func queueHealth(s *Server) string {
	if !s.snapshot.Load().queued {
		return ""
	}
	if wrong := sharedHealth(s); wrong != "" {
		return wrong
	}
	switch err := s.dispatch.queue.Ready(); {
	case err == nil:
		return ""
	case queue.Refuses(s.dispatch.queue): // so nothing is written, and nobody knows whether it could be
		return queueFull
	case queue.IsFull(err):
		return queueNearlyFull
	default:
		return "the queue cannot be written: hits are refused"
	}
}

// keySeal wraps the keys of the queue's files under the key state, as messages that wait are sealed.
type keySeal struct {
	key    [32]byte
	random io.Reader
}

func (k *keySeal) wrap(secret *[32]byte, name string) ([]byte, error) {
	return webhook.Seal(&k.key, k.random, name, secret[:])
}

func (k *keySeal) unwrap(wrapped []byte, name string) (*[32]byte, error) {
	secret, err := webhook.Unseal(&k.key, name, wrapped)
	if err != nil || len(secret) != 32 {
		return nil, errors.New("it was wrapped under another key state, or is damaged")
	}
	return (*[32]byte)(secret), nil
}

// reckoning holds the queue against the ledger at a start.
type reckoning struct {
	ledger  *ledger.Ledger
	dir     string
	fresh   bool                // there was no queue
	first   bool                // and never has been: there were no keys of one
	decided map[queue.Name]bool // events that were to wait by records that were read, and did not end: whether they do
	may     map[queue.Name]bool // of those, such as may have arrived
	shared  map[queue.Name]bool // of those, such as were to wait in the cluster's queue
	taken   map[queue.Name]bool // of those, such as were taken out of it
	copied  *copiedFrom         // the folder is a copy; nil: it is none
	above   uint64              // of a hit with a higher number the decision is among them
}

// fatesOfQueue are what records say of an event, as the queue calls it.
var fatesOfQueue = map[ledger.Fate]queue.Fate{ledger.Attempted: queue.Attempted, ledger.Waiting: queue.Pending,
	ledger.Ended: queue.Ended}

// since is what [queue.Options] asks.
func (r *reckoning) since(record uint64, told func(queue.Name, queue.Fate)) (err error) {
	if r.fresh && r.first {
		return nil
	}
	if record > r.ledger.Next() { // it is an older copy: what it says of any event is all that is known
		record = 0
	}
	r.above, err = ledger.Fates(r.dir, record, func(hit uint64, event int, fate ledger.Fate) {
		name := queue.Name{Hit: hit, Event: uint32(event)}
		switch fate {
		case ledger.Queued:
			r.decided[name] = false
		case ledger.Shared:
			r.decided[name], r.shared[name] = false, true
		case ledger.Taken:
			r.decided[name], r.taken[name] = false, true
		case ledger.Attempted:
			r.may[name] = true
		case ledger.Waiting:
			delete(r.may, name)
		case ledger.Ended:
			delete(r.decided, name)
			delete(r.may, name)
		}
		if of, is := fatesOfQueue[fate]; is {
			told(name, of)
		}
	})
	return err
}

// settle records what the two do not agree on.
func (r *reckoning) settle(q *queue.Queue, log *zap.Logger) error {
	if err := r.lost(q, log); err != nil {
		return err
	}
	for _, it := range queue.Unsaid(q) {
		why, status := parkedFor(it.Reason)
		if err := r.ledger.Outcome(outcomeOf(&it, ledger.Parked, why, status)); err != nil {
			return err
		}
	}
	if err := r.endTaken(q); err != nil {
		return err
	}
	again := 0
	for it := range q.Pending("") {
		if _, is := r.decided[it.Name]; is {
			r.decided[it.Name] = true
			continue
		}
		if it.Name.Hit <= r.above || r.fresh {
			continue
		}
		if err := r.recordAgain(q, it); err != nil {
			return err
		}
		again++
	}
	if again > 0 {
		log.Warn("the ledger had lost decisions on events that wait: they are recorded again", zap.Int("events", again))
	}
	unaccepted, removed := 0, r.fresh || queue.Removed(q)
	for _, name := range slices.SortedFunc(maps.Keys(r.decided), queue.Name.Compare) {
		if r.decided[name] {
			continue
		}
		of := ledger.Outcome{Hit: name.Hit, Events: []int{int(name.Event)}, Outcome: ledger.Dropped, Why: whyNotAccepted}
		switch {
		case r.taken[name] && !r.may[name]:
			of.Outcome, of.Why = ledger.HandedOver, whyGivenBack
		case r.taken[name]:
			of.Outcome, of.Why = ledger.Unknown, whyStopped
		case r.shared[name]: // the process died before it was said whether the cluster has it
			of.Outcome, of.Why = ledger.Unknown, whyUnconfirmed
		case r.copied.fresh():
			of.Outcome, of.Why = ledger.Unknown, whyNotInBackup
		case removed && r.may[name]:
			of.Outcome, of.Why = ledger.Unknown, whyDamaged
		case removed:
			of.Why = whyDamaged
		}
		if err := r.ledger.Outcome(of); err != nil {
			return err
		}
		if !r.taken[name] && !r.shared[name] {
			unaccepted++
		}
	}
	switch {
	case unaccepted > 0 && r.copied.fresh():
		log.Warn("events that came while the folder was copied are not in the copy: what became of them is not known here",
			zap.Int("events", unaccepted))
	case unaccepted > 0 && removed:
		queue.Lost(q, unaccepted)
		log.Error("files of what waits were removed: their events are lost, and recorded as such",
			zap.Int("events", unaccepted))
	case unaccepted > 0:
		log.Warn("events were to wait that never came to disk: their senders were not told that they had",
			zap.Int("events", unaccepted))
	}
	return q.Checkpoint(r.ledger.Next)
}

// recordAgain records the decision on an event again, which the ledger has lost.
func (r *reckoning) recordAgain(q *queue.Queue, it queue.Item) error {
	var e queue.Event
	if err := q.Read(it, &e); err != nil {
		return nil //nolint:nilerr // it is damaged, and will be dropped
	}
	policy, line, _ := strings.Cut(string(e.Record), "\n")
	of, err := ledger.ParseEvent([]byte(line))
	if err != nil {
		return fmt.Errorf("hit %d, event %d: %w", it.Name.Hit, it.Name.Event, err)
	}
	var kept rules.Kept
	if err := kept.Read(e.Facts); err == nil {
		of.Endpoint, of.Region = kept.Route()
	}
	of.Policy, of.Recovered = policy, true
	return r.ledger.Append([]ledger.Event{of}, nil)
}

// lost ends the events that the queue lost by damage.
func (r *reckoning) lost(q *queue.Queue, log *zap.Logger) error {
	damaged := q.Damaged()
	for i := range damaged {
		d := &damaged[i]
		reportDamage(log, d)
		for _, gone := range d.Events {
			r.decided[gone.Name] = true
		}
	}
	if len(damaged) == 0 {
		return nil
	}
	return q.EndLost(func() error {
		for i := range damaged {
			for _, gone := range damaged[i].Events {
				of := ledger.Outcome{
					Hit: gone.Name.Hit, Events: []int{int(gone.Name.Event)}, Outcome: ledger.Dropped, Why: whyDamaged,
				}
				if gone.Attempted {
					of.Outcome = ledger.Unknown
				}
				if err := r.ledger.Outcome(of); err != nil {
					return err
				}
			}
		}
		return nil
	}, damaged...)
}

// reportDamage says what of the queue cannot be read.
func reportDamage(log *zap.Logger, d *queue.Damage) {
	log.Error("a part of the queue cannot be read: its bytes are set aside, and its events dropped and recorded as such",
		zap.String("file", d.File), zap.Int64("at", d.Offset), zap.Int64("bytes", d.Bytes), zap.Int("events", len(d.Events)),
		zap.String("kept", d.Kept), zap.Stringer("why", d.Why))
}
