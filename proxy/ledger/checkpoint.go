package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Names of files in a ledger's folder.
const (
	CheckpointFile = "checkpoint" // the newest checkpoint
	KeyFile        = "log.pub"    // the key that it is signed with
)

// KindLogKey is a record that says by which key checkpoints are signed from then on: key, was.
const KindLogKey = "log_key"

// signing signs checkpoints, and knows the newest one.
type signing struct {
	*records
	tree   *grown
	signer *tree.Signer // nil: none are signed
	newest atomic.Pointer[signedHead]
	mu     sync.Mutex // one goroutine signs at a time, and holds it
}

// signedHead is the newest checkpoint. The zero one is none.
type signedHead struct {
	text  []byte
	size  int64 // of the tree that it is of
	at    time.Time
	start bool // what a start begins with: what comes behind that is signed at the next tick
}

// begin makes ready to sign, where the log has a name.
func (s *signing) begin() (err error) {
	if s.opts.Origin == "" {
		return nil
	}
	if s.signer, err = s.signerOf(s.opts.Origin); err != nil {
		return fmt.Errorf("the ledger's checkpoints cannot be signed: %w", err)
	}
	return nil
}

// head is the newest checkpoint.
func (s *signing) head() signedHead {
	if newest := s.newest.Load(); newest != nil {
		return *newest
	}
	return signedHead{}
}

// Checkpoint is the newest checkpoint, signed; nil: there is none yet.
func (l *Ledger) Checkpoint() []byte { return l.signing.head().text }

// State is how a ledger stands.
type State struct {
	Records, Sealed, Signed uint64    // how many there are, in sealed segments, below the newest checkpoint
	At                      time.Time // when that was signed; zero: there is none
	Synced                  uint64    // the number of the first record that may not be on disk yet
}

// State tells how the ledger stands.
func (l *Ledger) State() State {
	newest := l.signing.head()
	next, synced := l.writer.Next()
	return State{next, l.sealing.sealedEnd(), uint64(newest.size), newest.at, synced}
}

// Tiles reads the tiles of the log's tree, as far as it has grown.
func (l *Ledger) Tiles() *tree.Tiles { return l.tree.tiles() }

// Public is the key that checkpoints are signed with; "" where none are.
func (l *Ledger) Public() string {
	if l.signing.signer == nil {
		return ""
	}
	return l.signing.signer.Public()
}

// signStart signs what a start begins with. Where that fails, the next tick tries again.
func (s *signing) signStart() {
	if err := s.sign(); err != nil {
		s.opts.Report("a checkpoint of the ledger cannot be signed", err)
		return
	}
	if newest := s.newest.Load(); newest != nil {
		s.newest.Store(&signedHead{newest.text, newest.size, newest.at, true})
	}
}

// signIfDue signs a checkpoint where the last one is old enough, and records came since.
func (s *signing) signIfDue(now time.Time) error {
	newest := s.head()
	if since := now.Sub(newest.at); !newest.start && since >= 0 && since < s.opts.Checkpoint {
		return nil
	}
	return s.sign()
}

// sign signs what the log has come to, as soon as that is on disk, and puts it there.
func (s *signing) sign() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.tree.now()
	if s.signer == nil || of.N == s.head().size {
		return nil
	}
	if err := s.writer.SyncTo(uint64(of.N)); err != nil {
		return err // what the next start does not find must not have been signed
	}
	if err := s.tree.sync(); err != nil {
		return err
	}
	text, err := s.signer.Sign(of)
	if err != nil {
		return err
	}
	if err := s.files.Replace(filepath.Join(s.opts.Dir, CheckpointFile), text, 0o600); err != nil {
		return fmt.Errorf("cannot keep a checkpoint: %w", err)
	}
	if s.opts.Known != "" {
		if err := s.files.Replace(s.opts.Known, text, 0o600); err != nil {
			return fmt.Errorf("cannot keep a checkpoint: %w", err)
		}
	}
	s.newest.Store(&signedHead{text, of.N, s.opts.Now(), false})
	if s.opts.OnCheckpoint != nil {
		s.opts.OnCheckpoint(text)
	}
	return nil
}

