package rules

import (
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// choices is what may be stated of the visitor's choices by the site's own categories, in the consent object that an
// SDK puts into its events, of what travels on one activity.
type choices struct {
	reader  *signal.Reader
	covered signal.Categories // of the activity's purposes
	granted bool              // it travels on a yes, or on no opt-out, of theirs
	unset   bool              // or on a legitimate interest: nothing is stated of them
}

// choices is what may be stated of events that travel on the activity at a site.
func (a *Activity) choices(r *signal.Reader) choices {
	return choices{
		reader: r, covered: a.categories,
		granted: a.Basis == basis.Consent || a.Basis == basis.OptOut,
		unset:   a.Basis == basis.LegitimateInterest,
	}
}

// stating is what may be stated of a category: that it is refused, nothing, or that it is granted.
type stating uint8

const (
	statesNo stating = iota
	statesNothing
	statesYes
)

// of is what may be stated of an id at most.
func (c *choices) of(id []byte) stating {
	categories, necessary := c.reader.Chosen(id)
	switch {
	case necessary:
		return statesYes
	case categories == 0 || categories&^c.covered != 0:
		return statesNo
	case c.granted:
		return statesYes
	case c.unset:
		return statesNothing
	default:
		return statesNo
	}
}

// isChoice tells whether a signal stands in a consent object that is put into events.
func isChoice(kind string) bool {
	switch kind {
	case "segment_consent", "segment_batch_consent", "rudderstack_consent", "rudderstack_batch_consent",
		"mparticle_consent", "matomo_consent":
		return true
	default:
		return false
	}
}

// downgradeChoice lowers what a consent object says of one id: vendors send events on to others by it. What stands
// beside a batch says no more than may be said of each event that travels.
func (m lowering) downgradeChoice(c *hit.Claim) {
	h := m.hit
	n := &h.Nodes[c.Node]
	id := h.Bytes(h.KeySpan(c.Node))
	inList := false
	switch c.Signal {
	case "rudderstack_consent", "rudderstack_batch_consent":
		if n.Parent == hit.None || string(h.Bytes(h.KeySpan(n.Parent))) != "allowedConsentIds" {
			return
		}
		id, inList = h.Text(c.Node), true
	case "mparticle_consent":
		if string(id) != "consented" || n.Parent == hit.None {
			return
		}
		id = h.Bytes(h.KeySpan(n.Parent))
	case "matomo_consent":
		id, inList = tracking, true
	}
	if n.Kind == hit.Bool && string(h.Text(c.Node)) == "false" {
		return
	}
	switch may := m.mayState(c.Event, id); {
	case may == statesYes:
	case may == statesNothing || inList || n.Kind != hit.Bool:
		n.Fate = hit.Drop
	default:
		h.SetEdit(c.Node, saysFalse)
		h.Nodes[c.Node].Downgraded = true
	}
}

var (
	saysFalse = []byte("false")
	tracking  = []byte("tracking") // Matomo's one id
)

// mayState is what may be stated of an id in an event, or of all that travel.
func (m lowering) mayState(event int32, id []byte) stating {
	if event != hit.Shared {
		return m.toldOf(event).choices.of(id)
	}
	may := statesYes
	for _, t := range m.consent.told {
		may = min(may, t.choices.of(id))
	}
	return may
}
