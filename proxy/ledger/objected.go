package ledger

import (
	"encoding/hex"
	"time"

	"go.uber.org/zap/zapcore"
)

// Kinds of records about objections. They are written when an act is on disk and before it is acknowledged.
const (
	KindObjection  = "objection"    // somebody objected, or asked for a restriction: seq, scopes, source, subjects
	KindKeptOptOut = "kept_opt_out" // an opt-out by the browser's signal is kept from then on: seq, source, subjects
	KindWithdrawal = "withdrawal"   // somebody took that back: the same, and why, where it was not the subject
	KindComplaint  = "complaint"    // somebody complained: seq, source, subjects
	// A person decided that compelling grounds outweigh what somebody objected to (seq, which is the decision's number,
	// assessment, purposes, until, decided_by, stands, subjects), and that decision ended (seq, ends, because, subjects).
	KindDecided     = "objection_decided"
	KindDecisionEnd = "objection_decision_end"
	KindHead        = "objections_head" // where the log of objections stands: size, root
)

// Objected is what one or more acts that say the same have done. Its subjects have the hashes that they have in records
// of events. A browser's act that its own cookie alone holds has no number and no subjects.
type Objected struct {
	Kind        string
	First, Last uint64 // the acts' numbers in the log of objections; 0: they are not in there
	Times       uint64 // how many acts without a number it is about, of the minute before; 0: one
	Scopes      []string
	Restriction bool
	Source      string
	Site        string
	By          string // who acted for the subject; "" where that did
	Because     string
	Act         string   // whose: "role", "link", "cookie", "browser:" and a hash, "seen_with:" and whom; "" unknown
	EveryAct    bool     // of a withdrawal: the acts of all were ended
	Stands      []string // of a withdrawal: what is in force for its subjects after it
	Subjects    [][16]byte
	Form        uint8 // number of the normal form that they were hashed in; where there are several, the newest
	Recovered   bool  // it was found missing at the start, and is written late

	Decision *Decided // of KindDecided
	Ends     uint64   // of KindDecisionEnd: the number of the decision
	Choice   *Choice  // of KindChoice
}

// Decided is what a person decided for one who objected.
type Decided struct {
	Assessment  string
	Version     int      // of the assessment
	Purposes    []string // none: whatever rests on the assessment
	Until       time.Time
	By          string // an approver
	Restriction bool   // what was restricted goes on, too
}

// Head says where the log of objections stands: how many acts it holds, and the root of the Merkle tree over them.
type Head struct {
	Size     uint64
	Root     [32]byte
	Restored string // why an older copy of the store was accepted; "" where none was
	Again    bool   // it was recorded before, and is repeated so that it outlives the records that are deleted
}

var (
	_ zapcore.ObjectMarshaler = (*Objected)(nil)
	_ zapcore.ObjectMarshaler = (*Head)(nil)
)

// Objected records acts, and where the log of objections stands after them. Where that cannot be written it is kept in
// memory, and comes before the next record of a hit.
func (l *Ledger) Objected(acts []Objected, head Head) error {
	return l.put(kept, append(entriesOf(acts), entry{KindHead, &head})...)
}

// ObjectedByCookie records acts that browsers' own cookies alone hold: the log of objections stands where it stood. Who
// is told that it cannot be written tries again.
func (l *Ledger) ObjectedByCookie(acts []Objected) error {
	return l.put(synced, entriesOf(acts)...)
}

func entriesOf(acts []Objected) []entry {
	all := make([]entry, 0, len(acts)+1)
	for i := range acts {
		all = append(all, entry{acts[i].Kind, &acts[i]})
	}
	return all
}

// MarshalLogObject writes the members of a record. What is empty is left out.
func (o *Objected) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addNumber(to, "seq", o.First)
	if o.Last != o.First {
		to.AddUint64("last_seq", o.Last)
	}
	addNumber(to, "times", o.Times)
	if err := addTexts(to, "scopes", o.Scopes); err != nil {
		return err
	}
	addTrue(to, "restriction", o.Restriction)
	addTrue(to, "recovered", o.Recovered)
	addText(to, "source", o.Source)
	addText(to, "site", o.Site)
	addText(to, "by", o.By)
	addWords(to, "because", o.Because)
	addForm(to, o.Form)
	addText(to, "act", o.Act)
	addTrue(to, "every_act", o.EveryAct)
	if err := addTexts(to, "stands", o.Stands); err != nil {
		return err
	}
	addNumber(to, "ends", o.Ends)
	if err := o.Decision.add(to); err != nil {
		return err
	}
	if err := o.Choice.add(to); err != nil {
		return err
	}
	return to.AddArray("subjects", (*subjects)(&Event{Subjects: o.Subjects}))
}

// add writes the members of a decision; nothing for nil.
func (d *Decided) add(to zapcore.ObjectEncoder) error {
	if d == nil {
		return nil
	}
	addText(to, "assessment", d.Assessment)
	to.AddInt("assessment_version", d.Version)
	to.AddTime("until", d.Until.UTC())
	addText(to, "decided_by", d.By)
	addTrue(to, "restriction_lifted", d.Restriction)
	return addTexts(to, "purposes", d.Purposes)
}

func (o *Objected) items() int { return len(o.Scopes) + len(o.Stands) + len(o.Subjects) }

// halve makes two records of one that is too long for a line.
func (o *Objected) halve() (first, rest divisible) {
	h := halving{left: (sizes(o.Scopes, size) + sizes(o.Stands, size) + sizes(o.Subjects, hashSize)) / 2}
	a, b := *o, Objected{Kind: o.Kind, First: o.First, Last: o.Last, Form: o.Form}
	a.Scopes, b.Scopes = take(&h, o.Scopes, size)
	a.Stands, b.Stands = take(&h, o.Stands, size)
	a.Subjects, b.Subjects = take(&h, o.Subjects, hashSize)
	return &a, &b
}

// MarshalLogObject writes the members of a record.
func (h *Head) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("size", h.Size)
	to.AddString("root", hex.EncodeToString(h.Root[:]))
	addWords(to, "restored", h.Restored)
	addTrue(to, "again", h.Again)
	return nil
}

func addNumber(to zapcore.ObjectEncoder, name string, n uint64) {
	if n > 0 {
		to.AddUint64(name, n)
	}
}

func addTrue(to zapcore.ObjectEncoder, name string, set bool) {
	if set {
		to.AddBool(name, true)
	}
}
