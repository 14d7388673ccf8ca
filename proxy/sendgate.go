package proxy

// sendGate asks again, right before the first byte of a request to a vendor is written, whether all that leaves with it
// may leave: an act that came into force since its events were looked at holds it back. It is a [delivery.SendGate],
// made for one request. What it asks are events that were judged a moment ago ([judgedEvents]) or that waited
// ([keptEvents]); what is sent is all of them or nothing.
type sendGate struct {
	inflight *inflight
	counters *counters
	events   leavingEvents
	leaving  int // events that leave

	epoch int // of inflight, from the first byte to the last
}

// leavingEvents are events that are about to leave.
type leavingEvents interface {
	// hold tells whether each of them may leave still, as far as anybody knows by now. Where nobody knows they may not.
	hold() bool
	// named tells whether any of them holds an identifier that objections can be looked up by.
	named() bool
}

// BeforeFirstByte tells whether the request may leave. From here to AfterLastByte, acts that it may not have seen wait
// for it.
func (g *sendGate) BeforeFirstByte() bool {
	g.epoch = g.inflight.Enter()
	if g.events.hold() {
		return true
	}
	g.inflight.Exit(g.epoch)
	return false
}

// AfterLastByte says that the bytes are with the kernel, or cut.
func (g *sendGate) AfterLastByte() {
	g.inflight.Exit(g.epoch)
	g.counters.left(g.events.named(), g.leaving)
}
