package proxy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// Policy returns the digest of the policy that is serving.
func (s *Server) Policy() string { return s.snapshot.Load().Policy.Digest() }

// Reload reads server file and policy folder again. Either everything is replaced or nothing is: what cannot be
// compiled, or changes what only a restart can, leaves the old policy serving, and the error says why:
// [ErrRefusedBefore] where the files were refused as they are, which is recorded once. The source must read the same
// twice. Renewed certificates are taken up beside it, each by itself.
func (s *Server) Reload() error {
	renewTLS(s) // whatever becomes of the rest
	s.reloading.Lock()
	defer s.reloading.Unlock()
	defer s.reviews.soon()
	defer s.alarms.soon()
	(&tokenFaults{log: s.opts.Log}).tell(s.tokens.Reload())
	old := s.snapshot.Load()
	loaded, digest, err := s.read(old.Loaded.Source.Path)
	if err == nil {
		err = unchangeable(&old.Loaded.Server, &loaded.Server)
	}
	var fresh *Snapshot
	if err == nil {
		if loaded.Policy.Digest() == old.Policy.Digest() && loaded.Source.Digest == old.Loaded.Source.Digest {
			s.unloaded.Store(false)
			s.reloads.good(s.opts.Now())
			return nil
		}
		fresh, err = s.newSnapshot(loaded)
	}
	if err != nil {
		return refuse(s, digest, err)
	}
	tell := func() error { return errors.Join(s.assessed.tell(loaded), s.promised.tell()) }
	if err := putInForce(s, fresh, "loaded", tell); err != nil {
		return err
	}
	s.metrics.Reloads.WithLabelValues("loaded").Inc()
	s.reloads.good(s.opts.Now())
	return nil
}

// ErrRefusedBefore is the error of [Server.Reload] where files are as they were when they were refused: a signal and
// what watches files both have them read.
var ErrRefusedBefore = errors.New("the files are as they were when they were refused")

// refuse counts and records that files were refused, and why; once, until they are
// others, or are refused for another reason.
func refuse(s *Server, digest string, why error) error {
	which := digest + "\n" + why.Error()
	if s.reloads.refusedBefore(which) {
		return fmt.Errorf("%w: %w", ErrRefusedBefore, why)
	}
	s.metrics.Reloads.WithLabelValues("refused").Inc()
	err := s.ledger.Note(ledger.Note{Kind: ledger.KindReload, Policy: s.Policy(), Text: "refused: the policy that was " +
		"there goes on"})
	if err != nil {
		which = "" // the next attempt is to be recorded
	}
	s.reloads.refused(s.opts.Now(), which)
	return errors.Join(why, err)
}

// reloadMention says that what serves is not what the files say.
func reloadMention(s *Server) []string {
	since, refused := s.reloads.refusedSince()
	if !refused {
		return nil
	}
	return []string{fmt.Sprintf(
		"the files are refused since %s, and the policy that was there goes on: `tagwarden check` says why",
		since.UTC().Format(time.RFC3339))}
}

// putInForce has a policy that is compiled serve: what it is made of is kept, and what it says is recorded and told,
// before anything is judged by it. Where that fails nothing is replaced, and hits are refused until it is done. The
// mutex of reloads is held.
func putInForce(s *Server, fresh *Snapshot, says string, tell func() error) error {
	loaded, old := fresh.Loaded, s.snapshot.Load()
	err := archive(loaded, s.opts.Disk, s.opts.Log) // before a record names it
	if err == nil {
		err = s.recovered.remember(s.ledger, loaded)
	}
	if err == nil {
		err = tell()
	}
	if err == nil {
		err = s.ledger.Note(ledger.Note{Kind: ledger.KindReload, Policy: fresh.Policy.Digest(), Text: says})
	}
	if s.unloaded.Store(err != nil); err != nil {
		fresh.Delivery.Close()
		return err
	}
	s.snapshot.Store(fresh)
	s.budget.Set(loaded.Server.Limits.Memory.Of(s.opts.Memory))
	s.values.UpTo(loaded.Policy.Rarest())
	fresh.warnUnknown(s.opts.Log)
	fresh.warnForms(s.opts.Log, s.opts.Now())
	if s.open.Load() { // an act of another node may come before all parts are
		s.reviews.measure()
		s.reviews.soon()
		s.alarms.soon()
		lookAtHooks(s.opts.Log, loaded)
		s.outbox.Kick()
	}
	// Hits under way still deliver over the old connections; only those that are idle are closed.
	old.Delivery.Close()
	return nil
}

