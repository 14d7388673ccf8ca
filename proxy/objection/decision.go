package objection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules"
)

// A person may decide for one who objected that the compelling grounds of an assessment outweigh that one's interests
// (Art. 21(1) GDPR). The objection stands all the same; what it ends of what rests on the assessment goes on until the
// decision ends: by its time, taken back, or by a new act of the one who objected. The decision is a change of the log,
// and its number is that change's. Which decisions stand is in a bucket of the file, and in memory: there are
// few, since people make them one by one.

// Decision is one that stands.
type Decision struct {
	Number      uint64    // of the change that made it
	Made        time.Time // when
	Assessment  string
	Version     int       // of the assessment
	Purposes    []string  // that it is about, sorted; none: whatever rests on the assessment
	Until       time.Time // when it ends, at the latest
	By          string    // who decided: the name of an approver
	Because     string    // the reason, as the one who objected is told
	Told        string    // how, or where, that one was told; "" where nobody said
	Restriction bool      // what was restricted goes on, too
	Subjects    []Subject // of the one who objected
}

// mostDecisions is how many may stand.
const mostDecisions = 100_000

// Bounds of a decision's texts, in bytes.
const (
	mostReason = 1000
	mostTold   = 200
)

// ErrDecisions says that there are as many decisions as can be kept.
var ErrDecisions = fmt.Errorf("%d decisions stand: take some back", mostDecisions)

// ErrRestricted says that a decision does not speak of a restriction that is in force.
var ErrRestricted = errors.New(
	"a restriction was asked for, too (Art. 18): say restriction where the decision is that " +
		"what was restricted goes on as well (Art. 18(2))")

// append adds the bytes that a decision is kept as in an entry of the change log, but for what the change says.
func (d *Decision) append(b []byte) []byte {
	b = binary.AppendUvarint(appendText(b, d.Assessment), uint64(d.Version))
	b = appendTime(appendTexts(b, d.Purposes), d.Until)
	for _, text := range [...]string{d.By, d.Because, d.Told} {
		b = appendText(b, text)
	}
	if d.Restriction {
		return append(b, 1)
	}
	return append(b, 0)
}

// decision takes a decision off.
func (d *decoder) decision() *Decision {
	of := &Decision{Assessment: d.text(), Version: int(d.uvarint()), Purposes: d.texts(), Until: d.time()}
	of.By, of.Because, of.Told = d.text(), d.text(), d.text()
	switch restriction := d.form(); restriction {
	case 0, 1:
		of.Restriction = restriction == 1
	default:
		d.fail()
	}
	return of
}

// decisionOf takes off what an entry with those flags says of a decision.
func (d *decoder) decisionOf(r *Recorded, flags byte) {
	if flags&flagDecide != 0 {
		of := d.decision()
		of.Number, of.Made, of.Subjects = r.Seq, r.Time, r.Change.Subjects
		r.Change.Decide = of
	}
	if flags&flagEndDecision != 0 {
		r.Change.EndDecision = d.uvarint()
		d.bad = d.bad || r.Change.EndDecision == 0
	}
}

// right says what is wrong with a decision that is asked for, and where.
func (d *Decision) right(now time.Time) (what string, err error) {
	missing := errors.New("one line is right, and it is compulsory")
	for _, text := range []struct {
		what, text string
		most       int
		may        bool
	}{
		{"assessment", d.Assessment, mostText, false}, {"by", d.By, mostText, false},
		{"because", d.Because, mostReason, false}, {"told", d.Told, mostTold, true},
	} {
		if err := plain(text.text, text.most); err != nil {
			return text.what, err
		}
		if text.text == "" && !text.may {
			return text.what, missing
		}
	}
	switch {
	case d.Version < 1:
		return "assessment", errors.New("it has no version")
	case !d.Until.After(now):
		return "until", errors.New("it is over already")
	case len(d.Purposes) > mostScopes:
		return "purposes", fmt.Errorf("there are %d: %d at most", len(d.Purposes), mostScopes)
	}
	return "", nil
}

// decisions are those that stand. They are never changed: a change makes others.
type decisions struct {
	all []Decision         // by number, ascending
	by  map[[16]byte][]int // by hash of a subject: places in all
}

func decisionsOf(all []Decision) *decisions {
	d := &decisions{all: all, by: map[[16]byte][]int{}}
	for i := range all {
		for j := range all[i].Subjects {
			hash := all[i].Subjects[j].Hash
			if at := d.by[hash]; len(at) == 0 || at[len(at)-1] != i {
				d.by[hash] = append(at, i)
			}
		}
	}
	return d
}

