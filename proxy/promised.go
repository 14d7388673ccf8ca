package proxy

import (
	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// rememberPromises records that promises come into force which an approver signed, where the ledger does not know it. Those
// of an older version say what the ledger knows. The mutex is held.
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
