// Package recompute holds a ledger's records against what the server promises of them: nothing of somebody who objected
// left, each event was judged as its policy says, no field left that its profile drops, and of each event it is
// said what became of it. It reads a folder and nothing else, opens nothing for writing, and is handed what
// compiles the policies that records name. What records do not hold it takes as it was found then, and says so;
// what it cannot know for certain is no finding.
//
// That the records are those that were written is another question, which package audit answers.
package recompute

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules"
)

// Options say what is recomputed, and by what.
type Options struct {
	Dir string // the ledger's folder
	// Compile returns the policy of a digest, exactly that or an error. nil: no policy
	// is known, and nothing is judged again.
	Compile func(digest string) (*rules.Policy, error)
	// Promises is what the policy of a digest promises, once it was compiled. nil: nobody knows.
	Promises func(digest string) Promises

	// of which records something is said; zero: of all. What was objected to before counts all the same
	Since, Until time.Time

	// Waits is how long an event may be without an outcome while it waits for its vendor, parked or not;
	// 0: nobody knows, and none is missed.
	Waits time.Duration
	// Kept is how long a record is kept: of an event for a site and some purposes, or of anything else ("" and
	// nil); 0: for good. nil: nobody knows.
	Kept   func(kind, site string, purposes []string) time.Duration
	Signed uint64    // how many records there are at least, by a checkpoint that lies elsewhere; see [Log]
	Now    time.Time // when it is recomputed; zero: as of the last record

	Version string // of tagwarden, for the report

	Progress func(done, all uint64) // is told how many records of how many were read, now and then; nil: nobody is

	combined int // ways in which events travelled that are remembered; 0: mostCombined
}

// walk goes over the records in their order.
type walk struct {
	opts   Options
	report *Report

	line   line
	first  uint64    // number of the first record
	next   uint64    // number of the next one, where none is missing
	latest time.Time // that any record before was written at
	run    int       // of the server: how many starts were read
	pieces []string  // of a fact whose parts are being read
	kind   string    // of them

	event       event
	said        outcome
	judged      *judged
	objected    objected
	decisions   decisions
	assessments assessments
	tokens      tokens
	promises    promises
	waits       map[name]*waiting
	suspects    suspects
	mostPast    int // how many of what was taken back are kept before it is looked which are asked for
	unmatched   []unmatched
	travelled   []travelled
	holes       holes
	overdue     overdue
	firstHit    uint64
	earlier     bool // records of a version before were read, which did not say all that today's do
	assumed     rules.Assumed
	words       texts // that are kept once
}

// newWalk is ready to read the first record.
func newWalk(o Options) *walk {
	o.combined = cmp.Or(o.combined, mostCombined)
	return &walk{
		opts: o, report: newReport(&o), judged: newJudged(o.Compile), waits: map[name]*waiting{},
		objected:    objected{first: map[hash]uint32{}, past: map[hash][]past{}},
		decisions:   decisions{by: map[uint64]*decision{}, subject: map[hash][]*decision{}},
		assessments: assessments{approved: map[version]uint64{}, revoked: map[string][]revoked{}},
		promises:    newPromises(),
	}
}

// Run recomputes. The error says that the folder cannot be read, or the context's.
func Run(ctx context.Context, o Options) (*Report, error) {
	w := newWalk(o)
	if err := w.read(ctx); err != nil {
		return nil, err
	}
	if err := w.finish(ctx); err != nil {
		return nil, err
	}
	return w.report, nil
}

// toldEvery is how many records are read between two words on how far it is.
const toldEvery = 4096

