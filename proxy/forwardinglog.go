package proxy

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// node is this machine's name in records, and in its cluster, if it has one.
func (o *Options) node(of *config.Cluster) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if of == nil {
		of = &config.Cluster{}
	}
	return cmp.Or(o.Node, of.Node, host)
}

// openLedger opens the ledger, and records what stands at the start: keys, and what is to be remembered of assessments.
func openLedger(s *Server) error {
	dir := ledgerDir(s.loaded)
	var err error
	s.ledger, err = s.recovered.Open(ledger.Options{
		Dir: dir, Node: s.opts.node(s.loaded.Server.Cluster), Now: s.opts.Now, Rand: s.opts.Rand, Disk: s.opts.Disk,
		Sync: time.Duration(s.loaded.Server.Ledger.Sync), Seal: time.Duration(s.loaded.Server.Ledger.Seal),
		Origin: LogOrigin(s.loaded), Seed: checkpointSeed(s.keyring.store), Known: knownCheckpoint(s.loaded),
		OnCheckpoint: s.checkpoints.signed, Reserve: uint64(s.loaded.Server.Ledger.Reserve),
		Free:   func() (uint64, error) { return objection.FreeOn(dir) },
		Synced: func(took time.Duration) { s.metrics.Watch.Synced.Observe(took.Seconds()) }, Elapsed: s.opts.Elapsed,
		Report: func(what string, err error) { fault(s.opts.Log, what, err) },
	}, ledger.Note{Kind: ledger.KindStart, Policy: s.loaded.Policy.Digest(), Text: "version " + s.opts.Version})
	if err != nil {
		return err
	}
	s.metrics.Ledger(func() metrics.Ledger {
		of := s.ledger.State()
		return metrics.Ledger{
			Records: of.Records, Sealed: of.Sealed, Signed: of.Signed, At: of.At, Takes: s.ledger.Err() == nil &&
				!s.unloaded.Load(),
		}
	})
	s.retention = newRetention(retentionOptions{
		Log: s.opts.Log, Now: s.opts.Now, InForce: s.snapshot.Load, Ledger: s.ledger,
		Again: func() time.Time { return time.UnixMicro(s.repeated.Load()) },
	}, s.recovered.Periods)
	s.repeated.Store(s.opts.Now().UnixMicro())
	err = errors.Join(s.keyring.begin(), s.recovered.repeat(s.ledger, nil), s.assessed.record(), s.promised.record(),
		s.recovered.remember(s.ledger, s.loaded))
	if err == nil {
		err = errors.Join(s.assessed.tell(s.loaded), s.promised.tell())
	}
	if err == nil && !s.opts.Aside {
		err = s.retention.announce()
	}
	if err != nil {
		return errors.Join(err, s.ledger.Close())
	}
	return nil
}

func closeLedger(s *Server) error { return s.ledger.Close() }

func ledgerHealth(s *Server) string {
	switch err := s.ledger.Err(); {
	case errors.Is(err, ledger.ErrTaken), errors.Is(err, segment.ErrReplaced):
		return "the ledger's files are not those that it wrote: nothing is forwarded"
	case err != nil:
		return "the ledger cannot be written: nothing is forwarded"
	case s.unloaded.Load():
		return "a change of the policy could not be kept or recorded: nothing is forwarded until it is"
	default:
		return ""
	}
}

// checkpointSeed gives the seed of the key that signs the checkpoints of an origin.
func checkpointSeed(store *keys.Store) func(origin string) [ed25519.SeedSize]byte {
	return func(origin string) [ed25519.SeedSize]byte { return store.State().CheckpointKey(origin) }
}

// knownCheckpoint is the file beside the keys that holds the ledger's newest checkpoint.
func knownCheckpoint(loaded *config.Loaded) string {
	return filepath.Join(KeysDir(loaded.Server.Data), ledger.CheckpointFile)
}
