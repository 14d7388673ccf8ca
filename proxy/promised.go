package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// rememberPromises records that promises come into force which an approver signed, where the ledger does not know it.
// Those of an older version say what the ledger knows. The mutex is held.
func (r *recovered) rememberPromises(to *ledger.Ledger, loaded *config.Loaded) error {
	of := &loaded.Promised
	if of.Version == 0 || of.Version < r.Facts.Promised.Version || r.Knows(of) {
		return nil
	}
	if err := to.Promised(ledger.PromisedOf(of)); err != nil {
		return err
	}
	r.Promise(*of)
	return nil
}

// repeatPromises records again which promises were signed last. The mutex is held.
func (r *recovered) repeatPromises(to *ledger.Ledger) error {
	if r.Facts.Promised.Version == 0 {
		return nil
	}
	again := ledger.PromisedOf(&r.Facts.Promised)
	again.Again = true
	return to.Promised(again)
}

// actPromised says that promises came into force, on some node, which an approver signed. The name is on the log: it
// stays.
const actPromised = "promises_signed"

// promised is what all nodes know of promises that were signed: those of the highest version, and of several of one
// version those that came first. From when a node knows them it loads no others; what it serves by then goes on.
type promised struct {
	*Server
	mu sync.Mutex      // guards what follows
	of ledger.Promised // version 0: none
}

// newPromised takes up what this node knows from the others.
func newPromised(s *Server) (*promised, error) {
	p := &promised{Server: s}
	if _, err := s.order.Kept("promises", &p.of); err != nil {
		return nil, err
	}
	s.order.On(actPromised, p.do)
	s.order.Keep("promises", func() (any, error) { return p.known(), nil })
	return p, nil
}

// known are those that all nodes know.
func (p *promised) known() ledger.Promised {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of
}

// over is the past of the ledger with what is known from others.
func (p *promised) over(past basis.Past) basis.Past {
	if known := p.known(); known.Version > 0 && known.Version >= past.Promised.Version {
		past.Promised = known.Signed()
	}
	return past
}

// record records what is known from others and the ledger does not know.
func (p *promised) record() error {
	_, err := p.recovered.learnPromises(p.ledger, p.known())
	return err
}

// learnPromises records promises that another node put in force, where the ledger does not know them, and says whether
// it was news.
func (r *recovered) learnPromises(to *ledger.Ledger, known ledger.Promised) (news bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := known.Signed()
	if of.Version == 0 || of.Version < r.Facts.Promised.Version || r.Knows(&of) {
		return false, nil
	}
	if err := to.Promised(known); err != nil {
		return false, err
	}
	r.Promise(of)
	return true, nil
}

// do does an act that says which promises were signed: it is recorded, and asked of every policy that is loaded
// afterwards.
func (p *promised) do(_ order.Act, body json.RawMessage) error {
	var of ledger.Promised
	if err := order.Read(body, &of); err != nil {
		return err
	}
	if signed := of.Signed(); of.Version < 1 || len(of.Promises) == 0 || len(of.Promises) > basis.MaxPromised ||
		len(signed.Promises) != len(of.Promises) {
		return order.Refuse(errors.New("it names no version, or no promises that can have been signed"))
	}
	if was := p.known(); of.Version <= was.Version { // of several of one version the first holds, on every node
		return nil
	}
	news, err := p.recovered.learnPromises(p.ledger, of)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.of = of
	p.mu.Unlock()
	if news {
		p.opts.Log.Warn("another node put promises in force that an approver signed: no others are loaded from now on",
			zap.Int("version", of.Version), zap.String("key", of.Key))
	}
	return nil
}

// tell tells the others what this node knows, and they do not.
func (p *promised) tell() error {
	if !p.order.Shared() {
		return nil
	}
	told := p.known().Version
	for _, body := range p.order.Waiting(actPromised) {
		var of ledger.Promised
		if err := order.Read(body, &of); err != nil {
			return err
		}
		told = max(told, of.Version)
	}
	p.recovered.mu.Lock()
	of := ledger.PromisedOf(&p.recovered.Facts.Promised)
	p.recovered.mu.Unlock()
	if of.Version <= told {
		return nil
	}
	_, err := p.order.Tell(actPromised, of)
	return err
}

// refuse refuses to start with a policy whose promises are not those that were signed, as others said meanwhile.
func (p *promised) refuse(loaded *config.Loaded) error {
	if facts := p.recovered.facts(); facts.Promised.Version > loaded.Past.Promised.Version {
		_, err := config.Compile(loaded.Source, facts)
		return err
	}
	return nil
}

// other says that promises were signed which are not those of the policy that serves; "" where none were.
func (p *promised) other(serving *config.Loaded) string {
	facts := p.recovered.facts()
	if of := &facts.Promised; of.Version > max(serving.Promised.Version, serving.Past.Promised.Version) {
		return fmt.Sprintf("promises of version %d were put in force by another node, which an approver signed, and the "+
			"policy that serves here is an older one: put the policy folder in place that has them; a start with another is "+
			"refused", of.Version)
	}
	return ""
}