// read reads all records.
func (w *walk) read(ctx context.Context) error {
	w.report.Log = logOf(w.opts.Dir)
	all := w.report.Log.Signed
	r := ledger.Read(w.opts.Dir, 0)
	defer func() { _ = r.Close() }()
	for {
		for r.Next() {
			number, known := r.Number()
			if !known {
				return errors.New("a version before this one wrote the log, and its records have no numbers: the server's next " +
					"start brings it to today's form")
			}
			w.judged.in(r.Segment())
			w.record(number, r.Record())
			if w.report.Records%toldEvery != 0 {
				continue
			}
			if err := w.tell(ctx, max(all, w.report.Records)); err != nil {
				return err
			}
		}
		damage, is := errors.AsType[*ledger.Damage](r.Err())
		if !is {
			return r.Err()
		}
		if damage.Numbered && damage.End > damage.First {
			w.holes.damaged = append(w.holes.damaged, damaged{span{damage.First, damage.End}, damage.Why.Error(), damage.Gone()})
			w.next = max(w.next, damage.End)
			w.tokens.forget()
		} else {
			w.report.unsaid("what stands in %s behind record %d: %v", filepath.Base(damage.Path), w.line.number, damage.Why)
		}
		if !r.Skip() {
			return r.Err()
		}
	}
}

// tell says how far it is. The error is the context's.
func (w *walk) tell(ctx context.Context, all uint64) error {
	if w.opts.Progress != nil && ctx.Err() == nil {
		w.opts.Progress(w.report.Records, all)
	}
	return ctx.Err()
}

// logOf is the log of a folder, by its newest checkpoint, else by its key.
func logOf(dir string) Log {
	var c *tree.Checkpoint
	text, err := os.ReadFile(filepath.Join(dir, ledger.CheckpointFile))
	if err == nil {
		c, err = tree.Unverified(text)
	}
	if err != nil {
		return Log{Origin: ledger.OriginOf(dir)}
	}
	return Log{Origin: c.Origin, Signed: uint64(c.Tree.N), Root: c.Tree.Hash.String()}
}

// record reads one record.
func (w *walk) record(number uint64, record []byte) {
	if w.report.Records == 0 {
		w.first, w.report.First = number, number
	}
	if number > w.next {
		w.tokens.forget()
		w.holes.all = append(w.holes.all, span{w.next, number})
	}
	w.next = number + 1
	w.line = parseLine(number, record)
	w.earlier = w.earlier || !bytes.Contains(record[max(len(record)-32, 0):], []byte(`"crc":"`))
	w.report.Records++
	w.report.End = number + 1
	if w.report.From.IsZero() {
		w.report.From = w.line.at
	}
	w.report.To = w.line.at
	if w.line.at.After(w.latest) {
		w.latest = w.line.at
	}
	suspecting{w}.due()
	if lines := w.fact(); lines != nil {
		w.whole(lines)
	}
}

// fact is the lines of the fact that the record which is read says, or ends; nil: parts of it follow, or are missing.
func (w *walk) fact() []string {
	if w.line.parts == 0 {
		return []string{w.line.text}
	}
	if w.line.part == 1 || w.kind != w.line.kind {
		w.pieces, w.kind = nil, strings.Clone(w.line.kind)
	}
	if len(w.pieces)+1 != w.line.part {
		w.report.unsaid("what record %d says: it is part %d of a fact, and parts are missing", w.line.number, w.line.part)
		w.pieces, w.kind = nil, ""
		return nil
	}
	w.pieces = append(w.pieces, strings.Clone(w.line.text))
	if w.line.part < w.line.parts {
		return nil
	}
	lines := w.pieces
	w.pieces, w.kind = nil, ""
	return lines
}

