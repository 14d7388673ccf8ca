package proxy

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/publish"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/ledger/witness"
	"github.com/tagwarden/tagwarden/proxy/metrics"
)

// LogOrigin is what the forwarding log is called: as the server file says, else as it was called before, else by the
// first host of the first site, and of a node of a cluster by the node's name besides.
func LogOrigin(loaded *config.Loaded) string {
	if written := loaded.Server.Ledger.Origin; written != "" {
		return written
	}
	if before := ledger.OriginOf(ledgerDir(loaded)); before != "" {
		return before
	}
	if of := loaded.Server.Cluster; of != nil { // each node has a log of its own
		return loaded.DefaultOrigin + "/" + new(Options).node(of)
	}
	return loaded.DefaultOrigin
}

// checkpoints are what becomes of the checkpoints that the ledger signs: they are copied, and witnesses are asked to
// sign them. Nothing waits for that. A witness that saw another log than this one stops forwarding.
type checkpoints struct {
	log       *zap.Logger
	metrics   *metrics.Metrics
	copies    *publish.Copies
	witnesses atomic.Pointer[witness.Client] // nil: nobody is asked
	disputed  atomic.Pointer[string]         // which witness saw another log; nil: none
}

// signed takes over a newer checkpoint.
func (c *checkpoints) signed(text []byte) {
	c.copies.Offer(text)
	if w := c.witnesses.Load(); w != nil {
		w.Kick()
	}
}

// copied tells how copying to a place ended.
func (c *checkpoints) copied(place string, err error, changed bool) {
	result := "copied"
	if err != nil {
		result = "failed"
	}
	where := placeName(place)
	c.metrics.Copies.WithLabelValues(where, result).Inc()
	switch {
	case !changed:
	case err != nil:
		c.log.Warn("checkpoints of the ledger cannot be copied: it is tried again, and the newest one waits",
			zap.String("to", where), zap.Error(err))
	default:
		c.log.Info("checkpoints of the ledger are copied again", zap.String("to", where))
	}
}

// placeName is what a place is called where people read it: the path of a file, the host of a URL, whose path may be
// what lets one in.
func placeName(place string) string {
	if u, err := url.Parse(place); err == nil && u.Host != "" {
		return u.Host
	}
	return place
}

// witnessedBy makes ready to ask the witnesses of a configuration.
func (c *checkpoints) witnessedBy(of config.Witnessed, dir string, log *ledger.Ledger) error {
	if len(of.Of) == 0 || log.Public() == "" {
		return nil
	}
	key, err := tree.ParseKey(log.Public())
	if err != nil {
		return err
	}
	o := witness.Options{
		Dir: dir, Log: key, Any: of.Any, Checkpoint: log.Checkpoint, Tiles: log.Tiles,
		OnAsked:   c.asked,
		OnDispute: c.dispute,
		Fault:     func(err error) { fault(c.log, "witnesses of the ledger", err) },
	}
	for _, w := range of.Of {
		key, err := logkey.ParseWitness(w.Key)
		if err != nil {
			return err
		}
		o.Witnesses = append(o.Witnesses, witness.Witness{URL: w.URL, Key: key})
	}
	client := witness.New(o)
	c.witnesses.Store(client)
	c.metrics.Witnesses(func() (all []metrics.Witness) {
		for _, s := range client.States() {
			all = append(all, metrics.Witness{Name: s.Name, Size: s.Size, Signed: s.Signed, Disputes: s.Dispute.Kind != ""})
		}
		return all
	})
	if wrong := client.Disputed(); wrong != "" {
		c.stop(wrong)
	}
	return nil
}

// asked counts how an exchange with a witness ended.
func (c *checkpoints) asked(name string, outcome witness.Outcome, _ error) {
	c.metrics.Witnessed.WithLabelValues(name, string(outcome)).Inc()
}

// dispute takes note that a witness saw another log, or signs this one again.
func (c *checkpoints) dispute(witness.Dispute) {
	if wrong := c.witnesses.Load().Disputed(); wrong != "" {
		c.stop(wrong)
		return
	}
	if c.disputed.Swap(nil) != nil {
		c.log.Info("the ledger's witnesses sign it again: hits are forwarded again")
	}
}

// stop has nothing forwarded.
func (c *checkpoints) stop(wrong string) {
	c.disputed.Store(&wrong)
	fault(c.log, "the ledger is not what a witness saw of it: nothing is forwarded", errors.New(wrong))
}

// wrong says which witness saw another log; "": none did.
func (c *checkpoints) wrong() string {
	if wrong := c.disputed.Load(); wrong != nil {
		return *wrong
	}
	return ""
}

// witnessed is the newest checkpoint that enough witnesses signed; nil: there is none.
func (c *checkpoints) witnessed() []byte {
	if w := c.witnesses.Load(); w != nil {
		return w.Witnessed()
	}
	return nil
}

// ask asks witnesses until the context ends.
func (c *checkpoints) ask(ctx context.Context) {
	if w := c.witnesses.Load(); w != nil {
		w.Run(ctx)
	}
}

// openCopies comes before the ledger, whose last checkpoint is copied as well.
func openCopies(s *Server) error {
	c := &checkpoints{log: s.opts.Log, metrics: s.metrics}
	c.copies = publish.New(publish.Options{
		Places: s.loaded.Server.Ledger.CheckpointTo, Now: s.opts.Now, OnCopied: c.copied,
	})
	s.checkpoints = c
	return nil
}

// closeCopies copies the last checkpoint to files. That it could not be is told, and no reason to end otherwise.
func closeCopies(s *Server) error {
	if err := s.checkpoints.copies.Flush(); err != nil {
		fault(s.opts.Log, "the last checkpoint of the ledger cannot be copied", err)
	}
	return nil
}

func copyCheckpoints(ctx context.Context, s *Server) { s.checkpoints.copies.Run(ctx) }

func openWitnesses(s *Server) error {
	return s.checkpoints.witnessedBy(s.loaded.Server.Ledger.Witness, filepath.Clean(ledgerDir(s.loaded)), s.ledger)
}

func askWitnesses(ctx context.Context, s *Server) { s.checkpoints.ask(ctx) }

func witnessHealth(s *Server) string {
	if wrong := s.checkpoints.wrong(); wrong != "" {
		return "nothing is forwarded: " + wrong
	}
	return ""
}
