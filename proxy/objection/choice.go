package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A choice is what a visitor answered when a banner asked: which consent categories were granted, and which refused. It
// is no objection, and in force by another rule: the latest counts, of each kind of holder by itself. A browser's
// choice counts for what it refuses alone, until the same browser, or the site for its visitor, says otherwise; a
// choice that the site vouches for counts for what it grants as well. The act itself is a change of the log, with the
// digest of the text that was shown; what stands is in a subject's record.

// Choice is one act of choosing. A change that has one does nothing else. Its holder says how it counts: that of a
// browser, or a role, which vouches for it.
type Choice struct {
	Granted  []string  // consent categories, sorted
	Refused  []string  // likewise; none is in both
	Text     [32]byte  // SHA-256 of the text that was shown; zero where nobody said
	Kept     bool      // the text itself is kept
	Version  string    // of the text or the banner, as the site calls it
	Platform string    // the consent platform that it was copied from; "" for none
	Proof    bool      // the site vouches for it by a proof, and not by a token
	At       time.Time // when, as who sent it says
}

// Bounds of a choice.
const (
	mostCategories = 64
	mostCategory   = 64 // bytes
	mostVersion    = 64
)

// categoryScope stands in front of a consent category's name in the dictionary of scopes.
const categoryScope = "category:"

// right says what is wrong with a choice, and where.
func (c *Choice) right(holder HolderKind) (what string, err error) {
	if len(c.Granted)+len(c.Refused) == 0 || len(c.Granted)+len(c.Refused) > mostCategories {
		return "categories", fmt.Errorf("1 to %d are right", mostCategories)
	}
	for _, names := range [][]string{c.Granted, c.Refused} {
		for i, name := range names {
			if err := plain(name, mostCategory); err != nil || name == "" {
				return "categories", fmt.Errorf("a category's name has 1 to %d bytes", mostCategory)
			}
			if i > 0 && names[i-1] >= name {
				return "categories", errors.New("they are not sorted, or there are doubles")
			}
		}
	}
	if slices.ContainsFunc(c.Granted, func(name string) bool { return slices.Contains(c.Refused, name) }) {
		return "categories", errors.New("one is granted and refused")
	}
	switch {
	case holder != Browser && holder != Role:
		return "holder", errors.New("a choice is a browser's, or one that a role vouches for")
	case c.At.IsZero() || c.At.Unix() < 0:
		return "time", errors.New("it is missing")
	}
	if err := plain(c.Version, mostVersion); err != nil {
		return "version", err
	}
	if err := word(c.Platform); err != nil {
		return "platform", err
	}
	return "", nil
}

// The flags of a choice in an entry of the change log.
const (
	flagTextKept = 1 << iota
	flagProof
)

// append adds the bytes that a choice is kept as in an entry of the change log.
func (c *Choice) append(b []byte) []byte {
	var flags byte
	if c.Kept {
		flags |= flagTextKept
	}
	if c.Proof {
		flags |= flagProof
	}
	b = append(append(b, flags), c.Text[:]...)
	b = appendTexts(appendTexts(b, c.Granted), c.Refused)
	return appendTime(appendText(appendText(b, c.Version), c.Platform), c.At)
}

// choice takes a choice off.
func (d *decoder) choice() *Choice {
	flags := d.form()
	d.bad = d.bad || flags&^(flagTextKept|flagProof) != 0
	c := &Choice{Kept: flags&flagTextKept != 0, Proof: flags&flagProof != 0}
	copy(c.Text[:], d.bytes(32))
	c.Granted, c.Refused = d.texts(), d.texts()
	c.Version, c.Platform, c.At = d.text(), d.text(), d.time()
	return c
}

// chosen is what stands for a subject by choices. It is comparable, and never changes. Categories are marks of the
// dictionary of scopes.
type chosen struct {
	refused   Scopes          // by browsers
	by        [browserID]byte // the one browser whose refusals all of these are; zero: several browsers'
	refusedAt int64           // when the last of them came, Unix seconds

	granted, denied Scopes // by the choice that was vouched for last
	at              int64  // when that was made, Unix seconds; 0: there is none
}

// chosenScopes are what a look-up finds of choices.
type chosenScopes struct {
	granted, refused Scopes
	at               int64 // when what is vouched for was chosen
}

func (c *chosen) scopes() chosenScopes {
	found := chosenScopes{c.granted, c.refused, c.at}
	if c.denied.Any() {
		found.refused = scopesOf(joined(c.refused.appendMarks(nil), c.denied.appendMarks(nil)))
	}
	return found
}

// joined are the marks that are in any of two lists.
func joined(a, b []uint32) []uint32 {
	for _, mark := range b {
		a = insert(a, mark)
	}
	return a
}

// lacking are the marks of a list that are not in another one.
func lacking(of, without []uint32) (left []uint32) {
	for _, mark := range of {
		if _, found := slices.BinarySearch(without, mark); !found {
			left = append(left, mark)
		}
	}
	return left
}

// answered are categories as marks, ascending.
type answered struct{ granted, refused []uint32 }

