package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// address is the visitor's, for vendors that take it in the hit.
type address struct {
	carried []bool // by event, the whole hit first: it holds the address already
	whole   []byte
	left    workroom // what an action leaves of it
	by      *minimise.Action
}

// reset forgets the visitor.
func (a *address) reset() {
	a.carried, a.whole, a.left, a.by = hit.Recycled(a.carried), hit.Recycled(a.whole), a.left.cleared(), nil
}

// begin starts on a hit of so many events.
func (a *address) begin(events int) {
	a.carried = slices.Grow(a.carried[:0], events+1)[:events+1]
	clear(a.carried)
	a.by = nil
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
	if !m.env.IP.IsValid() {
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