// known is the newest checkpoint that is known of this log; nil: there is none. It stands in two folders, and the
// larger one counts: who puts an older copy in place of one of them has not done so with the other.
func (s *signing) known() (*tree.Checkpoint, error) {
	if s.signer == nil {
		return nil, nil
	}
	var newest *tree.Checkpoint
	for _, path := range []string{filepath.Join(s.opts.Dir, CheckpointFile), s.opts.Known} {
		text, err := os.ReadFile(path)
		if path == "" || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the ledger's checkpoint: %w", err)
		}
		c, err := s.openKnown(text)
		if err != nil {
			return c, fmt.Errorf("%s: %w", path, err)
		}
		if newest == nil || c.Tree.N > newest.Tree.N {
			newest = c
		}
	}
	return newest, nil
}

// unsigned are the numbers of the records, of so many, that the newest checkpoint that is known does not cover, from
// the one up to the other. Where none are signed at all, there are none.
func (s *signing) unsigned(next uint64) (numbers [2]uint64, err error) {
	if s.signer == nil {
		return numbers, nil
	}
	known, err := s.known()
	switch {
	case errors.Is(err, ErrForeign), errors.Is(err, tree.ErrCheckpoint):
		err = nil // a person said that it counts for nothing
	case err == nil && known != nil:
		return [2]uint64{uint64(known.Tree.N), next}, nil
	}
	return [2]uint64{0, next}, err
}

// ErrForeign says that the newest checkpoint that is known was signed by a key that is none of this log.
var ErrForeign = errors.New("the checkpoint was signed by another key than that of these keys' state")

// openKnown reads a checkpoint of this log. It may have had another origin when it was signed: each
// has a key of its own, made of one state.
func (s *signing) openKnown(text []byte) (*tree.Checkpoint, error) {
	c, err := tree.Unverified(text)
	if err != nil {
		return nil, err
	}
	signer, err := s.signerOf(c.Origin)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", tree.ErrCheckpoint, err)
	}
	key, err := tree.ParseKey(signer.Public())
	if err != nil {
		return nil, err
	}
	if _, err := tree.OpenCheckpoint(text, key); err != nil {
		return c, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return c, nil
}

// signerOf signs for an origin.
func (s *signing) signerOf(origin string) (*tree.Signer, error) {
	return tree.NewSigner(origin, s.opts.Seed(origin))
}

// logKey is a record of the key that checkpoints are signed with.
type logKey struct{ key, was string }

// MarshalLogObject writes the record's members.
func (k *logKey) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("key", k.key)
	addText(to, "was", k.was)
	return nil
}

// publishKey writes the public key where others find it, and records it where it is another one than before.
func (s *signing) publishKey() error {
	path := filepath.Join(s.opts.Dir, KeyFile)
	was, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read the ledger's public key: %w", err)
	}
	key := s.signer.Public()
	if string(was) == key+"\n" {
		return nil
	}
	record := logKey{key, string(bytes.TrimSpace(was))}
	if err := s.put(synced, entry{KindLogKey, &record}); err != nil {
		return err
	}
	if err := s.files.Replace(path, []byte(key+"\n"), 0o644); err != nil {
		return fmt.Errorf("cannot write the ledger's public key: %w", err)
	}
	return nil
}

// OriginOf is what a ledger was called when its key was last written down; "" where none was.
func OriginOf(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, KeyFile))
	if err != nil {
		return ""
	}
	key, err := tree.ParseKey(string(text))
	if err != nil {
		return ""
	}
	return key.Name()
}

// KindRestored is a record that says that an older copy of the log, or another one, was accepted: size, root, was_size,
// was_root, because.
const KindRestored = "restored"

// Restored is what a record of that kind says.
type Restored struct {
	Now, Was tlog.Tree
	Because  string
}

// MarshalLogObject writes the record's members.
func (r *Restored) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddInt64("size", r.Now.N)
	to.AddString("root", r.Now.Hash.String())
	to.AddInt64("was_size", r.Was.N)
	to.AddString("was_root", r.Was.Hash.String())
	to.AddString("because", r.Because)
	return nil
}
