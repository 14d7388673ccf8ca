package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tidwall/gjson"
)

// What an outcome says. The first four end an event, the fourth for the node whose log it is: others go on with it.
const (
	Delivered  = "delivered"
	Dropped    = "dropped"
	Unknown    = "unknown"
	HandedOver = "handed_over" // to the nodes of the cluster: what became of it is in the log of whoever takes it
	Deferred   = "deferred"    // it did not arrive, or counts once however often it does, and is tried again
	Parked     = "parked"      // its vendor refused it, and it is kept for a while
)

// Ends tells whether an outcome is the last that is said of an event.
func Ends(outcome string) bool { return outcome != Deferred && outcome != Parked }

// Fate is what a record says of an event that waits.
type Fate uint8

// The fates.
const (
	Queued    Fate = iota // it was decided that it may leave, and it was to wait
	Attempted             // it was about to be sent, or may have arrived
	Waiting               // it is known not to have arrived, and waits
	Ended                 // an outcome was recorded
	Shared                // it was decided that it may leave, and it was to wait where any node of the cluster may take it
	Taken                 // it was decided that it may leave, by another node, and this one took it
)

// Fates tells what the records from a number on say of events that wait, in their order, and returns the highest number
// that a hit has in records before those that were read: they may begin earlier than asked for. Damaged records are
// passed over.
func Fates(dir string, from uint64, told func(hit uint64, event int, fate Fate)) (highest uint64, err error) {
	from, highest, err = beginsWith(dir, from)
	if err != nil {
		return 0, err
	}
	r := Read(dir, from)
	defer func() { _ = r.Close() }()
	for {
		if r.Next() {
			fateIn(r.Record(), told)
		} else if !r.Skip() {
			break
		}
	}
	if r.Err() != nil {
		return 0, fmt.Errorf("the ledger does not say what became of events that wait: %w", r.Err())
	}
	return highest, nil
}

// beginsWith is a sealed segment's end at or before a number, and the highest number of a hit before it.
func beginsWith(dir string, from uint64) (begin, highest uint64, err error) {
	sums, err := Summaries(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	for _, first := range slices.Backward(sums) {
		if first >= from {
			continue
		}
		of, _, err := ReadSummary(dir, first)
		if errors.Is(err, ErrSummary) {
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		if of.End <= from {
			return of.End, of.Memory.Hits, nil
		}
	}
	return 0, 0, nil
}

var (
	queuedMember  = []byte(`,"queued":true`)
	permitMember  = []byte(`,"decision":"permit"`)
	outcomeMember = []byte(`,"outcome":"`)
)

// fateIn tells what one record says.
func fateIn(record []byte, told func(hit uint64, event int, fate Fate)) {
	switch string(kindOf(record)) {
	case KindEvent:
		if bytes.Contains(record, queuedMember) && bytes.Contains(record, permitMember) {
			said := gjson.GetManyBytes(record, "hit", "event", "queued", "shared", "taken")
			fate := Queued
			switch {
			case said[4].Str != "":
				fate = Taken
			case said[3].Bool():
				fate = Shared
			}
			if said[2].Bool() {
				told(said[0].Uint(), int(said[1].Int()), fate)
			}
		}
	case KindOutcome:
		fate := Ended
		_, rest, _ := bytes.Cut(record, outcomeMember)
		if word, _, _ := bytes.Cut(rest, []byte{'"'}); !Ends(string(word)) {
			if fate = Waiting; inDoubt(record, string(word)) {
				fate = Attempted
			}
		}
		EachOf(record, func(hit uint64, event int) { told(hit, event, fate) })
	case KindAttempt:
		EachOf(record, func(hit uint64, event int) { told(hit, event, Attempted) })
	}
}

// EachOf yields the events that an outcome or an attempt names. Of an outcome of a version before, which says how many
// they are, it yields none.
func EachOf(record []byte, yield func(hit uint64, event int)) {
	said := gjson.GetManyBytes(record, "of", "hit", "events")
	if said[0].IsArray() {
		for _, of := range said[0].Array() {
			all := of.Array()
			for i := 1; i < len(all); i++ {
				yield(all[0].Uint(), int(all[i].Int()))
			}
		}
		return
	}
	if said[2].IsArray() {
		for _, event := range said[2].Array() {
			yield(said[1].Uint(), int(event.Int()))
		}
	}
}

// inDoubt tells whether an outcome that ends nothing leaves open whether the event arrived. Versions before did not say
// so: there it is read from what the vendor did, which of 503 does not show whether it declined.
func inDoubt(record []byte, outcome string) bool {
	said := gjson.GetManyBytes(record, "why", "status", "in_doubt")
	if said[2].Bool() {
		return true
	}
	if outcome != Deferred {
		return false
	}
	switch said[0].Str {
	case "timeout", "broken", "failed":
		return true
	case "refused":
		status := said[1].Int()
		return status == 408 || status >= 500 && status != 501 && status != 503 && status != 505
	default:
		return false
	}
}
