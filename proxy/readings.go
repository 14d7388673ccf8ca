package proxy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// readings has it recorded that the ledger is read.
type readings struct {
	log interface {
		Read(of ledger.Reading) error
		ReadEnd(of ledger.ReadingEnd) error
	}
	rand io.Reader
}

var _ api.Readings = (*readings)(nil)

// Begin records a reading. It is on disk when Begin returns nil.
func (r *readings) Begin(of api.Reading) (id string, err error) {
	if of.Records == nil {
		var name [8]byte
		if _, err := io.ReadFull(r.rand, name[:]); err != nil {
			return "", fmt.Errorf("cannot name a reading: %w", err)
		}
		id = hex.EncodeToString(name[:])
	}
	return id, r.log.Read(ledger.Reading{
		ID: id, By: of.By, Verb: of.Verb, Through: of.Through, Asked: of.Asked, From: of.From, To: of.To, Number: of.Number,
		Subjects: of.Subjects, Form: of.Form, Records: of.Records,
	})
}

// End records how many records were shown.
func (r *readings) End(id, by string, records int) error {
	return r.log.ReadEnd(ledger.ReadingEnd{ID: id, By: by, Records: records})
}

// ErrNoReading says that it cannot be recorded that a ledger's folder is read, since it is no server's: a copy without
// the key state, or one of a version before that no server of this one has taken over.
var ErrNoReading = errors.New(
	"it is a copy without the server's key state, or was written by a version before this one")

// ErrCopy says that a ledger's folder is in a copy of a data folder with which no server has begun. It stays as it is:
// with a record more it would be another log that the same key signs.
var ErrCopy = errors.New("this is a copy: that it is read is not recorded in it; ask the server for that")

// ReadStopped calls with what records readings of the ledger of a data folder on which no server runs, and takes the
// folder meanwhile. The error is [ErrLocked] where a server runs; [ErrCopy] and
// [ErrNoReading] where nothing can be recorded.
func ReadStopped(data string, o Options, do func(api.Readings) error) (shut string, err error) {
	o.fill()
	dir := filepath.Join(data, "ledger")
	all, err := ledger.Segments(dir)
	if err != nil || slices.ContainsFunc(all, func(s ledger.Segment) bool { return s.Old }) {
		return "", ErrNoReading
	}
	switch of, err := readCopied(data); {
	case err != nil:
		return "", err
	case of.fresh() && held(data): // by who begins with it
		return "", ErrLocked
	case of.fresh():
		return "", ErrCopy
	}
	if _, err := os.Stat(KeysDir(data)); errors.Is(err, fs.ErrNotExist) {
		return "", ErrNoReading
	}
	lock, err := LockData(data)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	store, err := keys.Open(keys.Options{Dir: KeysDir(data), Now: o.Now, Rand: o.Rand, Files: o.KeyFiles, Disk: o.Disk})
	if err != nil {
		return lock.Shut, err
	}
	log, err := ledger.Open(ledger.Options{
		Dir: dir, Node: o.node(nil), Now: o.Now, Rand: o.Rand, Disk: o.Disk, Origin: ledger.OriginOf(dir),
		Seed: checkpointSeed(store), Known: filepath.Join(KeysDir(data), ledger.CheckpointFile),
	}, ledger.Note{Kind: ledger.KindStart, Text: "version " + o.Version + ", the log is read"})
	if err != nil {
		return lock.Shut, err
	}
	err = do(&readings{log: log, rand: o.Rand})
	return lock.Shut, errors.Join(err, log.Close())
}
