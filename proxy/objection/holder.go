package objection

import (
	"bytes"
	"cmp"
	"errors"
)

// Holder is whose act something is: what it takes to take it back. In force for a subject is the union of the acts that
// stand for it. The zero Holder objects as a role does, and takes nothing back.
type Holder struct {
	Kind HolderKind
	ID   [16]byte // of a browser's act: random, its first 8 bytes; of SeenWith: Hash of the subject that is followed
}

// HolderKind is a kind of holders. The numbers are in the file: they stay.
type HolderKind uint8

// The kinds of holders, and what taking back by each of them ends. [Change.EveryAct] ends the acts of all.
const (
	Earlier  HolderKind = 1 // from before acts were told apart; taking back ends that alone
	Browser  HolderKind = 2 // a browser, that the undo cookie proves; its own act
	ByLink   HolderKind = 3 // the person that links are for; what came by links, and what is kept
	Role     HolderKind = 4 // a token, an import, the operator; by roles, by links, and earlier, and what is kept
	SeenWith HolderKind = 5 // follows from another subject's acts; see Follow. It ends with them
	Browsers HolderKind = 6 // further browsers than are told apart; nothing but EveryAct ends it
	Kept     HolderKind = 7 // opt-outs that are kept; see Keep. Links and roles end it, and who shows a browser's id
)

// String is the kind's name, as answers have it.
func (k HolderKind) String() string {
	switch k {
	case Earlier:
		return "earlier"
	case Browser:
		return "browser"
	case ByLink:
		return "link"
	case Role:
		return "role"
	case SeenWith:
		return "seen_with"
	case Browsers:
		return "browsers"
	case Kept:
		return KeptOptOut
	}
	return "none"
}

// ends tells whether what this holder takes back ends an act of another one; every says that all acts are meant.
func (h Holder) ends(of Holder, every bool) bool {
	switch {
	case every || h == of:
		return true
	case h.Kind == Role:
		return of.Kind == ByLink || of.Kind == Earlier || of.Kind == Kept
	case h.Kind == ByLink:
		return of.Kind == Kept
	}
	return false
}

// compare is the order in which the acts of a subject are kept.
func (h Holder) compare(other Holder) int {
	return cmp.Or(cmp.Compare(h.Kind, other.Kind), bytes.Compare(h.ID[:], other.ID[:]))
}

// browserID is how many bytes of a browser's id are not zero.
const browserID = 8

// idSize is how many bytes of an id are kept.
func (k HolderKind) idSize() int {
	if k == Browser {
		return browserID
	}
	if k == SeenWith {
		return 16
	}
	return 0
}

// append adds the bytes that a holder is kept as.
func (h Holder) append(b []byte) []byte {
	return append(append(b, byte(h.Kind)), h.ID[:h.Kind.idSize()]...)
}

// holder takes a holder off; none where its kind is 0.
func (d *decoder) holder() (h Holder) {
	kind := d.bytes(1)
	if kind == nil {
		return Holder{}
	}
	if h.Kind = HolderKind(kind[0]); h.Kind > Kept {
		d.fail()
		return Holder{}
	}
	copy(h.ID[:], d.bytes(uint64(h.Kind.idSize())))
	return h
}

// rightHolder says what is wrong with the holder of a change that is asked for.
func (c *Change) rightHolder() error {
	h := &c.Holder
	bare := *h == Holder{Kind: h.Kind}
	random := *(*[browserID]byte)(h.ID[:]) != [browserID]byte{} && [browserID]byte(h.ID[browserID:]) == [browserID]byte{}
	switch {
	case *h == Holder{} && len(c.TakeBack) == 0:
		h.Kind = Role
	case h.Kind == Browser && random:
	case (h.Kind == Earlier || h.Kind == Kept) && bare && len(c.Object) == 0:
	case (h.Kind == ByLink || h.Kind == Role) && bare:
	default:
		return errors.New("whose act it is, is not said: a browser's, by link or a role's is right")
	}
	if c.EveryAct && (h.Kind != Role || len(c.TakeBack) == 0 || c.Because == "") {
		return errors.New("only a role takes back every act, and says why")
	}
	return nil
}
