package objection

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
	ByLink   HolderKind = 3 // the person that links are for; what came by links
	Role     HolderKind = 4 // a token, an import, the operator; what came by roles, by links, and earlier
	SeenWith HolderKind = 5 // follows from another subject's acts; see Follow. It ends with them
	Browsers HolderKind = 6 // further browsers than are told apart; nothing but EveryAct ends it
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
	}
	return "none"
}