// whole goes on with what a fact says, whose lines these are.
func (w *walk) whole(lines []string) {
	w.kept("", nil)
	switch w.line.kind {
	case ledger.KindEvent:
		w.decided(lines)
	case ledger.KindOutcome:
		w.outcome()
	case ledger.KindAttempt:
		w.attempt()
	case ledger.KindRungs:
		promising{w}.named(w.judged.addRungs(lines).digest)
	case ledger.KindShape:
		w.judged.addShape(lines)
	case ledger.KindStart:
		w.run++
		w.tokens.begin()
		promising{w}.inForce(lineOf(&w.line).Get("policy").Str)
	case ledger.KindReload:
		promising{w}.inForce(lineOf(&w.line).Get("policy").Str)
	case ledger.KindPromises:
		w.promises.sign(&w.line)
	case ledger.KindApproval:
		w.approve()
	case ledger.KindRevocation:
		w.revoke()
	case ledger.KindObjection, ledger.KindKeptOptOut, ledger.KindWithdrawal, ledger.KindComplaint, ledger.KindDecided,
		ledger.KindDecisionEnd, ledger.KindHead:
		w.act(lines)
	default:
		w.holes.explain(&w.line)
		w.access()
	}
}

// act goes on with what somebody objected to, or took back.
func (w *walk) act(lines []string) {
	if w.line.kind == ledger.KindHead {
		if said := lineOf(&w.line); said.Get("restored").Str != "" {
			w.objected.forget(said.Get("size").Uint())
		}
		return
	}
	a := actOf(w.line.number, w.line.kind, w.line.at.Unix(), lines)
	w.figureAct(&a)
	switch a.kind {
	case ledger.KindObjection, ledger.KindKeptOptOut:
		w.objected.add(&a)
	case ledger.KindWithdrawal:
		suspecting{w}.takeBack(&a)
	case ledger.KindDecided:
		w.decisions.add(&a)
		suspecting{w}.clear(&a)
	case ledger.KindDecisionEnd:
		w.decisions.end(&a, w.line.at)
	}
}

// decided goes on with what was decided of an event.
func (w *walk) decided(lines []string) {
	e := &w.event
	e.reset()
	for _, text := range lines {
		part := w.line
		part.text = text
		e.read(&part)
	}
	if w.firstHit == 0 {
		w.firstHit = e.hit
	}
	r := w.judged.of(e)
	c := r.carrier(e)
	w.kept(e.site, c.purposes)
	permitted := e.Decision == rules.Permit.String()
	if w.counts() {
		w.figureEvent(e, c)
		if e.taken {
			w.report.Rejudged.not("another node decided it, and its log says by what")
		} else {
			found := w.judge(e, r)
			if permitted {
				w.assessed(e, c, &found)
				w.profile(e, r, c)
				promising{w}.promised(e, r, c)
			}
		}
	}
	once(w, e)
	if permitted {
		w.permit(e, c)
	}
}

// once holds an event that is decided against one of the same name that was
// permitted, and has not ended: there is none.
func once(w *walk, e *event) {
	of := name{e.hit, e.index}
	if before := w.waits[of]; before != nil && !e.recovered && w.counts() {
		w.found(Finding{
			Kind: DecidedTwice, Records: []uint64{w.line.number, before.decided}, Hit: of.hit, Event: &of.index,
			What: fmt.Sprintf("it was permitted with record %d, and decided once more", before.decided),
		})
	}
}

// counts tells whether something is said of the record that is read.
func (w *walk) counts() bool {
	return !w.line.at.Before(w.opts.Since) && (w.opts.Until.IsZero() || w.line.at.Before(w.opts.Until))
}

// closing is what can be said once all was read.
type closing struct{ *walk }

// finish says what is known once all was read. The error is that of reading again, or the context's.
func (w *walk) finish(ctx context.Context) error {
	if w.opts.Now.IsZero() {
		w.opts.Now = w.latest
	}
	end := closing{w}
	suspecting{w}.sayOf(time.Time{})
	if signed := max(w.opts.Signed, w.report.Log.Signed); signed > w.next {
		w.holes.all = append(w.holes.all, span{w.next, signed})
	}
	for _, say := range []func(){end.unended, end.missing, end.decidedOn, end.promised, func() { w.overdue.finish(w) }} {
		if err := ctx.Err(); err != nil {
			return err
		}
		say()
	}
	if err := end.readAgain(ctx); err != nil {
		return err
	}
	w.report.finish(w)
	return nil
}
