package rules

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/tagwarden/tagwarden/rules/contact"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// idVariants are identifiers in every form that they are known in, normalised, before they are hashed. What it holds is
// a visitor's: it lives as long as the hit.
type idVariants struct {
	text    []byte
	room    workroom // to open a cookie in
	all     []idVariant
	shared  int              // of the newest form: how many of them all events share
	events  int              // in the hit
	older   bool             // subjects of older forms may be known: ids are added in those, too
	country *contact.Country // of numbers that do not say theirs; nil: nobody knows

	word    hit.Word // of what is added
	guessed bool     // something is of the site's word, or of nobody's
	named   []bool   // by event: it names a person at a place of the vendor's own
	random  bool     // the id that was added last has the random form of an SDK's
	digests int      // made since steps was asked
	sums    [2]idSum // of ids whose hashes were asked last
	sized   int      // what grown said in all

	digested digests // hashes that were made

	known variantTable // those of the event that was added to last
	ofHit variantTable // those that all events share
	last  int32        // the event that was added to last
}

// idVariant is one of them: text[from:to] in a namespace.
type idVariant struct {
	event    int32
	class    hit.Class
	form     uint8 // number of its normal form
	kind     SubjectKind
	word     hit.Word
	space    string
	from, to int
	sum      uint64 // of the text
}

// variantTable finds variants by their text.
type variantTable struct {
	slots [512]variantSlot
	round uint32 // slots of other rounds are empty
	n     int
}

type variantSlot struct {
	round uint32
	at    int32
}

func (f *idVariants) reset() {
	f.text, f.all = hit.Recycled(f.text), hit.Recycled(f.all)
	f.room = f.room.cleared()
	f.country = nil
	f.sums = [2]idSum{}
	f.word, f.guessed, f.named = hit.OfVendor, false, hit.Recycled(f.named)
	f.shared, f.events, f.older, f.last, f.digests, f.sized = 0, 0, false, hit.Shared, 0, 0
	f.digested = digests{}
	f.known.clear()
	f.ofHit.clear()
}

func (t *variantTable) clear() {
	t.n = 0
	if t.round++; t.round == 0 {
		*t = variantTable{round: 1}
	}
}

// newer makes a variant that is there already one of the form of another that is the same, where that is newer, of
// the better word of the two, and of its kind, where it was mentioned alone.
func (t *variantTable) newer(f *idVariants, of *idVariant) (there bool) {
	s := t.find(f, of)
	if there = s.round == t.round; !there {
		return false
	}
	known := &f.all[s.at]
	known.form, known.word = max(known.form, of.form), min(known.word, of.word)
	if known.kind == Mentioned {
		known.kind = of.kind
	}
	return true
}

// find returns the slot where a variant is, or would be.
func (t *variantTable) find(f *idVariants, of *idVariant) *variantSlot {
	for k := of.sum; ; k++ {
		s := &t.slots[k%uint64(len(t.slots))]
		if s.round != t.round || f.same(&f.all[s.at], of) {
			return s
		}
	}
}

// add notes the variant that is put at the end of all. A table that is half full is emptied first: what it knew may
// come twice, which does no harm.
func (t *variantTable) add(f *idVariants, of *idVariant) {
	if t.n == len(t.slots)/2 {
		t.clear()
	}
	*t.find(f, of) = variantSlot{t.round, int32(len(f.all))}
	t.n++
}

// steps is what the identifier that was added last took.
func (f *idVariants) steps() int {
	steps := costVariant + costDigest*f.digests
	f.digests = 0
	return steps
}

// variantSize is about what a variant takes beside its text, in bytes: itself, its hashes, and what the record of its
// event says of them.
const variantSize = 192

// grown is what the variants take more than when it was asked last, in bytes.
func (f *idVariants) grown() int {
	size := len(f.text) + variantSize*len(f.all)
	more := size - f.sized
	f.sized = size
	return more
}

// keep keeps a variant, once: not where the event, or all events, have it already. What all events share is looked up
// for each of them, so that one event's own is enough only where there are no others.
func (f *idVariants) keep(of idVariant) {
	if f.known.round == 0 { // the zero idVariants
		f.last = hit.Shared
		f.known.clear()
		f.ofHit.clear()
	}
	if f.events > 0 && placeholderHash(f.text[of.from:of.to]) { // of a hit, not of who asks what is kept
		return
	}
	of.sum, of.word = sumOf(f.text[of.from:of.to]), f.word
	f.guessed = f.guessed || of.word != hit.OfVendor
	if of.event != hit.Shared && of.event != f.last {
		f.known.clear()
		f.last = of.event
	}
	if f.ofHit.newer(f, &of) || (of.event != hit.Shared || f.events == 1) && f.known.newer(f, &of) {
		return
	}
	if of.event == hit.Shared {
		if of.form == pseudonym.NewestForm {
			f.shared++
		}
		f.ofHit.add(f, &of)
	} else {
		f.known.add(f, &of)
	}
	f.all = append(f.all, of)
}

// settle makes mentions of what leads to no one: an id that may be of many, and a person that the site's own
// names speak of where the event names one at a place of the vendor's. An agent's browser is not the
// customer's whose address is beside it.
func (f *idVariants) settle() {
	if !f.guessed {
		return
	}
	named := slices.Grow(f.named, f.events)[:f.events] // by event
	clear(named)
	shared, anywhere := false, false // all events have one, or some event
	for i := range f.all {
		switch of := &f.all[i]; {
		case of.word != hit.OfVendor || of.kind != Person:
		case of.event == hit.Shared:
			shared, anywhere = true, true
		default:
			named[of.event], anywhere = true, true
		}
	}
	for i := range f.all {
		of := &f.all[i]
		beside := shared
		if of.event == hit.Shared {
			beside = anywhere
		} else if !beside {
			beside = named[of.event]
		}
		if of.word == hit.OfNobody || of.word == hit.OfSite && of.kind == Person && beside {
			of.kind = Mentioned
		}
	}
	f.named = named
}

// sumOf is a sum of a text, eight bytes at a time: variants of which many have the same are found more slowly, and that
// is all.
func sumOf(text []byte) uint64 {
	sum := uint64(len(text))
	for ; len(text) >= 8; text = text[8:] {
		sum = mixed(sum ^ binary.LittleEndian.Uint64(text))
	}
	rest := uint64(0)
	for _, c := range text {
		rest = rest<<8 | uint64(c)
	}
	return mixed(sum ^ rest)
}

// mixed makes every bit count in every other one: it multiplies by 2^64 divided by the golden ratio, and folds the
// upper half of what that makes into the lower.
func mixed(sum uint64) uint64 {
	upper, lower := bits.Mul64(sum, 0x9e3779b97f4a7c15)
	return upper ^ lower
}

func (f *idVariants) same(a, b *idVariant) bool {
	return a.sum == b.sum && a.space == b.space && bytes.Equal(f.text[a.from:a.to], f.text[b.from:b.to])
}
