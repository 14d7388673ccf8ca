package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// copiedFile lies in a copy of a data folder, and says that it is one. Its first start removes it.
const copiedFile = "backup.json"

// copyForm is the form in which it is written.
const copyForm = 1

// copiedFrom says when a data folder was copied. The server that it was copied from may have gone on, and nobody knows
// here what it has sent since. What waits for a vendor that takes the same event twice is delivered. Of what waits for
// another it is for a person to say whether it was sent: until then it is parked.
type copiedFrom struct {
	Form    int       `json:"form"`
	Made    time.Time `json:"made"`
	Version string    `json:"version"`
}

// parkedRestored is why events are parked that may have been sent by the server that the folder was copied from, and why
// those end that find no room there.
const parkedRestored = "restored"

// readCopied tells whether a data folder is a copy that no server has begun with; nil: it is none.
func readCopied(data string) (*copiedFrom, error) {
	path := filepath.Join(data, copiedFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // it is none
	}
	of := new(copiedFrom)
	if err == nil {
		err = json.Unmarshal(text, of)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s, which says that the folder is a copy, cannot be read: %w", path, err)
	case of.Form != copyForm:
		return nil, fmt.Errorf("%w: %s has form %d, and %d is known here", ErrNewer, path, of.Form, copyForm)
	}
	return of, nil
}

// restoring is the first start of a copy.
type restoring struct {
	*copiedFrom
	data   string
	queue  *queue.Queue
	ledger *ledger.Ledger
	log    *zap.Logger

	mu      sync.Mutex
	parked  int
	unknown int // there was no room to park them
}

// run parks what may have been sent since the copy was made, and records that the folder is one. Wherever it ends, the
// next start goes on.
func (r *restoring) run(disk durable.Disk) error {
	for _, v := range r.queue.Stats().Vendors {
		if err := r.parkAll(v.Vendor); err != nil {
			return fmt.Errorf("what waits in a copy cannot be parked: %w", err)
		}
	}
	made := r.Made.UTC().Format(time.RFC3339)
	text := fmt.Sprintf("begun with the copy of %s: %d events that waited may have been sent since, and are parked", made, r.parked)
	if r.unknown > 0 {
		text += fmt.Sprintf("; of %d more, for which there was no room, nobody knows", r.unknown)
	}
	if err := r.ledger.Note(ledger.Note{Kind: ledger.KindBackup, Text: text}); err != nil {
		return err
	}
	if err := r.ledger.Sync(); err != nil {
		return err
	}
	r.log.Warn("this data folder is a copy, and is begun with: what waited in it for vendors that might count it twice is "+
		"parked, since the server that it was copied from may have sent it; `tagwarden queue retry --reason restored` has it sent",
		zap.Time("copied", r.Made), zap.Int("parked", r.parked), zap.Int("without_room", r.unknown))
	return durable.Files{Disk: disk}.Remove(filepath.Join(r.data, copiedFile))
}

// parkAll parks what waits for a vendor and may not be sent twice. The rest goes on waiting.
func (r *restoring) parkAll(vendor string) error {
	var wait []queue.Item
	defer func() {
		for _, it := range wait {
			r.queue.Return(it)
		}
	}()
	for {
		var items []queue.Item
		for len(items) < mostRetried {
			it, found := r.queue.Next(vendor, queue.Any)
			if !found {
				break
			}
			var e queue.Event
			if err := r.queue.Read(it, &e); err != nil || len(e.Key) > 0 || it.Attempted {
				wait = append(wait, it) // whoever delivers it says what is wrong
				continue
			}
			items = append(items, it)
		}
		if len(items) == 0 {
			return nil
		}
		if err := r.park(items); err != nil {
			return err
		}
	}
}

// park parks events, each by a sync of its own, and records that.
func (r *restoring) park(items []queue.Item) error {
	var all sync.WaitGroup
	faults := make([]error, len(items))
	for i, it := range items {
		all.Go(func() { faults[i] = r.parkOne(it) })
	}
	all.Wait()
	return errors.Join(faults...)
}

func (r *restoring) parkOne(it queue.Item) error {
	record := func(outcome string) func() error {
		return func() error { return r.ledger.Outcome(outcomeOf(&it, outcome, parkedRestored, 0)) }
	}
	err := record(ledger.Parked)()
	if err == nil {
		err = r.queue.Park(it, parkedRestored)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.parked++
	case queue.IsFull(err):
		err = r.queue.End(record(ledger.Unknown), it)
		r.unknown++
	}
	return err
}