// read reads a configuration, and compiles it with what the ledger remembers. The digest is that of
// the files; "" where they cannot be read.
func (s *Server) read(path string) (loaded *config.Loaded, digest string, err error) {
	if err := namedfile.Look(path, strict.MaxFileBytes); err != nil { // nobody waits for what writes to a pipe
		return nil, "", fmt.Errorf("%s: cannot read the server file: %w", path, err)
	}
	source, err := readTwice(path, config.Read)
	if err != nil {
		return nil, "", err
	}
	loaded, err = config.Again(s.snapshot.Load().Loaded, source, s.recovered.facts())
	return loaded, source.Digest, err
}

// readTwice refuses what is read twice and differs, so that a folder that is being written is not taken half-written.
func readTwice(path string, read func(path string) (*config.Source, error)) (*config.Source, error) {
	first, err := read(path)
	if err != nil {
		return nil, err
	}
	second, err := read(path)
	if err != nil {
		return nil, err
	}
	if first.Digest != second.Digest {
		return nil, errors.New("the policy folder is being written: it was read twice and differed")
	}
	return second, nil
}

// unchangeable refuses a reload that changes what only a restart can: what is documented as "A reload does not change".
func unchangeable(old, fresh *config.Server) error {
	var changed []string
	for _, c := range []struct {
		key        string
		old, fresh any
	}{
		{"listen", old.Listen, fresh.Listen},
		{"admin.listen", old.Admin.Listen, fresh.Admin.Listen},
		{"data", old.Data, fresh.Data},
		{"tls", old.TLS, fresh.TLS},
		{"cluster", old.Cluster, fresh.Cluster},
		{"delivery.queue", old.Delivery.Queue, fresh.Delivery.Queue},
		{"delivery.park", old.Delivery.Park, fresh.Delivery.Park},
		{"ledger.seal", old.Ledger.Seal, fresh.Ledger.Seal},
		{"ledger.sync", old.Ledger.Sync, fresh.Ledger.Sync},
		{"ledger.origin", old.Ledger.Origin, fresh.Ledger.Origin},
		{"ledger.checkpoint_to", old.Ledger.CheckpointTo, fresh.Ledger.CheckpointTo},
		{"ledger.witness", old.Ledger.Witness, fresh.Ledger.Witness},
		{"ledger.export", old.Ledger.Export, fresh.Ledger.Export},
		{"ledger.reserve", old.Ledger.Reserve, fresh.Ledger.Reserve},
		{"keys", old.Keys, fresh.Keys},
	} {
		if !reflect.DeepEqual(c.old, c.fresh) {
			changed = append(changed, c.key)
		}
	}
	if changed != nil {
		return fmt.Errorf("%s changed: only a restart can do that; nothing was changed", strings.Join(changed, ", "))
	}
	return nil
}

// againAfter is how long after a reload that could not be recorded another is tried.
const againAfter = time.Second

// loadAgain reloads until it is recorded, where a reload could not be: what was changed may take something back.
func loadAgain(ctx context.Context, s *Server) {
	t := time.NewTicker(againAfter)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if s.unloaded.Load() && s.ledger.Err() == nil && s.Reload() == nil {
				s.opts.Log.Info("the policy that could not be recorded is in force", zap.String("policy", s.Policy()))
			}
		}
	}
}
