package proxy

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// longestDirect is how long an event that did not wait may be under way: one that has no outcome by then never has one.
const longestDirect = 2 * time.Minute

// eraserDesk is where an operator has what is recorded about a person go, and asks what is kept: [api.Eraser].
type eraserDesk struct {
	*dispatcher
	ledger    *ledger.Ledger
	objector  *objector
	retention *retention
	running   bool // a server takes hits
	random    io.Reader
}

var _ api.Eraser = (*eraserDesk)(nil)

func newEraserDesk(s *Server) *eraserDesk {
	return &eraserDesk{
		dispatcher: s.dispatch, ledger: s.ledger, objector: s.objector, retention: s.retention,
		running: !s.opts.Aside, random: s.opts.Rand,
	}
}

// Erase has the records of events go that are about a person. What waits of them is ended first.
func (d *eraserDesk) Erase(ctx context.Context, who string, of api.EraseAsk) (out api.Erased, err error) {
	hashes, err := d.hashesOf(&of)
	if err != nil {
		return out, err
	}
	// What is recorded by now is sealed; what comes later is another request's.
	if err := d.ledger.Eraser.SealAll(); err != nil {
		return out, unerased(err)
	}
	upTo := d.ledger.State().Sealed
	if out.Request, err = drawn(d.random); err != nil {
		return out, err
	}
	if !of.Trial { // whoever takes them from now on ends them
		if err := d.eraseShared(ctx, out.Request, hashes); err != nil {
			return out, unerased(err)
		}
	}
	busy, err := d.endOf(&out, hashes, of.Trial)
	if err != nil {
		return out, unerased(err)
	}
	why := ledger.Erasure{Because: d.opts.InForce().Policy.ScrubName(who + ": " + of.Because), Request: out.Request}
	seen := erasedFacts{since: d.opts.Now().Add(-longestDirect), hashes: hashes, out: &out}
	done, err := d.ledger.Eraser.Erase(ctx, ledger.Erasing{
		Why: []ledger.Erasure{why}, Together: true, Trial: of.Trial,
		Skip:  func(first uint64) bool { return first >= upTo },
		Picks: seen.picks, Others: seen.others,
		Ended: func(p ledger.Picked) bool { return d.hasEnded(p, busy, &seen) },
	})
	out.Records, out.Segments, out.Waiting, out.Left, out.Trial = done.Records[0], done.Segments,
		done.Kept, done.Left, of.Trial
	if err == nil && !of.Trial {
		out.Queue, err = d.erasedShared(ctx, out.Request)
	}
	if out.Records == 0 {
		out.Request = "" // there is no record that it names
	}
	if err != nil {
		return out, unerased(err)
	}
	return out, nil
}

// unerased says that not all went.
func unerased(err error) error {
	return problem.New(http.StatusServiceUnavailable, "unavailable", "not everything went: "+err.Error()+
		"; what is recorded to go does so, at the latest when the server starts: ask again")
}

