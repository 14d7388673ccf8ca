package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// restoringDir is in a data folder while it is made of a copy: what is in it moves up when all of it was looked at.
// A folder that has it is nobody's yet.
const restoringDir = "restoring"

// ErrRestoring says that a data folder is half of one.
var ErrRestoring = errors.New(
	"a restore of this data folder broke off, or is going on: run tagwarden restore again, which begins it anew")

// Restored is what a data folder holds that was made of a copy.
type Restored struct {
	Made     time.Time `json:"copied"`     // when
	Version  string    `json:"version"`    // by which
	Identity string    `json:"identity"`   // of its keys
	Files    int       `json:"files"`      //
	Bytes    int64     `json:"bytes"`      //
	Changes  uint64    `json:"changes"`    // in the log of objections
	Subjects uint64    `json:"subjects"`   // for which something is in force
	Lacking  uint64    `json:"lacking"`    // changes that a node takes from the nodes' log when it starts
	Waiting  int       `json:"waiting"`    // events, by the ledger's end
	Parked   int       `json:"parked"`     // likewise
	Damaged  int       `json:"unreadable"` // events of these that cannot be read: nothing is restored then
}

// Restore makes a data folder, which has to be empty, of a copy that [api.BackupAsk] had written. All of it is
// copied and looked at before any of it has its name there: each file by what the copy lists ([ErrAltered]),
// keys, objections by what the ledger remembers of them, each event that waits, and the ledger, by verify. Where
// that says no, or anything cannot be read, the folder stays empty. KeyState is the file of the key state where
// the copy is without it; "": in the copy.
func Restore(loaded *config.Loaded, from, keyState string, verify func(ledger string) error) (
	done Restored, err error) {
	data := loaded.Server.Data
	copied, err := readCopied(from)
	if err == nil && copied == nil {
		err = fmt.Errorf("%s is no copy that `tagwarden backup` made, or not the whole of one: %s is missing in it",
			from, copiedFile)
	}
	if err == nil {
		if err = checkFormat(from); err != nil { // a version that nobody knows, or bytes that nobody wrote
			err = errors.Join(err, copied.listed(from).same(formatFile))
		}
	}
	if err != nil {
		return done, err
	}
	done.Made, done.Version = copied.Made, copied.Version
	lock, err := lockData(data)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := emptied(data); err != nil {
		return done, err
	}
	files := copied.listed(from)
	if err := errors.Join(keysThere(files, keyState), files.complete(keyState != "")); err != nil {
		return done, err
	}
	at := filepath.Join(data, restoringDir)
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(at))
		}
	}()
	c := folderMade{at: at, done: &done, shared: loaded.Server.Cluster != nil}
	if err := c.copy(from, at, files); err != nil {
		return done, err
	}
	if err := errors.Join(c.mark(copied), c.keys(from, keyState)); err != nil {
		return done, err
	}
	if err := errors.Join(c.objections(), c.queue(), verify(filepath.Join(at, "ledger"))); err != nil {
		return done, err
	}
	return done, c.moveUp(data)
}

// emptied makes sure that a data folder is empty, but for what another restore began and nobody has served since.
func emptied(data string) error {
	began := !absent(filepath.Join(data, restoringDir))
	entries, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case e.Name() == "lock":
		case !began:
			return fmt.Errorf("%s is not empty (%s lies there): nothing is written over, restore into a new data folder",
				data, e.Name())
		case e.Name() != restoringDir: // it goes last
			if err := os.RemoveAll(filepath.Join(data, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(filepath.Join(data, restoringDir))
}

// folderMade is a folder that is being made.
type folderMade struct {
	at     string
	files  durable.Files
	state  pseudonym.State
	shared bool // a node's, which takes from the nodes' log what it lacks
	done   *Restored
}

// copy copies a folder, and brings it to disk. Listed compares it with what was to be there, and it is counted then;
// nil: it is of what is restored already.
func (c *folderMade) copy(from, to string, listed *filesListed) error {
	root, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it was read alone
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			return c.files.Folder(filepath.Join(to, name), 0o700)
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is no file: a copy that `tagwarden backup` made has none such", filepath.Join(from, name))
		case listed != nil && madeByAsking(name):
			return nil
		}
		opened, err := root.Open(name)
		if err != nil {
			return err
		}
		sum := sha256.New()
		n, err := c.files.New(filepath.Join(to, name), io.TeeReader(opened, sum), 0o600)
		if err = errors.Join(err, opened.Close()); err != nil || listed == nil {
			return err
		}
		c.done.Files++
		c.done.Bytes += n
		return listed.was(summed(name, n, sum))
	})
}

// mark says in the folder that it is of a copy. Its files are listed no more: they change.
func (c *folderMade) mark(copied *copiedFrom) error {
	of := *copied
	of.Files = nil
	text, err := of.text()
	if err != nil {
		return err
	}
	return c.files.Replace(filepath.Join(c.at, copiedFile), text, 0o600)
}

// keysThere looks whether the key state is in a copy, or was named.
func keysThere(of *filesListed, elsewhere string) error {
	if elsewhere != "" || !absent(filepath.Join(of.from, stateCopied)) {
		return nil
	}
	why := "it was made --without-keys, or it was moved away since"
	switch _, had := of.all[stateCopied]; {
	case had:
		why = "it was there when the copy was made, and was moved away since"
	case of.told:
		why = "it was made --without-keys"
	}
	return fmt.Errorf("the key state is not in the copy (%s is missing: %s): say where it is by --keys FILE, or put it "+
		"back; without it nothing of the copy can be used", filepath.Join(of.from, stateCopied), why)
}

