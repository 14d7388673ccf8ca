package order

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Options are what a [Replica] needs. Zero values take the defaults given.
type Options struct {
	// where it is kept how far this node has come, what stands by the acts, and what is to be told
	File     string
	Disk     durable.Disk     // nil: the file system
	Shared   bool             // acts come from a log; else this server is alone
	Patience time.Duration    // how long who asks waits for the others; 3 s
	Now      func() time.Time // the clock; time.Now
	Rand     io.Reader        // crypto/rand.Reader
}

// Do does an act. An error of [Refuse] is what became of it, on every node the same. After any other error it is done
// again, and none behind it before: what was done of it already must do no harm then. It must not call the replica.
type Do func(act Act, body json.RawMessage) error

// Replica is a node as one of those that do acts. Its methods are safe for concurrent use.
type Replica struct {
	o     Options
	files durable.Files
	kick  chan struct{} // holds one where there may be something to tell

	anew atomic.Bool // the log was begun anew, and what is kept was not told there

	doing sync.Mutex // held while acts are done: one after the other
	does  map[string]Do
	keeps map[string]func() (any, error) // what stands by the acts, by name

	mu    sync.Mutex // guards what follows, and the file
	log   Log        // nil: not open yet, or none
	kept  file
	begun bool // there was a file
	asked map[[16]byte]chan error
}

// Open reads what a node keeps of the acts that it has done.
func Open(o Options) (*Replica, error) {
	if o.Patience == 0 {
		o.Patience = 3 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	r := &Replica{
		o: o, files: durable.Files{Disk: o.Disk}, kick: make(chan struct{}, 1), does: map[string]Do{},
		keeps: map[string]func() (any, error){}, asked: map[[16]byte]chan error{},
	}
	var err error
	if r.kept, r.begun, err = readFile(o.File); err != nil {
		return nil, err
	}
	if !o.Shared && len(r.kept.Untold) > 0 {
		return nil, fmt.Errorf("%w: %d", ErrLeftUntold, len(r.kept.Untold))
	}
	return r, nil
}

// ErrLeftUntold says that a node left its cluster, and holds acts of which the others do not know.
var ErrLeftUntold = errors.New(
	"the other nodes of the cluster do not know all that was done on this one: start it in its " +
		"cluster until they do (cluster status, untold); acts that wait")

// Join has the replica put acts on a log from now on.
func (r *Replica) Join(log Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = log
}

// On says who does acts of a kind, and Keep what stands by them, to be kept under a name with how far the node has
// come. Both are said before the first act comes.
func (r *Replica) On(kind string, do Do) { r.does[kind] = do }

// Keep is told of beside On.
func (r *Replica) Keep(name string, what func() (any, error)) { r.keeps[name] = what }

// Kept reads what was kept under a name; false where nothing was.
func (r *Replica) Kept(name string, into any) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, there := r.kept.Stands[name]
	if !there {
		return false, nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return false, fmt.Errorf("%s: %q cannot be read: %w", r.o.File, name, err)
	}
	return true, nil
}

// Shared tells whether acts come from a log.
func (r *Replica) Shared() bool { return r.o.Shared }

// Begun tells whether the node has ever come anywhere, or was asked for anything to be told.
func (r *Replica) Begun() bool { return r.begun }

// Position is how far the node has come: the place on the log from which it is to be given acts ("": its beginning),
// and the number of the last act that it has done, which may come behind that place. It is on disk.
func (r *Replica) Position() (mark string, seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept.Mark, r.kept.Seq
}

// Again has all acts be done again, from the log's beginning.
func (r *Replica) Again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.Mark, r.kept.Seq = "", 0
}

// Untold is how many acts are kept until their turn has come, and since when the first of them is.
func (r *Replica) Untold() (n int, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n = len(r.kept.Untold); n > 0 {
		since = r.kept.Untold[0].At
	}
	return n, since
}

// Waiting are the bodies of the acts of a kind that are kept until their turn has come, in the order in which they were
// asked for.
func (r *Replica) Waiting(kind string) (bodies []json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.kept.Untold {
		if r.kept.Untold[i].Kind == kind {
			bodies = append(bodies, r.kept.Untold[i].Body)
		}
	}
	return bodies
}

// refusal is what became of an act that was not done.
type refusal struct{ error }

// Unwrap returns why.
func (r refusal) Unwrap() error { return r.error }

// Refuse makes an error what became of an act.
func Refuse(err error) error { return refusal{err} }

// alone does what a server is asked for that is alone. Having done that it is no node any more.
func (r *Replica) alone(text []byte) error {
	id, err := r.newID()
	if err != nil {
		return err
	}
	r.doing.Lock()
	defer r.doing.Unlock()
	err = r.do(Act{At: r.o.Now().UTC(), ID: id, Body: text})
	if refused, is := errors.AsType[refusal](err); is {
		return refused.error
	}
	if err == nil && r.begun {
		if err = r.files.Remove(r.o.File); err == nil {
			r.begun = false
		}
	}
	return err
}

// do does one act.
func (r *Replica) do(act Act) error {
	parsed, err := parseAct(act.Body)
	if err != nil {
		return err
	}
	do := r.does[parsed.Kind]
	if do == nil {
		return ErrNewer
	}
	return do(act, parsed.Body)
}

// Take does acts whose turn has come, in their order, and keeps with the last of them what the log calls the place
// behind it. Those that were done before are passed over. When it returns nil all of that is on disk. Where there is an
// error it is to be called again with the others, or with all.
func (r *Replica) Take(acts []Act, mark string) error {
	r.doing.Lock()
	defer r.doing.Unlock()
	r.mu.Lock()
	next := r.kept
	r.mu.Unlock()
	results := map[[16]byte]error{}
	var failed error
	for i := range acts {
		if acts[i].Seq <= next.Seq {
			continue
		}
		err := r.do(acts[i])
		if refused, is := errors.AsType[refusal](err); is {
			results[acts[i].ID] = refused.error
		} else if err != nil {
			failed = fmt.Errorf("act %d of the log: %w", acts[i].Seq, err)
			break
		} else {
			results[acts[i].ID] = nil
		}
		next.Seq = acts[i].Seq
	}
	if failed == nil {
		next.Mark = mark
	}
	next.Stands = maps.Clone(next.Stands)
	if next.Stands == nil {
		next.Stands = map[string]json.RawMessage{}
	}
	for name, what := range r.keeps {
		value, err := what()
		if err == nil {
			next.Stands[name], err = json.Marshal(value)
		}
		if err != nil {
			return errors.Join(failed, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next.Untold = slices.DeleteFunc(slices.Clone(r.kept.Untold), func(u untold) bool {
		_, came := results[[16]byte(u.ID)]
		return came
	})
	if err := r.write(next); err != nil {
		return errors.Join(failed, err)
	}
	for id, err := range results {
		if done := r.asked[id]; done != nil {
			delete(r.asked, id)
			done <- err
		}
	}
	return failed
}

// write puts on disk how far the node is, and has it so. r.mu is held.
func (r *Replica) write(next file) error {
	text, err := next.text()
	if err != nil {
		return err
	}
	if err := r.files.Replace(r.o.File, text, 0o600); err != nil {
		return fmt.Errorf("cannot keep how far this node has come: %w", err)
	}
	r.kept, r.begun = next, true
	return nil
}

// Refused tells whether an error is what became of an act.
func Refused(err error) bool {
	_, is := errors.AsType[refusal](err)
	return is
}