// drawn is a name drawn at random.
func drawn(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

// hasEnded tells whether the event of a record has ended.
func (d *eraserDesk) hasEnded(p ledger.Picked, busy names, seen *erasedFacts) bool {
	switch {
	case !p.Permit:
		return true
	case p.Queued:
		return !busy.hold(p.Hit, p.Event)
	case !d.running || p.At.Before(seen.since):
		return true
	}
	return seen.ended[queue.Name{Hit: p.Hit, Event: uint32(p.Event)}]
}

// hashesOf are the hashes that the ledger knows a person by, in hexadecimal.
func (d *eraserDesk) hashesOf(of *api.EraseAsk) (all [][16]byte, err error) {
	for i, text := range of.Subjects {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != 16 {
			return nil, problem.New(http.StatusUnprocessableEntity, "invalid", fmt.Sprintf(
				"subject %d is no hash as records name one: 32 hexadecimal digits are", i+1))
		}
		all = append(all, [16]byte(b))
	}
	if len(of.IDs) > 0 {
		snapshot, keys, err := d.objector.inForce()
		if err != nil {
			return nil, err
		}
		subjects, wrong := subjectsOf(snapshot.Policy, keys, of.IDs, nil)
		if wrong != nil {
			return nil, problem.New(http.StatusUnprocessableEntity, "invalid", wrong.Error())
		}
		for i := range subjects {
			all = append(all, subjects[i].Ledger)
		}
	}
	slices.SortFunc(all, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(all), nil
}

// endOf ends what waits of a person, or counts it. Busy are those that are under way.
func (d *eraserDesk) endOf(out *api.Erased, hashes [][16]byte, trial bool) (busy names, err error) {
	items, err := d.waitingOf(hashes)
	if err == nil && trial {
		out.Ended = len(items)
		return nil, nil
	}
	if err == nil {
		out.Ended, busy, err = d.endErased(items)
	}
	return busy, err
}

// waitingOf are the events of a person that wait here, or are parked.
func (d *dispatcher) waitingOf(hashes [][16]byte) (items []queue.Item, err error) {
	var e queue.Event
	defer e.Reset()
	for it := range d.queue.Pending("") {
		switch err := d.queue.Read(it, &e); {
		case errors.Is(err, queue.ErrGone), errors.Is(err, queue.ErrDamaged): // its vendor's courier ends what is damaged
			continue
		case err != nil:
			return nil, err
		}
		if isAnyOf(e.Subjects, hashes) {
			items = append(items, it)
		}
	}
	return items, nil
}

// isAnyOf tells whether one of an event's subjects is among some.
func isAnyOf(subjects, some [][16]byte) bool {
	return slices.ContainsFunc(subjects, func(s [16]byte) bool { return slices.Contains(some, s) })
}

// endErased ends events that are to go, but for those that are under way.
func (d *dispatcher) endErased(items []queue.Item) (ended int, busy names, err error) {
	for len(items) > 0 {
		n := min(len(items), mostPurged)
		taken, _ := queue.Take(d.queue, items[:n])
		taking := slices.Clone(taken)
		for _, it := range items[:n] {
			if !slices.ContainsFunc(taking, func(t queue.Item) bool { return t.Name == it.Name }) {
				busy = append(busy, it.Name) // it may have ended by now, which a further request sees
			}
		}
		d.taken.secret(taken...)
		if len(taken) > 0 && !d.finish(taken, whyErased) {
			return ended, nil, errors.New("it cannot be recorded that events which wait have ended")
		}
		ended += len(taking)
		items = items[n:]
	}
	slices.SortFunc(busy, queue.Name.Compare)
	return ended, busy, nil
}

// erasedFacts looks at records, one after the other.
type erasedFacts struct {
	hashes [][16]byte
	texts  [][]byte // the same, as records have them
	since  time.Time
	ended  map[queue.Name]bool // not queued, since then
	out    *api.Erased
}

// about tells whether a record is about the person.
func (f *erasedFacts) about(record []byte) bool {
	if f.texts == nil {
		for i := range f.hashes {
			f.texts = append(f.texts, []byte(`"`+hex.EncodeToString(f.hashes[i][:])+`"`))
		}
	}
	for _, text := range f.texts {
		if bytes.Contains(record, text) {
			return slices.ContainsFunc(gjson.GetBytes(record, "subjects").Array(), func(s gjson.Result) bool {
				return slices.ContainsFunc(f.texts, func(t []byte) bool { return s.Raw == string(t) })
			})
		}
	}
	return false
}

func (f *erasedFacts) picks(record []byte) int {
	if f.about(record) {
		return 0
	}
	return -1
}

// others looks at a record that is not of an event: acts of the person and who read about them, which
// stay, copies that were made, and outcomes.
func (f *erasedFacts) others(record []byte) {
	switch string(ledger.KindOf(record)) {
	case ledger.KindBackup:
		said := gjson.GetManyBytes(record, "time", "text")
		f.out.Copies = append(f.out.Copies, strings.TrimSpace(said[0].Str+" "+said[1].Str))
	case ledger.KindOutcome:
		f.outcome(record)
	case ledger.KindReading:
		if f.about(record) {
			f.out.Readings++
		}
	default:
		if f.about(record) {
			f.out.Acts++
		}
	}
}

// outcome notes events that ended a moment ago.
func (f *erasedFacts) outcome(record []byte) {
	said := gjson.GetManyBytes(record, "time", "outcome")
	at, err := time.Parse(time.RFC3339Nano, said[0].Str)
	if err != nil || at.Before(f.since) || !ledger.Ends(said[1].Str) {
		return
	}
	if f.ended == nil {
		f.ended = map[queue.Name]bool{}
	}
	ledger.EachOf(record, func(hit uint64, event int) { f.ended[queue.Name{Hit: hit, Event: uint32(event)}] = true })
}