// of are the places of the decisions for all that is objected to for a subject:
// its own acts, and those that it follows.
func (d *decisions) of(hash *[16]byte, from acting) []int {
	if len(d.all) == 0 {
		return nil
	}
	if from == "" {
		return d.by[*hash]
	}
	var all []int
	first := true
	take := func(some []int) {
		if first {
			all, first = slices.Clone(some), false
			return
		}
		all = slices.DeleteFunc(all, func(at int) bool { return !slices.Contains(some, at) })
	}
	if from[0] == actsItself {
		take(d.by[*hash])
	}
	for rest := from[1:]; len(rest) >= 16; rest = rest[16:] {
		take(d.by[[16]byte([]byte(rest[:16]))])
	}
	return all
}

// acting says whose acts are what is objected to for a subject: "" for its own alone, else whether there are any, and
// the hashes of those that it follows. It is comparable.
type acting string

const (
	followsAlone byte = 0
	actsItself   byte = 1
)

// appendActing adds an act.
func appendActing(b []byte, holder Holder) []byte {
	if holder.Kind == Kept { // no objection
		return b
	}
	if len(b) == 0 {
		b = append(b, followsAlone)
	}
	if holder.Kind == SeenWith {
		return append(b, holder.ID[:]...)
	}
	b[0] = actsItself
	return b
}

// actingIn says it of acts.
func actingIn(acts []act) acting {
	if !slices.ContainsFunc(acts, func(a act) bool { return a.holder.Kind == SeenWith }) {
		return ""
	}
	var b []byte
	for i := range acts {
		b = appendActing(b, acts[i].holder)
	}
	return acting(b)
}

// actingFrom says it of a record whose acts d is before.
func actingFrom(r *record, d decoder) acting {
	if r.old || !r.scopes.Any() {
		return ""
	}
	each := func(f func(Holder)) {
		at := d
		for n := at.count(2); n > 0; n-- {
			f(at.holder())
			at.bytes(at.uvarint())
		}
	}
	follows := false
	each(func(h Holder) { follows = follows || h.Kind == SeenWith })
	if !follows {
		return ""
	}
	var b []byte
	each(func(h Holder) { b = appendActing(b, h) })
	return acting(b)
}

// loadDecisions reads those that stand. A file of an older format has none.
func loadDecisions(tx *bolt.Tx) (*decisions, error) {
	bucket := tx.Bucket(bucketDecisions)
	if bucket == nil {
		return decisionsOf(nil), nil
	}
	var all []Decision
	err := bucket.ForEach(func(key, value []byte) error {
		rest, err := unseal(key, value, "a decision")
		if err != nil {
			return err
		}
		if len(key) != 8 || len(rest) > 0 {
			return fmt.Errorf("%w: a decision cannot be read", ErrDamaged)
		}
		at := binary.BigEndian.Uint64(bytes.Clone(key))
		changes, err := readChanges(tx, at-1, at)
		if err != nil {
			return err
		}
		if len(changes) != 1 || changes[0].Change.Decide == nil {
			return fmt.Errorf("%w: change %d of the log is no decision", ErrDamaged, at)
		}
		all = append(all, *changes[0].Change.Decide)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return decisionsOf(all), nil
}

// decided are the decisions that stand in a store.
type decided struct {
	table  atomic.Pointer[decisions]
	lookUp func(hash [16]byte) (standing, error) // of the store
}

// Decisions lists those that stand, by number. They are not to be changed.
func (d *decided) Decisions() []Decision { return d.table.Load().all }

// DecidedOn lists the decisions that stand for a person, or for whom a subject of
// theirs follows. It may read from disk.
func (d *decided) DecidedOn(subjects []Subject) (list []Decision, err error) {
	now := d.table.Load()
	if len(now.all) == 0 {
		return nil, nil
	}
	var places []int
	for i := range subjects {
		hash := subjects[i].Hash
		found, err := d.lookUp(hash)
		if err != nil {
			return nil, err
		}
		places = append(append(places, now.by[hash]...), now.of(&hash, found.acting)...)
	}
	slices.Sort(places)
	for _, at := range slices.Compact(places) {
		list = append(list, now.all[at])
	}
	return list, nil
}

// lifts are the decisions that stand for all that is objected to for a subject, in the words of a policy.
func (r *Resolved) lifts(hash *[16]byte, from acting) *rules.Lifts {
	now := r.store.table.Load()
	places := now.of(hash, from)
	if len(places) == 0 || r.lift == nil {
		return nil
	}
	at := r.store.opts.Now()
	var all []rules.Lift
	for _, place := range places {
		d := &now.all[place]
		if !d.Until.After(at) || d.Number <= r.store.undecided {
			continue
		}
		all = append(all, r.lift(rules.Lift{
			Number: d.Number, Assessment: d.Assessment, Version: d.Version, Since: d.Made.Unix(), Until: d.Until.Unix(),
		}, d.Purposes))
	}
	return rules.LiftsOf(all...)
}