// vouched makes a choice that the site vouches for the one that stands, unless a later one does; of two of the same
// time the stricter holds, and of two in whatever order while the later one is dated ahead of the clock: the site's may
// have been wrong. What browsers refused before it, and it grants, is not refused any more; the same choice once more,
// which anybody can send who saw it, ends no refusal.
func (c chosen) vouched(of answered, at, now int64) chosen {
	switch {
	case at < c.at && c.at <= now:
		return c
	case at <= c.at && c.at != 0:
		c.denied = scopesOf(joined(c.denied.appendMarks(nil), of.refused))
		had := c.granted.appendMarks(nil)
		c.granted = scopesOf(lacking(had, lacking(had, of.granted)))
		return c
	default:
		c.granted, c.denied, c.at = scopesOf(of.granted), scopesOf(of.refused), at
	}
	if at > c.refusedAt {
		c.refused = scopesOf(lacking(c.refused.appendMarks(nil), c.granted.appendMarks(nil)))
		if !c.refused.Any() {
			c.by = [browserID]byte{}
		}
	}
	return c
}

// posted adds a choice that a browser posted at a time. What it grants takes back the refusals of that browser alone.
func (c chosen) posted(of answered, by [browserID]byte, at int64) chosen {
	had := c.refused.appendMarks(nil)
	own := len(had) > 0 && c.by == by && by != [browserID]byte{}
	if own {
		had = lacking(had, of.granted)
	}
	switch {
	case own:
	case len(had) == 0:
		c.by = by
	case len(of.refused) > 0:
		c.by = [browserID]byte{} // several: none of them takes back what others refused, too
	}
	c.refused = scopesOf(joined(had, of.refused))
	if len(of.refused) > 0 {
		c.refusedAt = max(c.refusedAt, at)
	}
	if !c.refused.Any() {
		c.by = [browserID]byte{}
	}
	return c
}

// flagChosen is added to the number of a form where what stands by choices follows.
const flagChosen = 1 << 9

// append adds the stored bytes: what browsers refused, with its length before it, whose that is, and when, seconds
// after first; what is vouched for as granted and as refused, likewise, and when.
func (c *chosen) append(to []byte, first int64) []byte {
	to = append(appendText(to, c.refused.set), c.by[:]...)
	to = binary.AppendVarint(to, c.refusedAt-first)
	to = appendText(appendText(to, c.granted.set), c.denied.set)
	return binary.AppendVarint(to, c.at-first)
}

// chosen takes them off; false where they are none.
func (d *decoder) chosen(first int64) (c chosen, ok bool) {
	var right [3]bool
	c.refused, right[0] = parseScopes(d.bytes(d.uvarint()))
	copy(c.by[:], d.bytes(browserID))
	c.refusedAt = first + d.varint()
	c.granted, right[1] = parseScopes(d.bytes(d.uvarint()))
	c.denied, right[2] = parseScopes(d.bytes(d.uvarint()))
	c.at = first + d.varint()
	return c, right == [3]bool{true, true, true} && c != chosen{}
}

// choosing is what a group does about choices.
type choosing struct{ *group }

// marks are categories as marks, which get their numbers where they have none.
func (g choosing) marks(names []string) (marks []uint32, err error) {
	for _, name := range names {
		n, err := g.number(g.writer.scopes, bucketScopes, categoryScope+name)
		if err != nil {
			return nil, err
		}
		marks = insert(marks, markOf(n, false))
	}
	return marks, nil
}

// choose records a choice, and makes it count for its subjects. One that changes nothing
// is recorded all the same: it was made.
func (g choosing) choose(c *Change, mine []uint32) (Receipt, error) {
	granted, err := g.marks(c.Choice.Granted)
	if err != nil {
		return Receipt{}, err
	}
	refused, err := g.marks(c.Choice.Refused)
	if err != nil {
		return Receipt{}, err
	}
	of := answered{granted, refused}
	receipt := Receipt{Seq: g.tree.size + 1, Recorded: g.now, New: true, InForce: g.inForce(mine)}
	source, err := g.number(g.writer.sources, bucketSources, c.Source)
	if err != nil {
		return Receipt{}, err
	}
	for i, at := range mine {
		if c.Subjects[i].known() {
			continue
		}
		st := &g.states[at]
		is := st.record.chosen
		if c.Holder.Kind == Role {
			is = is.vouched(of, c.Choice.At.Unix(), c.Time.Unix())
		} else {
			is = is.posted(of, [browserID]byte(c.Holder.ID[:]), c.Time.Unix())
		}
		if is == st.record.chosen {
			continue
		}
		before := st.record
		if st.record.seq != 0 && !st.record.scopes.Any() { // what was taken back is said by that alone no more
			st.record.back = st.record.past()
		}
		st.record.chosen, st.record.form = is, max(1, st.record.form, c.Subjects[i].Form)
		if st.record.seq == 0 {
			st.record.first, st.record.last = c.Time.Unix(), c.Time.Unix()
		}
		st.record.seq, st.record.source = receipt.Seq, source
		st.changed, g.wrote = true, true
		g.retell(&before, &st.record)
	}
	entry := Recorded{Seq: receipt.Seq, Time: g.now, Change: *c}
	entry.Change.Outbox, entry.Change.dated = nil, false
	if err := deciding(g).says(&entry); err != nil {
		return Receipt{}, err
	}
	return receipt, g.record(&entry)
}
