package delivery

import "sync/atomic"

// places bounds the exchanges that are under way with one vendor, those that wait for a connection included: a vendor
// that hangs holds no more of the server than these.
type places struct {
	taken atomic.Int64
	most  int64
}

// take takes a place, or says that there is none. It does not wait.
func (p *places) take() bool {
	if p.taken.Add(1) <= p.most {
		return true
	}
	p.taken.Add(-1)
	return false
}

func (p *places) giveBack() { p.taken.Add(-1) }
