package tap

import "time"

// Kinds of lines.
const (
	OfEvent   = "event"   // an event as it was decided, and what the vendor answered, where it was asked at once
	OfHit     = "hit"     // a hit that was refused as a whole
	OfOutcome = "outcome" // what became later of an event that waited
)

// Line is what one watcher is shown of one event. Its JSON is fixed: members may be added, none taken away.
type Line struct {
	Kind     string    `json:"kind"` // OfEvent, OfHit, OfOutcome
	Time     time.Time `json:"time"`
	Hit      uint64    `json:"hit"`   // its number in the forwarding log; 0: it is not recorded there
	Event    int       `json:"event"` // its index in the hit
	Own      bool      `json:"own,omitempty"`
	Site     string    `json:"site,omitempty"`
	Vendor   string    `json:"vendor,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	Name     string    `json:"name,omitempty"` // of the event, scrubbed as the log has it
	Decision string    `json:"decision,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Activity string    `json:"activity,omitempty"`
	Basis    string    `json:"basis,omitempty"`
	Fields   []Field   `json:"fields,omitempty"`
	Unshown  int       `json:"unshown,omitempty"` // fields that there are beside
	Outcome  string    `json:"outcome,omitempty"` // delivered, waits ...; "": nobody was asked
	Why      string    `json:"why,omitempty"`
	Status   int       `json:"status,omitempty"` // of the vendor's answer
}

// Field is what became of a field. Of one's own hit it is told apart by its place, and has its values; of others' by
// the catalog's name, "*" where there is none, and has what kind of value it held alone.
type Field struct {
	Name   string `json:"name"`
	Class  string `json:"class"`
	Action string `json:"action"` // the minimiser, or drop
	Sent   bool   `json:"sent"`
	Is     string `json:"is,omitempty"`    // "text, 12 bytes"
	Times  int    `json:"times,omitempty"` // how many of that name and class there were, where there were several
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// The bounds of a line.
const (
	MostFields   = 200
	LongestValue = 256 // bytes of a value, or a place
)

// size is about how many bytes a line holds.
func (l *Line) size() int {
	n := 256 + len(l.Site) + len(l.Vendor) + len(l.Endpoint) + len(l.Name) + len(l.Activity)
	for i := range l.Fields {
		f := &l.Fields[i]
		n += 96 + len(f.Name) + len(f.Class) + len(f.Is) + len(f.Before) + len(f.After)
	}
	return n
}
