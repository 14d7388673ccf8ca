package proxy

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/proxy/minimised"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Snapshot is everything a hit is judged and delivered with. It is built whole and put in place in one step; a hit
// keeps the one it began with.
type Snapshot struct {
	Policy   *rules.Policy
	Loaded   *config.Loaded
	Delivery Deliverer

	queued     bool                       // events wait for their vendors
	batches    map[string]*batch.Vendor   // by vendor: those that take several events in one request
	within     map[string]time.Duration   // by vendor: for how long it knows an event again; 0: for good
	taken      map[[2]string]string       // by vendor and endpoint: where answers say how many events were taken
	keys       atomic.Pointer[rules.Keys] // of the day; replaced when it is over (keyring.go)
	objections Objections                 // in this policy's words
	receivers  []*webhook.Receiver        // of what is objected to, and of reviews
	pages      sitePages                  // what visitors of each site are shown
	texts      map[[32]byte][]byte        // that visitors choose by, by digest
	counters   counters
	names      *lru.Cache[string, string] // event names as the ledger keeps them
	memo       minimise.Memo              // what became of values that visitors share; nil: it is off
	choices    signal.Memo                // what sources said of cookies; nil: it is off
	ids        *idCache                   // of shapes and rungs as the ledger names them
}

// Deliverer sends an event and says how that ended.
type Deliverer interface {
	Deliver(e *delivery.Event, answer *Response) delivery.Outcome
	Close()
}

// newSnapshot builds a snapshot. The error leaves nothing behind.
func (s *Server) newSnapshot(loaded *config.Loaded) (*Snapshot, error) {
	client, err := s.opts.Client(upstreams(loaded))
	if err != nil {
		return nil, fmt.Errorf("cannot prepare delivery: %w", err)
	}
	names, err := lru.New[string, string](4096)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	receivers, err := Receivers(&loaded.Server)
	if err != nil {
		client.Close()
		return nil, err
	}
	fresh := &Snapshot{receivers: receivers, Policy: loaded.Policy, Loaded: loaded, Delivery: client, names: names,
		ids: newIDCache(), objections: s.opts.Objections, texts: config.ChoiceTexts(loaded)}
	if fresh.objections == nil {
		fresh.objections = s.objections.Resolve(loaded.Policy.Objection).Lifting(
			func(l rules.Lift, purposes []string) rules.Lift { return l.In(loaded.Policy, purposes) }).Choosing(
			func(category string) signal.Categories { return rules.CategoryOf(loaded.Policy, category) })
	}
	if loaded.Server.Memo == "on" {
		var key [16]byte
		if _, err := io.ReadFull(s.opts.Rand, key[:]); err != nil {
			client.Close()
			return nil, fmt.Errorf("cannot make the key of memo: %w", err)
		}
		fresh.memo, fresh.choices = minimised.New(key), newChoiceMemo(key)
	}
	fresh.counters.metrics, fresh.pages.loaded = s.metrics, loaded
	fresh.queued = loaded.Server.Delivery.Mode == "queued"
	fresh.batches, fresh.taken = map[string]*batch.Vendor{}, map[[2]string]string{}
	fresh.within = map[string]time.Duration{}
	for _, r := range loaded.Policy.Recipients() {
		if v := batch.New(r.Catalog); v.Merges() {
			fresh.batches[r.ID] = v
		}
		if of := r.Catalog.File.Idempotency; of != nil {
			fresh.within[r.ID] = of.Within()
		}
		for i := range r.Catalog.Endpoints {
			fresh.taken[[2]string{r.ID, r.Catalog.Endpoints[i].ID}] = r.Catalog.Endpoints[i].Taken
		}
	}
	s.keyring.current(fresh, s.opts.Now())
	return fresh, nil
}

// upstreams are the hosts of all vendors.
func upstreams(loaded *config.Loaded) []delivery.Upstream {
	var all []delivery.Upstream
	for _, r := range loaded.Policy.Recipients() {
		for role, address := range r.Upstreams {
			if address != "" {
				all = append(all, delivery.Upstream{Vendor: r.ID, Host: role, Address: address, Private: r.Private,
					Answer: answerSize(r, role)})
			}
		}
	}
	return all
}

// answerSize is how long an answer of a host may be: the parts of an SDK that some are asked for are larger than a
// vendor's thanks.
func answerSize(r *rules.Recipient, role string) int {
	for i := range r.Catalog.Endpoints {
		if e := &r.Catalog.Endpoints[i]; e.Host == role && e.Kind == catalog.Answer {
			return 4 << 20
		}
	}
	return 0
}

// warnUnknown says which objections its policy gives no meaning: their purposes were removed, or renamed.
func (s *Snapshot) warnUnknown(log *zap.Logger) {
	of, ok := s.objections.(*objection.Resolved)
	if !ok {
		return
	}
	if unknown := of.Unknown(); len(unknown) > 0 {
		log.Warn("objections stand to purposes or vendors that the policy has no more: "+
			"if one was renamed, give it its old id back", zap.Strings("scopes", unknown))
	}
}

// warnForms says which activities deny since what they rest on was approved in an earlier form, and what is to be done.
func (s *Snapshot) warnForms(log *zap.Logger, now time.Time) {
	for _, standing := range s.Loaded.Standings(now) {
		if standing.State == basis.FormOld.String() {
			log.Warn("assessment "+standing.ID+" denies: "+standing.Says, zap.String("assessment", standing.ID),
				zap.Int("version", standing.Version), zap.Strings("activities", standing.Activities))
		}
	}
}
