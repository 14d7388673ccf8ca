// Package proxy is the server: it receives hits, takes them through the stages, and answers. It promises that a hit
// whose decision is not in the ledger does not leave, and that whatever goes wrong ends that one hit, closed.
//
// Read stages.go first: it is the way of a hit.
package proxy

import (
	"context"
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"go.etcd.io/bbolt"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/memory"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/proxy/tap"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Response is a vendor's answer.
type Response = fasthttp.Response

// Options are what a [Server] needs beside its configuration. Zero values take the defaults given.
type Options struct {
	Root    pseudonym.Root // what key state is made of where there is none yet; the zero Root: there is none
	Version string
	Node    string               // this machine's name in records; "": the one that it has
	Log     *zap.Logger          // nil: nothing is logged
	Now     func() time.Time     // the machine's clock; time.Now
	Elapsed func() time.Duration // since some moment, however that is set; the process's
	Rand    io.Reader            // crypto/rand
	// from 0 up to 1, how long until something is sent again; math/rand's
	Random func() float64
	// asked in place of the store, where tests have it fail; nil: the store
	Objections Objections
	Commit     func(*bbolt.Tx) error // of the store of objections; nil: its own
	// bytes left on the disk for objections; nil: the file system's
	Free func() (uint64, error)
	// why an older copy of the objections is accepted; "": it is refused
	Because string
	// it works on the data folder and does not serve: no commands are taken
	Aside    bool
	KeyFiles keys.Files                                       // nil: files on Disk
	Disk     durable.Disk                                     // nil: the file system
	Every    func(d time.Duration) (<-chan time.Time, func()) // a ticker, and what ends it; the clock's
	Client   func([]delivery.Upstream) (Deliverer, error)
	Memory   int // what the process may have, in bytes; 0: what its cgroup allows, or the machine has
	// after how long others are handed what this node took of the cluster's queue, where it is silent; 30 s
	Silent time.Duration
	// how long a start waits for what the log of its cluster says, where the servers can be reached; half a second
	Await     time.Duration
	OpenFiles int // how many files the process may have open; 0: what the system says
}

// Server is a running proxy.
type Server struct {
	opts     Options
	metrics  *metrics.Metrics
	snapshot atomic.Pointer[Snapshot]
	hits     atomic.Uint64
	consent  *consentCache
	clock    *clock // opts.Now is its
	denied   *deniedIDs

	// The parts, as parts.go opens them. None is replaced after that.
	budget        *memory.Budget // of what hits hold
	certificate   *certificate
	trusts        trusts // of those who are connected to
	lock          *Lock  // of the data folder
	recovered     *recovered
	assessed      *assessed
	promised      *promised
	keyring       *keyring
	inflight      *inflight
	objections    *objection.Store
	acts          *recordedActs
	nodes         *nodes // nil: this server is alone
	order         *order.Replica
	open          atomic.Bool // all parts are
	unloaded      atomic.Bool // a reload could not be kept or recorded: until it is, hits are refused
	retention     *retention
	repeated      atomic.Int64 // when what the ledger has to remember was recorded again last, Unix microseconds
	objector      *objector
	follower      *follower
	keeper        *keeper
	values        *valueCounts
	checkpoints   *checkpoints // what becomes of the ledger's
	ledger        *ledger.Ledger
	exports       *exports    // who gets its records
	dispatch      *dispatcher // with the queue
	refusals      *refusals
	turnedAway    *turnedAway
	cookieActs    *cookieActs
	choices       *choices
	reviews       *reviews
	outbox        *webhook.Outbox
	hookLog       *hookLog
	alarms        *alarms
	visitors      *visitors
	audits        *audits
	taps          *tap.Taps
	tokens        *access.Tokens
	api, operator http.Handler // of staff and other systems, and of the operator
	control       *control     // nil: no commands can be taken
	listeners     *listeners
	public, admin *fasthttp.Server

	loaded     *config.Loaded // what it starts with; nil once it has started
	opened     []part         // in that order
	releasing  sync.Once
	releaseErr error

	reloading sync.Mutex // one reload at a time
	reloads   reloads
	stopped   chan struct{} // closed when the first Shutdown has ended
	stopping  sync.Once
	stopErr   error // of the first Shutdown
}

// unknownMemory is what a process is thought to have where nothing tells, in bytes.
const unknownMemory = 1 << 30

// fill puts defaults where nothing is given.
func (o *Options) fill() {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Elapsed == nil {
		begun := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(begun) }
	}
	if o.Random == nil {
		o.Random = mathrand.Float64
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Memory == 0 {
		o.Memory = memory.Available(os.DirFS("/"))
	}
	if o.Memory == 0 {
		o.Memory = unknownMemory
	}
	if o.Every == nil {
		o.Every = every
	}
	if o.Await == 0 {
		o.Await = 500 * time.Millisecond
	}
	if o.OpenFiles == 0 {
		o.OpenFiles = openFiles()
	}
}

// client makes clients that deliver over the network.
func (o *Options) client(m *metrics.Metrics) func([]delivery.Upstream) (Deliverer, error) {
	now, files := o.Now, o.OpenFiles
	return func(u []delivery.Upstream) (Deliverer, error) {
		return delivery.New(delivery.Options{
			Upstreams: u, Conns: shareOut(files, len(u)).vendor, Now: now,
			Answers: func(vendor string, after time.Duration) {
				m.Delivery.Answers.WithLabelValues(vendor).Observe(after.Seconds())
			},
		})
	}
}

// New makes a server of a configuration: it opens its parts. Serve starts it.
func New(loaded *config.Loaded, o Options) (*Server, error) { return newServer(loaded, o, parts) }

func newServer(loaded *config.Loaded, o Options, parts []part) (*Server, error) {
	o.fill()
	// numbers go on after a restart; as microseconds they stay exact in every JSON reader
	hits := uint64(o.Now().UnixMicro())
	clock, figures := newClock(o.Now, o.Elapsed, o.Log), metrics.New()
	o.Now = clock.now
	if o.Client == nil {
		o.Client = o.client(figures)
	}
	s := &Server{
		opts: o, clock: clock, loaded: loaded, metrics: figures, consent: newConsentCache(),
		denied:   newDeniedIDs(),
		inflight: newInflight(), stopped: make(chan struct{}),
	}
	if err := s.start(parts); err != nil {
		return nil, err
	}
	// none comes twice, also where the clock went back
	s.hits.Store(max(hits, s.recovered.Hits, s.dispatch.queue.Highest()))
	s.loaded = nil
	s.reloading.Lock()
	s.open.Store(true)
	s.reviews.measure() // what another node said may have come before it was there
	s.reloading.Unlock()
	s.snapshot.Load().warnUnknown(o.Log)
	s.snapshot.Load().warnForms(o.Log, o.Now())
	s.warnPlaceholders()
	return s, nil
}

// Operator is the API as the operator has it, who may do everything.
func (s *Server) Operator() http.Handler { return s.operator }

// Act does what is asked for in one step. See [objection.Objector].
func (s *Server) Act(ctx context.Context, acts objection.Acts) ([]objection.Receipt, error) {
	return s.objector.Act(ctx, acts)
}

// Standing names the scopes that are in force for a person.
func (s *Server) Standing(ids []objection.ID, subjects []objection.Subject) ([]string, error) {
	return s.objector.Standing(ids, subjects)
}

// hitsServer is hardened: every bound is set, requests are never logged, and what fasthttp would guess at is refused in
// receive.
func (s *Server) hitsServer() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                       s.listeners.placed(ofHits, asksHitsHealth, s.serve),
		ConnState:                     rested,
		ErrorHandler:                  s.unreadable,
		ReadTimeout:                   5 * time.Second,
		WriteTimeout:                  5 * time.Second,
		IdleTimeout:                   30 * time.Second,
		ReadBufferSize:                16 << 10,
		StreamRequestBody:             true, // read by the stage body, which knows how much
		MaxRequestBodySize:            1,    // is what fasthttp reads ahead of that
		Concurrency:                   workers,
		MaxRequestsPerConn:            10_000,
		CloseOnShutdown:               true,
		NoDefaultServerHeader:         true,
		NoDefaultDate:                 true,
		NoDefaultContentType:          true,
		SecureErrorLogMessage:         true,
		Logger:                        quiet{},
		DisablePreParseMultipartForm:  true,
		DisableHeaderNamesNormalizing: false,
	}
}

// quiet drops what fasthttp would log: it holds text of requests.
type quiet struct{}

// Printf drops the message.
func (quiet) Printf(string, ...any) {}

// fault reports what an operator has to look at. The error's text comes from our own packages and holds nothing of a
// hit.
func fault(log *zap.Logger, what string, err error) { log.Error(what, zap.Error(err)) }