// keys reads the key state, of the copy or of elsewhere, and puts it in its place.
func (c *folderMade) keys(from, elsewhere string) (err error) {
	place := filepath.Join(from, "keys", keys.StateFile)
	if elsewhere != "" {
		place = elsewhere
	}
	if c.state, err = copiedKeys(place); err != nil {
		return err
	}
	c.done.Identity = c.state.Identity()
	dir := filepath.Join(c.at, "keys")
	if err := c.files.Folder(dir, 0o700); err != nil {
		return err
	}
	return c.files.Replace(filepath.Join(dir, keys.StateFile), c.state.Append(nil), 0o600)
}

// objections opens the store, which looks at all of its pages, under the keys. It has to have come as
// far as the ledger remembers, on the same way, as a start asks of it. A node's may be behind: it
// takes what it lacks from the nodes' log.
func (c *folderMade) objections() error {
	past, err := ledger.Recover(filepath.Join(c.at, "ledger"))
	if err != nil {
		return err
	}
	stood := objection.Head{Size: past.Head.Size, Root: past.Head.Root}
	of := objection.Options{Dir: filepath.Join(c.at, "objections"), Identity: c.state.Identity()}
	gone := absent(filepath.Join(of.Dir, objection.FileName))
	store, err := objection.Open(of)
	if err != nil {
		return fmt.Errorf("the copy's objections cannot be used: %w", err)
	}
	stats, err := store.Stats()
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	c.done.Changes, c.done.Subjects = stats.Head.Size, stats.Subjects
	switch {
	case stood.Size == 0:
		return nil
	case stats.Head.Size >= stood.Size:
		of.Past = stood
		if store, err = objection.Open(of); err != nil {
			return fmt.Errorf("the copy's objections cannot be used: %w", err)
		}
		return store.Close()
	case c.shared:
		c.done.Lacking = stood.Size - stats.Head.Size
		return nil
	}
	has := "objections/" + objection.FileName + " is missing in it"
	if !gone {
		has = "they hold " + plural.Of(stats.Head.Size, "change")
	}
	return fmt.Errorf("the copy's objections cannot be used: %s, and its ledger remembers %d: restore another copy; "+
		"where there is none, copy it into the data folder by hand and say why its objections hold (tagwarden objections "+
		"restore --because REASON)",
		has, stood.Size)
}

// queue reads each event that waits or is parked, as a start would find them by the ledger's end. It does so in a copy
// of its own: whoever opens a queue writes there.
func (c *folderMade) queue() (err error) {
	if absent(filepath.Join(c.at, "queue")) {
		return nil
	}
	look := filepath.Join(c.at, ".looked-at")
	defer func() { err = errors.Join(err, os.RemoveAll(look)) }()
	held := filepath.Join(look, "keys")
	if err := c.copy(filepath.Join(c.at, "queue"), filepath.Join(look, "queue"), nil); err != nil {
		return err
	}
	if from := filepath.Join(c.at, "keys", "queue"); !absent(from) {
		if err := c.copy(from, held, nil); err != nil {
			return err
		}
	}
	seal := keySeal{key: c.state.QueueKey(), random: rand.Reader}
	q, err := queue.Open(queue.Options{
		Dir: filepath.Join(look, "queue"), Keys: held, Wrap: seal.wrap, Unwrap: seal.unwrap, Tend: -1,
		Since: func(record uint64, told func(queue.Name, queue.Fate)) error {
			_, err := ledger.Fates(filepath.Join(c.at, "ledger"), record, func(hit uint64, event int, fate ledger.Fate) {
				if of, is := fatesOfQueue[fate]; is {
					told(queue.Name{Hit: hit, Event: uint32(event)}, of)
				}
			})
			return err
		},
	})
	if err != nil {
		return fmt.Errorf("the copy's queue cannot be used: %w", err)
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	var wrong []string
	for _, d := range q.Damaged() {
		c.done.Damaged += len(d.Events)
		wrong = append(wrong, fmt.Sprintf("%s at byte %d: %s", d.File, d.Offset, d.Why))
	}
	var e queue.Event
	for it := range q.Pending("") {
		if err := q.Read(it, &e); err != nil {
			c.done.Damaged++
			wrong = append(wrong, fmt.Sprintf("hit %d, event %d: %v", it.Name.Hit, it.Name.Event, err))
		}
	}
	stats := q.Stats()
	for _, v := range stats.Vendors {
		c.done.Waiting += v.Events
	}
	for _, r := range stats.Reasons {
		c.done.Parked += r.Events
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the copy's queue is damaged (%s): %s", plural.Of(c.done.Damaged, "event"),
			strings.Join(wrong[:min(len(wrong), 5)], "; "))
	}
	return nil
}

// moveUp gives everything its name in the data folder; the keys last, without which nothing of it can be served.
func (c *folderMade) moveUp(data string) error {
	entries, err := os.ReadDir(c.at)
	if err != nil {
		return err
	}
	for _, last := range []bool{false, true} {
		for _, e := range entries {
			if (e.Name() == "keys") != last {
				continue
			}
			if err := c.files.Rename(filepath.Join(c.at, e.Name()), filepath.Join(data, e.Name())); err != nil {
				return err
			}
		}
	}
	return c.files.Remove(c.at)
}
