package objection

import (
	"encoding/binary"
	"slices"
)

// act is what one holder objects to for a subject. An act without scopes is not kept.
type act struct {
	holder Holder
	scopes Scopes
}

// Bounds of the acts of one subject.
const (
	mostBrowsers = 16 // browsers that are told apart; further ones share an act that they cannot end
	mostLeads    = 16 // subjects that are followed
)

// append adds the act's bytes: holder, and its scopes with their length before them, 0 where they are all that is in
// force.
func (a *act) append(b []byte, inForce Scopes) []byte {
	b = a.holder.append(b)
	if a.scopes == inForce {
		return append(b, 0)
	}
	return appendText(b, a.scopes.set)
}

// parseActs reads the acts of a record, whose scopes in force are known. False where they are none, or do not make what
// is in force.
func (r *record) parseActs(d *decoder) bool {
	if r.old {
		if r.scopes.Any() {
			r.acts = []act{{Holder{Kind: Earlier}, r.scopes}}
		}
		return true
	}
	n := d.count(2)
	if n > 0 {
		r.acts = make([]act, n)
	}
	for i := range r.acts {
		a := &r.acts[i]
		if a.holder = d.holder(); a.holder.Kind == 0 || i > 0 && r.acts[i-1].holder.compare(a.holder) >= 0 {
			return false
		}
		set, ok := d.bytes(d.uvarint()), true
		if a.scopes = r.scopes; len(set) > 0 {
			a.scopes, ok = parseScopes(set)
		}
		if !ok || d.bad || !a.scopes.Any() {
			return false
		}
	}
	return !d.bad && len(d.rest) == 0 && (n == 1 || unionOf(r.acts) == r.scopes)
}

// split tells the one act of a record from before acts were told apart from others, by the source of its last change:
// what came by link last can be taken back by link.
func (r *record) split(source string) {
	if r.old && len(r.acts) == 1 && source == Link {
		r.acts[0].holder.Kind = ByLink
	}
}

// unionOf is what is in force.
func unionOf(acts []act) Scopes {
	switch len(acts) {
	case 0:
		return Scopes{}
	case 1:
		return acts[0].scopes
	}
	var marks []uint32
	for i := range acts {
		marks = acts[i].scopes.appendMarks(marks)
	}
	slices.Sort(marks)
	return scopesOf(slices.Compact(marks))
}

// alteration is what a change asks for, as marks of scopes.
type alteration struct {
	holder   Holder
	every    bool
	all      bool     // everything is taken back
	takeBack []uint32 // else these are
	object   []uint32
}

// apply returns the acts that stand after it, on a copy where that changes anything, and adds to effect what it
// changed.
func (a *alteration) apply(acts []act, e *effect) (after []act, changed bool) {
	after = acts
	for i := range acts {
		one := &acts[i]
		if !a.holder.ends(one.holder, a.every) {
			continue
		}
		own := one.holder == a.holder
		before := one.scopes.appendMarks(nil)
		left := a.left(before)
		if own {
			left = added(left, a.object)
		}
		if slices.Equal(before, left) {
			continue
		}
		if !changed {
			after, changed = slices.Clone(acts), true
		}
		after[i].scopes = scopesOf(left)
		e.add(before, left)
	}
	if changed {
		after = slices.DeleteFunc(after, func(one act) bool { return !one.scopes.Any() })
	}
	return a.begin(after, changed, e)
}

// begin adds what is objected to where the holder had no act.
func (a *alteration) begin(acts []act, changed bool, e *effect) ([]act, bool) {
	if len(a.object) == 0 {
		return acts, changed
	}
	holder := a.holder
	at, found := find(acts, holder)
	if !found && holder.Kind == Browser && count(acts, Browser) >= mostBrowsers {
		holder = Holder{Kind: Browsers}
		at, found = find(acts, holder)
	}
	if !found {
		one := act{holder, scopesOf(a.object)}
		e.add(nil, a.object)
		return slices.Insert(slices.Clip(acts), at, one), true
	}
	before := acts[at].scopes.appendMarks(nil)
	after := added(slices.Clone(before), a.object)
	if slices.Equal(before, after) {
		return acts, changed
	}
	e.add(before, after)
	acts = slices.Clone(acts)
	acts[at].scopes = scopesOf(after)
	return acts, true
}

// left is what of some marks is not taken back. A link that takes back all that is objected to leaves what is kept,
// unless that is named, too.
func (a *alteration) left(marks []uint32) []uint32 {
	if a.all && a.holder.Kind != ByLink {
		return nil
	}
	left := make([]uint32, 0, len(marks))
	for _, mark := range marks {
		named := mark
		if mark >= keptMark {
			named = keptMark // whenever it began
		} else if a.all {
			continue
		}
		if _, gone := slices.BinarySearch(a.takeBack, named); !gone {
			left = append(left, mark)
		}
	}
	return left
}

// added adds marks in their places.
func added(marks, more []uint32) []uint32 {
	for _, mark := range more {
		marks = insert(marks, mark)
	}
	return marks
}

// find is where the act of a holder stands, or would.
func find(acts []act, holder Holder) (at int, found bool) {
	return slices.BinarySearchFunc(acts, holder, func(a act, h Holder) int { return a.holder.compare(h) })
}

// count is how many acts there are of a kind.
func count(acts []act, kind HolderKind) int {
	n := 0
	for i := range acts {
		if acts[i].holder.Kind == kind {
			n++
		}
	}
	return n
}

// Held says by how many acts of a kind something stands, and what.
type Held struct {
	Kind    HolderKind
	Acts    int      // of different holders
	InForce []string // scopes, sorted, none twice
}

// heldIn gathers the acts of a person, whose subjects they are.
func heldIn(names []string, records []*record) ([]Held, bool) {
	marks, holders := map[HolderKind][]uint32{}, map[Holder]bool{}
	var list []Held
	for _, r := range records {
		for i := range r.acts {
			one := &r.acts[i]
			marks[one.holder.Kind] = one.scopes.appendMarks(marks[one.holder.Kind])
			holders[one.holder] = true
		}
	}
	for kind := Earlier; kind <= Kept; kind++ {
		of := marks[kind]
		if len(of) == 0 {
			continue
		}
		slices.Sort(of)
		inForce, ok := scopeNames(names, scopesOf(slices.Compact(of)))
		if !ok {
			return nil, false
		}
		one := Held{Kind: kind, InForce: inForce}
		for holder := range holders {
			if holder.Kind == kind {
				one.Acts++
			}
		}
		list = append(list, one)
	}
	return list, true
}

// appendHeld adds the bytes that a list is kept as.
func appendHeld(b []byte, list []Held) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		b = binary.AppendUvarint(append(b, byte(list[i].Kind)), uint64(list[i].Acts))
		b = appendTexts(b, list[i].InForce)
	}
	return b
}

// held takes a list off.
func (d *decoder) held() []Held {
	n := d.count(3)
	if n == 0 {
		return nil
	}
	list := make([]Held, n)
	for i := range list {
		if kind := d.bytes(1); kind != nil {
			list[i].Kind = HolderKind(kind[0])
		}
		list[i].Acts = int(d.uvarint())
		list[i].InForce = d.texts()
	}
	return list
}
