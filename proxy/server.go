// Package proxy is the server: it receives hits, takes them through the stages, and answers. It promises that a hit whose decision is
// not in the ledger does not leave, and that whatever goes wrong ends that one hit, closed.
//
// Read stages.go first: it is the way of a hit.
package proxy

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"go.etcd.io/bbolt"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/console"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/memory"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/rarity"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Response is a vendor's answer.
type Response = fasthttp.Response

// Options are what a Server needs beside its configuration. Zero values take the defaults given.
type Options struct {
	Root       pseudonym.Root // what key state is made of where there is none yet; the zero Root: there is none
	Version    string
	Log        *zap.Logger                                      // nil: nothing is logged
	Now        func() time.Time                                 // the clock; time.Now
	Rand       io.Reader                                        // crypto/rand
	Objections Objections                                       // asked in place of the store, where tests have it fail; nil: the store
	Commit     func(*bbolt.Tx) error                            // of the store of objections; nil: its own
	Free       func() (uint64, error)                           // bytes left on the disk for objections; nil: the file system's
	Because    string                                           // why an older copy of the objections is accepted; "": it is refused
	Aside      bool                                             // it works on the data folder and does not serve: no commands are taken
	Files      ledger.Files                                     // nil: files on Disk
	KeyFiles   keys.Files                                       // nil: files on Disk
	Disk       durable.Disk                                     // nil: the file system
	Pause      func(ctx context.Context, d time.Duration) error // waits between attempts to tell a webhook; on the clock
	Every      func(d time.Duration) (<-chan time.Time, func()) // a ticker, and what ends it; the clock's
	Client     func([]delivery.Upstream) (Deliverer, error)
	Memory     int // what the process may have, in bytes; 0: what its cgroup allows, or the machine has
	OpenFiles  int // how many files the process may have open; 0: what the system says
}

// Server is a running proxy.
type Server struct {
	opts        Options
	metrics     *metrics.Metrics
	lock        *Lock // of the data folder
	share       share // of descriptors
	keyring     *keyring
	ledger      *ledger.Ledger
	certificate certificate
	objections  *objection.Store
	departing   *departures
	acts        *recordedActs
	objector    *objector
	rarity      *rarity.Counter
	refusals    refusals
	strings     *consentStrings
	budget      *memory.Budget // of what hits hold
	calls       *memory.Budget // of the bodies of calls to the API
	hits        atomic.Uint64
	snapshot    atomic.Pointer[Snapshot]
	salts       *salts
	recovered   *Recovered
	reviews     *reviews

	pages         *visitor.Pages
	tokens        *console.Tokens
	outbox        *webhook.Outbox
	api, operator http.Handler // of staff and other systems, and of the operator
	public        *fasthttp.Server
	admin         *fasthttp.Server
	control       net.Listener // nil: no commands can be taken

	nameless sync.Once // says that a trusted proxy does not name its visitors

	reloading sync.Mutex // one reload at a time
	ending    atomic.Bool
	listeners sync.Mutex     // guards open, and ending while it is looked at with it
	open      []net.Listener // of Serve
	stopped   chan struct{}  // closed when the first Shutdown has ended
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
	if o.OpenFiles == 0 {
		o.OpenFiles = openFiles()
	}
	if o.Client == nil {
		o.Client = func(u []delivery.Upstream) (Deliverer, error) {
			return delivery.New(delivery.Options{Upstreams: u, Conns: shareOut(o.OpenFiles, len(u)).vendor})
		}
	}
}

// New makes a server of a configuration: it takes the data folder, and opens key state and ledger. Serve starts it.
func New(loaded *config.Loaded, o Options) (*Server, error) {
	o.fill()
	s := &Server{
		opts: o, departing: newDepartures(), metrics: metrics.New(), salts: &salts{source: o.Rand}, strings: newConsentStrings(),
		budget: memory.NewBudget(loaded.Server.Limits.Memory.Of(o.Memory)), calls: memory.NewBudget(callMemory), stopped: make(chan struct{}),
	}
	s.share = shareOut(o.OpenFiles, len(upstreams(loaded)))
	err := s.openCertificate(loaded.Server.TLS)
	if err != nil {
		return nil, err
	}
	if s.lock, err = LockData(loaded.Server.Data); err != nil {
		return nil, err
	}
	if s.lock.Shut != "" {
		o.Log.Warn(s.lock.Shut)
	}
	if loaded, err = s.openData(loaded); err != nil {
		return nil, errors.Join(err, s.lock.Release())
	}
	s.metrics.Memory(s.budget.Held, s.budget.Most)
	s.hits.Store(uint64(o.Now().UnixMicro())) // numbers go on after a restart; as microseconds they stay exact in every JSON reader
	s.refusals.since = o.Now()
	if err := s.openConsole(loaded.Server.Data); err != nil {
		return nil, errors.Join(err, s.Release())
	}
	s.openOutbox()
	s.pages = s.visitorPages()
	s.public = s.hitsServer()
	s.admin = s.adminServer()
	s.warnDescriptors()
	s.snapshot.Load().warnUnknown(o.Log)
	s.warnDue(loaded)
	lookAtHooks(o.Log, loaded)
	return s, nil
}

