package proxy

import (
	"sync"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// attempts are those that are about to begin and may not be made twice. Those that a commit brings to disk stand on the
// ledger together, in one record a vendor.
type attempts struct {
	mu   sync.Mutex
	open []*begun // what the next commit writes: one a vendor
}

// begun is attempts of one vendor that are recorded together.
type begun struct {
	of  ledger.Exchange
	err error // known once the commit has ended that wrote it
}

// add has the next commit record that events are about to be sent. What they are listed in is not to change until then.
func (a *attempts) add(vendor string, hits []ledger.ExchangedHit) *begun {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range a.open {
		if b.of.Vendor == vendor {
			b.of.Hits = append(b.of.Hits, hits...)
			return b
		}
	}
	b := &begun{of: ledger.Exchange{Vendor: vendor, Hits: append(make([]ledger.ExchangedHit, 0, 16), hits...)}}
	a.open = append(a.open, b)
	return b
}

// write records what was added, as record does ([ledger.Ledger.Attempt]), and calls sync, which brings the ledger to
// disk, once. How it went is known to each when it returns.
func (a *attempts) write(record func(*ledger.Exchange, func()) error, sync func()) {
	a.mu.Lock()
	all := a.open
	a.open = nil
	a.mu.Unlock()
	writeBegun(all, record, sync)
}

// writeBegun writes one record after the other, and asks for each how it went after the sync.
func writeBegun(all []*begun, record func(*ledger.Exchange, func()) error, sync func()) {
	if len(all) == 0 {
		sync()
		return
	}
	synced := false
	rest := func() {
		synced = true
		writeBegun(all[1:], record, sync)
	}
	if all[0].err = record(&all[0].of, rest); !synced {
		rest() // the record could not be added, or is so long that it was synced by itself
	}
}
