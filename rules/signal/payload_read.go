package signal

import "github.com/tagwarden/tagwarden/rules/hit"

// payload reads the consent object that an SDK puts into its events. The catalog says where it stands: its fields carry a signal.
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

// payloadIDs are the ids that mean something where a site maps none: the categories' own names, OneTrust's, and Matomo's one.
func payloadIDs(number map[string]int) map[string]string {
	ids := map[string]string{"tracking": "analytics"}
	for id, category := range cmpOneTrust.DefaultCategories() {
		ids[id] = category
	}
	for name := range number {
		ids[name] = name
	}
	return ids
}

// read puts together what the claims of one event, and those that all events share, say. Denied beats allowed; what is no yes or no
// leaves its category in doubt.
func (p *payload) read(h *hit.Hit, event int32) (Said, OptOuts) {
	said, sold := Said{Kind: Payload}, OptOuts{}
	for i := range h.Claims {
		c := &h.Claims[i]
		if c.Event != hit.Shared && c.Event != event {
			continue
		}
		switch c.Signal {
		case "segment_consent":
			said.merge(p.word(h.Bytes(h.KeySpan(c.Node)), h, c.Node))
		case "rudderstack_consent":
			said.merge(p.listed(h, c.Node))
		case "mparticle_consent":
			if string(h.Bytes(h.KeySpan(c.Node))) == "consented" && h.Nodes[c.Node].Parent != hit.None {
				said.merge(p.word(h.Bytes(h.KeySpan(h.Nodes[c.Node].Parent)), h, c.Node))
			}
		case "mparticle_sale_opt_out":
			sold.merge(saleOptOut(h, c.Node))
		case "matomo_consent":
			if string(h.Text(c.Node)) == "1" {
				said.merge(Said{State: Valid, Granted: p.ids["tracking"]})
			}
		case "snowplow_consent":
			said.merge(p.snowplow(h, event, c.Node))
		}
	}
	return said, sold
}

// word reads a choice that is true or false.
func (p *payload) word(id []byte, h *hit.Hit, node int32) Said {
	set := p.ids[string(id)]
	switch {
	case h.Nodes[node].Kind == hit.Bool && string(h.Text(node)) == "true":
		return Said{State: Valid, Granted: set}
	case h.Nodes[node].Kind == hit.Bool:
		return Said{State: Valid, Refused: set}
	default:
		return Said{State: Malformed, Doubt: set}
	}
}

// listed reads an id in one of RudderStack's lists, allowedConsentIds and deniedConsentIds.
func (p *payload) listed(h *hit.Hit, node int32) Said {
	parent := h.Nodes[node].Parent
	if parent == hit.None || h.Nodes[parent].Kind != hit.Array {
		return Said{}
	}
	set := p.ids[string(h.Text(node))]
	switch string(h.Bytes(h.KeySpan(parent))) {
	case "allowedConsentIds":
		return Said{State: Valid, Granted: set}
	case "deniedConsentIds":
		return Said{State: Valid, Refused: set}
	default:
		return Said{}
	}
}

// saleOptOut reads mParticle's data_sale_opt_out, in which true is an opt-out.
func saleOptOut(h *hit.Hit, node int32) OptOuts {
	switch {
	case string(h.Bytes(h.KeySpan(node))) != "consented":
		return OptOuts{}
	case h.Nodes[node].Kind != hit.Bool:
		return OptOuts{State: Malformed}
	case string(h.Text(node)) == "true":
		return OptOuts{State: Valid, Of: Sale | Sharing | TargetedAdvertising}
	default:
		return OptOuts{State: Valid}
	}
}

func (p *payload) snowplow(h *hit.Hit, event, node int32) Said { return Said{} }