// openData reads what the ledger remembers, compiles the configuration with it, and opens what is in the data folder: key state first, for
// what is recorded is recorded under its keys.
func (s *Server) openData(loaded *config.Loaded) (*config.Loaded, error) {
	dir := filepath.Join(loaded.Server.Data, "ledger")
	var err error
	if s.recovered, err = Recover(dir); err != nil {
		return nil, err
	}
	if loaded, err = config.Compile(loaded.Source, s.recovered.facts()); err != nil {
		return nil, err
	}
	if s.keyring, err = openKeyring(keyringOptions{
		Store: keys.Options{
			Dir: KeysDir(loaded.Server.Data), Root: s.opts.Root, Now: s.opts.Now, Rand: s.opts.Rand, Files: s.opts.KeyFiles, Disk: s.opts.Disk,
			Past: func() (keys.Past, error) { return recoverKeys(dir) },
		},
		Log: s.opts.Log, Now: s.opts.Now, Note: s.noteKeys, InForce: s.snapshot.Load,
		Turned: func(now time.Time) {
			if s.rarity != nil {
				s.rarity.Turn(now)
			}
		},
	}); err != nil {
		return nil, err
	}
	s.acts = &recordedActs{log: s.opts.Log, note: func(acts []ledger.Objected, head ledger.Head) error {
		return s.ledger.Objected(acts, head)
	}}
	if s.objections, err = objection.Open(objection.Options{
		Dir: ObjectionsDir(loaded.Server.Data), Identity: s.keyring.store.State().Identity(), Now: s.opts.Now,
		Past: s.recovered.head, Because: s.opts.Because,
		Record: s.acts.record, InForce: s.departing.wait, Commit: s.opts.Commit, Free: s.opts.Free, Disk: s.opts.Disk,
	}); err != nil {
		return nil, err
	}
	s.objector = &objector{objectorOptions{
		Log: s.opts.Log, Now: s.opts.Now, Rand: s.opts.Rand, Metrics: s.metrics, Store: s.objections, Keyring: s.keyring,
		InForce: s.snapshot.Load, Kick: func() { s.outbox.Kick() },
	}}
	if err := s.openRest(loaded, dir); err != nil {
		return nil, errors.Join(err, s.objections.Close())
	}
	if s.opts.Aside {
		return loaded, nil
	}
	if s.control, err = openControl(loaded.Server.Data); err != nil {
		s.fault("no commands can be taken: for that the server has to be stopped", err)
	}
	return loaded, nil
}

// openRest opens what stands on key state and objections.
func (s *Server) openRest(loaded *config.Loaded, dir string) error {
	snapshot, err := s.newSnapshot(loaded)
	if err != nil {
		return err
	}
	s.snapshot.Store(snapshot)
	if err := s.openRarity(loaded); err != nil {
		snapshot.Delivery.Close()
		return err
	}
	if err := s.openLedger(loaded, dir); err != nil {
		snapshot.Delivery.Close()
		return errors.Join(err, s.rarity.Close())
	}
	return nil
}

// openLedger opens the ledger, and records what stands at the start: keys, and what is to be remembered of assessments.
func (s *Server) openLedger(loaded *config.Loaded, dir string) error {
	node, err := os.Hostname()
	if err != nil {
		node = "unknown"
	}
	s.ledger, err = ledger.Open(ledger.Options{
		Dir: dir, Node: node, Now: s.opts.Now, Files: s.opts.Files, Disk: s.opts.Disk,
		Sync: time.Duration(loaded.Server.Ledger.Sync), Seal: time.Duration(loaded.Server.Ledger.Seal),
	}, ledger.Note{Kind: ledger.KindStart, Policy: loaded.Policy.Digest(), Text: "version " + s.opts.Version})
	if err != nil {
		return err
	}
	if err := errors.Join(s.keyring.begin(), s.recovered.repeat(s.ledger, s.acts.head.Load()), s.recovered.remember(s.ledger, loaded), s.acts.catchUp(context.Background(), s.objections, s.recovered.head, s.opts.Because)); err != nil {
		return errors.Join(err, s.ledger.Close())
	}
	s.reviews = newReviews(reviewsOptions{
		Log: s.opts.Log, Now: s.opts.Now, Metrics: s.metrics, Recovered: s.recovered, Pause: s.opts.Pause, Note: s.ledger.Assessed,
		Loaded: func() *config.Loaded { return s.snapshot.Load().Loaded },
		Repeat: func() error { return errors.Join(s.recovered.repeat(s.ledger, s.acts.head.Load()), s.keyring.repeat()) },
	})
	return nil
}

// noteKeys puts a change of keys on the ledger. Where that is not open yet, what it begins with says how they stand.
func (s *Server) noteKeys(text string) error {
	if s.ledger == nil {
		return nil
	}
	return s.ledger.Note(ledger.Note{Kind: ledger.KindKey, Text: text})
}

// Act does what is asked for in one step. See [objection.Objector].
func (s *Server) Act(ctx context.Context, acts objection.Acts) ([]objection.Receipt, error) {
	return s.objector.Act(ctx, acts)
}

// Standing names the scopes that are in force for a person.
func (s *Server) Standing(ids []objection.ID, subjects []objection.Subject) ([]string, error) {
	return s.objector.Standing(ids, subjects)
}

// hitsServer is hardened: every bound is set, requests are never logged, and what fasthttp would guess at is refused in receive.
func (s *Server) hitsServer() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                       s.placed(ofHits, func(path []byte) bool { return string(path) == healthPath }, s.serve),
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

// fault reports what an operator has to look at. The error's text comes from our own packages and holds nothing of a hit.
func (s *Server) fault(what string, err error) { fault(s.opts.Log, what, err) }

func fault(log *zap.Logger, what string, err error) { log.Error(what, zap.Error(err)) }
