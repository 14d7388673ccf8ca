package rules

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// address is the visitor's, for vendors that take it in the hit. A server's is handed on for nobody's.
type address struct {
	known   bool   // it may be handed on
	carried []bool // by event, the whole hit first: it holds the address already
	whole   []byte
	left    workroom // what an action leaves of it
	by      *minimise.Action
}

// reset forgets the visitor.
func (a *address) reset() {
	a.known, a.by = false, nil
	a.carried, a.whole, a.left = hit.Recycled(a.carried), hit.Recycled(a.whole), a.left.cleared()
}

// begin starts on a hit of so many events; server: one of those that may send as such sent it.
func (a *address) begin(q *hit.Request, server bool, carry catalog.Carry, events int) {
	a.known = carry != (catalog.Carry{}) && q.Address.IsValid() && !server && fromBrowser(q)
	a.carried = slices.Grow(a.carried[:0], events+1)[:events+1]
	clear(a.carried)
	a.by = nil
}

// fromBrowser tells whether a browser sent the request. What a site's server sends comes from the server's address,
// which is no visitor's. A server may name the visitor's browser as its own, and some libraries begin as browsers do
// ("Mozilla/5.0 Umami/1.0", Node's "Sec-Fetch-Mode: cors"); where a script runs, or that it does not leave its site, a
// browser alone says (Fetch Standard: Origin, Sec-Fetch-Site).
func fromBrowser(q *hit.Request) bool {
	if agent, many := q.One("User-Agent"); many || !bytes.HasPrefix(agent, []byte("Mozilla/")) {
		return false
	}
	for _, name := range [...]string{"Origin", "Sec-Fetch-Site", "Referer"} {
		if value, _ := q.One(name); len(value) > 0 {
			return true
		}
	}
	return false
}

// carryField hands the visitor's address on as a member of each event, minimised, where the vendor takes it so and the
// event has none.
func (m *minimiseState) carryField(event int32) {
	carry := m.route.Endpoint.Carry
	if carry.Field == "" {
		return
	}
	if m.address.carried[event+1] || m.address.carried[0] || m.verdicts[event].Activity.plan.sets(carry.Field) {
		return
	}
	a, _ := m.action(event, hit.None, hit.IP, hit.Unknown)
	if text := m.addressAfter(a); text != nil {
		m.add(event, m.route.Endpoint.CarryField, carry.Field, text)
	}
}

// addressAfter is the visitor's address after an action, nil where nothing may be said of it. It is asked for each
// event, and made once.
func (m *minimiseState) addressAfter(a *minimise.Action) []byte {
	if !m.address.known {
		return nil
	}
	of := &m.address
	if a != of.by {
		of.by = a
		of.whole = m.env.IP.AppendTo(hit.Emptied(of.whole))
		out, outcome := a.Append(of.left[:0], minimise.Value{Class: hit.IP, Bytes: of.whole}, &m.env)
		switch outcome {
		case minimise.Rewritten:
			of.left = out
		case minimise.Kept:
			of.left = append(out[:0], of.whole...)
		default:
			of.left = out[:0]
		}
	}
	if len(of.left) == 0 {
		return nil
	}
	return of.left
}
