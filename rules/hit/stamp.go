package hit

// Stamp is a field that says when its event was, or which one it is.
type Stamp struct {
	Node  int32
	Event int32
	Kind  StampKind
	Peer  int32 // the next stamp of the same event (see Hit.Chain)
}

// StampKind says what a [Stamp] tells. Its zero value tells nothing.
type StampKind uint8

// The kinds.
const (
	NoStamp   StampKind = iota
	OwnID               // one id for one event: where it comes again, the same event does
	OwnTime             // when the event was, by the clock of whoever made it
	SentTime            // when it was sent, by the same clock
	MillisAgo           // how long before it was sent it was, in milliseconds
	SecsAgo             // the same, in seconds
)

var stampNames = map[string]StampKind{
	"none": NoStamp, "id": OwnID, "time": OwnTime, "sent": SentTime, "ms_ago": MillisAgo, "s_ago": SecsAgo,
}

// ParseStamp returns the kind of that name, as catalog files write it.
func ParseStamp(name string) (StampKind, bool) {
	kind, ok := stampNames[name]
	return kind, ok
}

// FirstStamp returns the first stamp of an event, or of what all events share; Stamp.Peer leads on. None is the end.
func FirstStamp(h *Hit, event int32) int32 { return h.of(event).stamp }
