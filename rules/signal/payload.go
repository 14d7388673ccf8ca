package signal

import (
	"maps"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// payload reads the consent object that an SDK puts into its events. The catalog says where it stands: its fields carry
// a signal.
type payload struct {
	ids map[string]Categories
	all Categories
}

func newPayload(s *Source, number map[string]int) (*payload, error) {
	p := &payload{ids: map[string]Categories{}}
	ids, err := mapped("payload", s.Categories, payloadIDs(number), number)
	if err != nil {
		return nil, err
	}
	for id, set := range ids {
		p.ids[id] = set
		p.all |= set
	}
	return p, nil
}

// payloadIDs are the ids that mean something where a site maps none: the categories' own names, OneTrust's, and
// Matomo's one.
func payloadIDs(number map[string]int) map[string]string {
	ids := map[string]string{"tracking": "analytics"}
	maps.Copy(ids, cmp.OneTrust.DefaultCategories())
	for name := range number {
		ids[name] = name
	}
	return ids
}

// read puts together what the claims of one event say, or those that all events share. Denied beats allowed; what is no
// yes or no leaves its category in doubt.
func (p *payload) read(h *hit.Hit, event int32) (SourceReading, OptOuts) {
	said, sold := SourceReading{}, OptOuts{}
	preferences := false // Snowplow's were read: they are the same whichever schema says that they are there
	for i := h.FirstClaim(event); i != hit.None; i = h.Claims[i].Peer {
		c := &h.Claims[i]
		switch c.Signal {
		case "segment_consent":
			said.merge(wordOn(p.ids[string(h.Bytes(h.KeySpan(c.Node)))], preference(h, c.Node)))
		case "rudderstack_consent":
			said.merge(p.listed(h, c.Node))
		case "segment_batch_consent": // beside a batch: of events that say so themselves
			said.merge(wordOn(p.ids[string(h.Bytes(h.KeySpan(c.Node)))], preference(h, c.Node)).noYes())
		case "rudderstack_batch_consent":
			said.merge(p.listed(h, c.Node).noYes())
		case "mparticle_consent":
			if purpose := h.Nodes[c.Node].Parent; purpose != hit.None && string(h.Bytes(h.KeySpan(c.Node))) == "consented" {
				said.merge(wordOn(p.ids[string(h.Bytes(h.KeySpan(purpose)))], preference(h, c.Node)))
			}
		case "mparticle_sale_opt_out":
			if string(h.Bytes(h.KeySpan(c.Node))) == "consented" {
				sold.merge(saleWord(SaleOptOut(h.Text(c.Node))))
			}
		case "matomo_consent":
			one := wordOn(p.ids["tracking"], MatomoConsent(h.Text(c.Node)))
			if event == hit.Shared && beside(h) { // each request of a bulk says so itself
				one = one.noYes()
			}
			said.merge(one)
		case "snowplow_schema":
			if kind := ReadSnowplowSchema(h.Text(c.Node)); kind != PreferencesEvent || !preferences {
				said.merge(p.snowplow(h, kind, event))
				preferences = preferences || kind == PreferencesEvent
			}
		}
	}
	return said, sold
}

// withdrawn is what events of the hit refuse for all of them: Snowplow reports a no as an event of its own.
func (p *payload) withdrawn(h *hit.Hit) (all SourceReading) {
	for e := range h.Events {
		for i := h.FirstClaim(int32(e)); i != hit.None; i = h.Claims[i].Peer {
			c := &h.Claims[i]
			if c.Signal != "snowplow_schema" {
				continue
			}
			if kind := ReadSnowplowSchema(h.Text(c.Node)); kind != NoConsentEvent {
				if said := p.snowplow(h, kind, int32(e)); said.Declined != 0 {
					all.merge(SourceReading{State: Valid, Refused: said.Declined, Declined: said.Declined})
				}
			}
		}
	}
	return all
}

// noYes is a reading whose yes does not count.
func (s SourceReading) noYes() SourceReading {
	if s.Granted = 0; s.Refused|s.Doubt == 0 {
		return SourceReading{}
	}
	return s
}

// beside tells whether the events of a hit stand in a list in its body, so that what they share stands beside them.
func beside(h *hit.Hit) bool {
	root := h.BodyRoot
	if root != hit.None && h.Nodes[root].Opened {
		root = h.Nodes[root].First
	}
	return root != hit.None && h.Nodes[root].Kind == hit.Object
}

// wordOn is what a word says of categories.
func wordOn(set Categories, word Word) SourceReading {
	switch word {
	case SaysYes:
		return SourceReading{State: Valid, Granted: set}
	case SaysNo:
		return SourceReading{State: Valid, Refused: set, Declined: set}
	case SaysUnclear:
		return SourceReading{State: Malformed, Doubt: set}
	default:
		return SourceReading{}
	}
}

func saleWord(word Word) OptOuts {
	switch word {
	case SaysNo:
		return OptOuts{State: Valid, Of: Sale | Sharing | TargetedAdvertising}
	case SaysUnclear:
		return OptOuts{State: Malformed}
	default:
		return OptOuts{State: Valid}
	}
}

// preference reads a choice that has to be JSON's true or false.
func preference(h *hit.Hit, node int32) Word {
	if h.Nodes[node].Kind != hit.Bool {
		return SaysUnclear
	}
	return Preference(h.Text(node))
}

// listed reads an id in one of RudderStack's lists.
func (p *payload) listed(h *hit.Hit, node int32) SourceReading {
	parent := h.Nodes[node].Parent
	if parent == hit.None || h.Nodes[parent].Kind != hit.Array {
		return SourceReading{}
	}
	list := string(h.Bytes(h.KeySpan(parent)))
	return wordOn(p.ids[string(h.Text(node))], Lists(list == "allowedConsentIds", list == "deniedConsentIds"))
}

// snowplow reads a self-describing event that is about consent, as its schema says. A yes to selected scopes is a no to
// the others.
func (p *payload) snowplow(h *hit.Hit, kind SnowplowEvent, event int32) SourceReading {
	switch kind {
	case WithdrawnEvent:
		return wordOn(p.all, SaysNo)
	case GrantedEvent: // of which documents, not of which purposes
		return wordOn(p.all, SaysUnclear)
	case PreferencesEvent:
	default:
		return SourceReading{}
	}
	var basis []byte
	for c := range claimsOf(h, event, "snowplow_basis") {
		basis = h.Text(c)
	}
	var scopes Categories
	for scope := range claimsOf(h, event, "snowplow_scope") {
		scopes |= p.ids[string(h.Text(scope))]
	}
	said := SourceReading{}
	for c := range claimsOf(h, event, "snowplow_event_type") {
		word := SnowplowPreference(h.Text(c), basis)
		if word != SaysYes || string(h.Text(c)) == "allow_all" {
			said.merge(wordOn(p.all, word))
			continue
		}
		left := p.all &^ scopes
		if scopes == 0 { // perhaps they are called something else here
			said.merge(SourceReading{State: Valid, Doubt: left})
			continue
		}
		said.merge(SourceReading{State: Valid, Granted: scopes, Refused: left, Declined: left})
	}
	if said.State == Absent {
		return wordOn(p.all, SaysUnclear)
	}
	return said
}

// claimsOf yields the nodes of an event's claims of one kind.
func claimsOf(h *hit.Hit, event int32, signal string) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for i := h.FirstClaim(event); i != hit.None; i = h.Claims[i].Peer {
			if c := &h.Claims[i]; c.Signal == signal && !yield(c.Node) {
				return
			}
		}
	}
}
