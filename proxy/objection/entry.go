package objection

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// Recorded is a change as the change log holds it: once it was done, with its number.
type Recorded struct {
	Seq     uint64 // from 1
	Time    time.Time
	Change  Change     // without Outbox; Time is never zero. Holder is zero where acts were not told apart yet
	InForce []string   // what was in force for its subjects afterwards
	Each    [][]string // what was for each of them, where that differs; else nil
	Gone    []string   // with everything taken back: what is no longer in force for some of them
}

// Withdrawn names the scopes that it took back and that no other act keeps in force for any of its subjects; "all"
// where nothing is in force any more. An opt-out that was kept is not among them: nobody was told of it.
func (r *Recorded) Withdrawn() []string {
	return slices.DeleteFunc(r.withdrawn(r.InForce), func(scope string) bool { return scope == KeptOptOut })
}

// Of is what was in force for one of its subjects afterwards, and what it took back for that one.
func (r *Recorded) Of(subject int) (inForce, withdrawn []string) {
	if inForce = r.InForce; r.Each != nil {
		inForce = r.Each[subject]
	}
	return inForce, r.withdrawn(inForce)
}

func (r *Recorded) withdrawn(inForce []string) []string {
	switch c := &r.Change; {
	case c.Holder.Kind == 0:
		return c.TakeBack
	case !slices.Contains(c.TakeBack, All):
		return without(c.TakeBack, inForce)
	case len(inForce) == 0:
		return []string{All}
	}
	return without(r.Gone, inForce)
}

// An entry of the change log is a leaf of the Merkle tree: its bytes, which begin with entryFormat, are what is hashed.
// Entries of the format before have no holder: every change was everybody's. They are read, and never written.
const (
	entryFormat       = 2
	entryBeforeHolder = 1
)

// The flags of an entry.
const (
	flagRestriction = 1 << iota
	flagComplaint
	flagEveryAct
	flagEach        // what is in force for each subject follows
	flagDecide      // a decision follows
	flagEndDecision // the number of a decision that ended follows
	flagChoice      // a choice follows
	flagsKnown      = flagRestriction | flagComplaint | flagEveryAct | flagEach | flagDecide | flagEndDecision | flagChoice
)

// append adds the entry's bytes.
func (r *Recorded) append(b []byte) []byte {
	c := &r.Change
	var flags byte
	if c.Restriction {
		flags |= flagRestriction
	}
	if c.Complaint {
		flags |= flagComplaint
	}
	if c.EveryAct {
		flags |= flagEveryAct
	}
	if r.Each != nil {
		flags |= flagEach
	}
	if c.Decide != nil {
		flags |= flagDecide
	}
	if c.EndDecision != 0 {
		flags |= flagEndDecision
	}
	if c.Choice != nil {
		flags |= flagChoice
	}
	b = append(b, entryFormat, flags)
	b = binary.AppendUvarint(b, r.Seq)
	b = appendTime(appendTime(b, r.Time), c.Time)
	b = appendSubjects(b, c.Subjects)
	b = appendTexts(appendTexts(appendTexts(b, c.Object), c.TakeBack), r.InForce)
	for _, text := range [...]string{c.Source, c.Site, c.Channel, c.Campaign, c.By, c.Because} {
		b = appendText(b, text)
	}
	if b = appendTexts(c.Holder.append(b), r.Gone); c.Holder.Kind == SeenWith {
		b = append(b, c.Lead[:]...)
	}
	for _, inForce := range r.Each {
		b = appendTexts(b, inForce)
	}
	if c.Decide != nil {
		b = c.Decide.append(b)
	}
	if c.EndDecision != 0 {
		b = binary.AppendUvarint(b, c.EndDecision)
	}
	if c.Choice != nil {
		b = c.Choice.append(b)
	}
	return b
}

// append adds a subject's bytes.
func (s *Subject) append(b []byte) []byte {
	b = appendText(b, s.Space)
	return append(append(append(append(b, s.Hash[:]...), s.Ledger[:]...), s.Feed[:]...), s.Form)
}

func appendSubjects(b []byte, all []Subject) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for i := range all {
		b = all[i].append(b)
	}
	return b
}

// subject takes a subject off.
func (d *decoder) subject() Subject {
	return Subject{Space: d.text(), Hash: d.hash(), Ledger: d.hash(), Feed: d.hash(), Form: d.form()}
}

// subjects takes subjects off; nil for none.
func (d *decoder) subjects() (all []Subject) {
	if n := d.count(2 + 3*16); n > 0 {
		all = make([]Subject, n)
	}
	for i := range all {
		all[i] = d.subject()
	}
	return all
}

func appendTime(b []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(b, t.Unix()), uint64(t.Nanosecond()))
}

func (d *decoder) time() time.Time {
	seconds, nanos := d.varint(), d.uvarint()
	if nanos >= 1e9 {
		d.fail()
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}

// parseEntry reads an entry's bytes. Every error is an ErrDamaged.
func parseEntry(b []byte) (Recorded, error) {
	if len(b) < 2 || b[0] != entryFormat && b[0] != entryBeforeHolder || b[1]&^byte(flagsKnown) != 0 {
		return Recorded{}, fmt.Errorf("%w: an entry of the change log has an unknown format", ErrDamaged)
	}
	d := decoder{rest: b[2:]}
	var r Recorded
	c := &r.Change
	c.Restriction, c.Complaint = b[1]&flagRestriction != 0, b[1]&flagComplaint != 0
	c.EveryAct = b[1]&flagEveryAct != 0
	r.Seq = d.uvarint()
	r.Time, c.Time = d.time(), d.time()
	if n := d.count(1 + 3*16); n > 0 {
		c.Subjects = make([]Subject, n)
	}
	for i := range c.Subjects {
		c.Subjects[i] = Subject{Space: d.text(), Hash: d.hash(), Ledger: d.hash(), Feed: d.hash()}
		if b[0] == entryFormat {
			c.Subjects[i].Form = d.form()
		}
	}
	c.Object, c.TakeBack, r.InForce = d.texts(), d.texts(), d.texts()
	for _, text := range [...]*string{&c.Source, &c.Site, &c.Channel, &c.Campaign, &c.By, &c.Because} {
		*text = d.text()
	}
	if b[0] == entryFormat {
		if c.Holder, r.Gone = d.holder(), d.texts(); c.Holder.Kind == SeenWith {
			c.Lead = d.hash()
		}
		if b[1]&flagEach != 0 {
			r.Each = make([][]string, len(c.Subjects))
		}
		for i := range r.Each {
			r.Each[i] = d.texts()
		}
		d.decisionOf(&r, b[1])
		if b[1]&flagChoice != 0 {
			c.Choice = d.choice()
		}
	}
	if d.bad || len(d.rest) != 0 {
		return Recorded{}, fmt.Errorf("%w: an entry of the change log cannot be read", ErrDamaged)
	}
	return r, nil
}

// form takes the number of a form off.
func (d *decoder) form() uint8 {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// sealed puts the checksum before what is stored below key; seal leaves room for it.
func sealed(key, value []byte) []byte {
	binary.LittleEndian.PutUint32(value, checksum(key, value[4:]))
	return value
}

// unseal checks the checksum and returns what was stored below key.
func unseal(key, value []byte, what string) ([]byte, error) {
	if len(value) < 4 || binary.LittleEndian.Uint32(value) != checksum(key, value[4:]) {
		return nil, fmt.Errorf("%w: the checksum of %s does not match", ErrDamaged, what)
	}
	return value[4:], nil
}

// number is a key that sorts as the number does.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
