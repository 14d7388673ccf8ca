package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// backups copies the data folder while the server goes on, into a folder that a start takes as its data folder. What
// the parts say of one another holds in the copy by the order in which they are taken:
//
//   - Queue and ledger are held, and are taken as they are at one moment at which no hit is between the two: each event
//     in the queue's copy has its decision in the ledger's, and each decision its event. The ledger is cut behind the
//     queue, so that of an event that is there and had ended the outcome is not missing: without it, it would be sent
//     twice. What is held stays until it is copied.
//   - The ledger's newest checkpoint goes into both folders in which a start looks for it, and covers nothing that is
//     not in the copy: it is no older copy of itself.
//   - Policies come behind the ledger that names them; so do the objections, which a start refuses where they are
//     behind what the ledger knows of them. What they are ahead of it is recorded then.
//   - How far records were sent on comes in front of the ledger: it is never ahead of
//     that, and some of them are sent again.
//   - How far a node had come with what is done to tokens, assessments and keys comes in front of all of these: it is
//     never ahead of them, and what is done twice does no harm.
//   - The key state is as it is when it is written: without it neither objections nor events can be read.
//
// What no order can mend is told by a file in the copy, which its start reads (see [copiedFrom]): the server goes on,
// and sends events that wait in the copy. A decision of which neither event nor outcome is in the copy is said to be so
// there, in place of that its sender had no answer.
//
// All of it is written into a folder beside, every file brought to disk, and renamed when it is whole. The file
// that says that it is a copy comes last, and lists all others with what was written into each: a restore refuses
// what is missing, other or not listed.
type backups struct {
	*Server
	one sync.Mutex // held by who makes one
}

func newBackups(s *Server) *backups { return &backups{Server: s} }

// make makes a copy. It is the error of the caller where the folder is none for a copy.
func (b *backups) make(ctx context.Context, of api.BackupAsk) (api.BackupMade, error) {
	if !b.one.TryLock() {
		return api.BackupMade{}, problem.New(http.StatusConflict, "busy", "another copy is being made: wait for that")
	}
	defer b.one.Unlock()
	data := b.snapshot.Load().Loaded.Server.Data
	to := filepath.Clean(of.Dir)
	if err := mayCopyTo(data, to); err != nil {
		return api.BackupMade{}, err
	}
	c := &folderCopy{
		ctx: ctx, files: durable.Files{Disk: b.opts.Disk}, disk: b.opts.Disk, made: map[string]bool{},
		dir: filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".backup"),
	}
	if c.disk == nil {
		c.disk = durable.System
	}
	parts, err := b.write(c, data, of)
	if err == nil {
		err = c.finish(to)
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(c.dir))
		if !b.opts.Aside { // who works aside is told, and keeps no log
			fault(b.opts.Log, "the data folder cannot be copied", err)
		}
		return api.BackupMade{}, problem.New(http.StatusServiceUnavailable, "unavailable",
			"the copy broke off, and nothing of it is left: "+c.why(err))
	}
	return api.BackupMade{Dir: to, Parts: parts}, nil
}

// why says why a copy broke off. Whoever asked for it knows no names of files that were still to be given theirs.
func (c *folderCopy) why(err error) string {
	above := filepath.Dir(c.dir)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Sprintf("the disk that %s is on is full", above)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("the server may not write to %s, or not read all of its data folder (permission denied)", above)
	case errors.Is(err, syscall.EROFS):
		return above + " is on a disk that is mounted to be read alone"
	case errors.Is(err, context.Canceled):
		return "whoever asked for it waited no more"
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// mayCopyTo tells whether a folder may become a copy of the data folder.
func mayCopyTo(data, to string) error {
	refuse := func(format string, args ...any) error {
		return problem.New(http.StatusUnprocessableEntity, "invalid", fmt.Sprintf(format, args...))
	}
	if !filepath.IsAbs(to) || to == "/" {
		return refuse("%s is no whole path of a folder", to)
	}
	if whole, err := filepath.Abs(data); err == nil {
		if below, err := filepath.Rel(whole, to); err == nil && below != ".." && !strings.HasPrefix(below, "../") {
			return refuse("%s lies in the data folder: a copy belongs on another disk", to)
		}
	}
	entries, err := os.ReadDir(to)
	switch {
	case err == nil && len(entries) > 0:
		return refuse("%s is there already, and not empty: nothing is written over", to)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return refuse("%s is no folder that the server can write: %v", to, err)
	}
	if info, err := os.Stat(filepath.Dir(to)); err != nil || !info.IsDir() {
		return refuse("there is no folder %s to put it into", filepath.Dir(to))
	}
	return nil
}

// write writes the copy, part by part.
func (b *backups) write(c *folderCopy, data string, of api.BackupAsk) ([]api.BackupPart, error) {
	if err := errors.Join(os.RemoveAll(c.dir), c.files.Folder(c.dir, 0o700)); err != nil {
		return nil, err
	}
	if err := c.folder(filepath.Base(exportDir(data)), exportDir(data)); err != nil {
		return nil, err
	}
	if err := c.file("", filepath.Join(data, order.FileName)); err != nil {
		return nil, err
	}
	mark := copiedFrom{Form: copyForm, Version: b.opts.Version}
	seized, held, err := b.seize(&mark)
	if held != nil {
		defer held.Release()
	}
	if seized != nil {
		defer seized.Release()
	}
	if err != nil {
		return nil, err
	}
	signed, err := held.Copy(func(name string, from io.Reader) error { return c.put("ledger", name, from) })
	if err != nil {
		return nil, err
	}
	err = seized.Copy(func(part queue.Part, name string, from io.Reader) error {
		if part == queue.Keys {
			return c.put("keys", filepath.Join("queue", name), from)
		}
		return c.put("queue", name, from)
	})
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{PoliciesDir(data), TextsDir(data)} {
		if err := c.folder(filepath.Base(dir), dir); err != nil {
			return nil, err
		}
	}
	if !of.WithoutKeys {
		state := b.keyring.store.State()
		if err := c.put("keys", keys.StateFile, strings.NewReader(string(state.Append(nil)))); err != nil {
			return nil, err
		}
	}
	if signed != nil {
		if err := c.put("keys", ledger.CheckpointFile, strings.NewReader(string(signed))); err != nil {
			return nil, err
		}
	}
	err = c.write("objections", objection.FileName, func(w io.Writer) error {
		_, err := b.objections.Backup(w)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{access.TokensFile, rarityFile, alarmsFile, formatFile} {
		if err := c.file("", filepath.Join(data, name)); err != nil {
			return nil, err
		}
	}
	mark.Files = c.all
	text, err := mark.text()
	if err != nil {
		return nil, err
	}
	parts := c.parts
	return parts, c.put("", copiedFile, bytes.NewReader(text))
}

// seize takes queue and ledger as they are at one moment, at which no hit is between the two.
func (b *backups) seize(mark *copiedFrom) (*queue.Seized, *ledger.Held, error) {
	if err := b.ledger.Note(ledger.Note{Kind: ledger.KindBackup, Text: "the data folder is copied"}); err != nil {
		return nil, nil, err
	}
	held, err := b.ledger.Hold()
	if err != nil {
		return nil, held, err
	}
	b.dispatch.adding.Lock()
	defer b.dispatch.adding.Unlock()
	seized, err := queue.Seize(b.dispatch.queue)
	if err == nil {
		err = held.Cut()
	}
	mark.Made, mark.Hit = b.opts.Now().UTC(), b.dispatch.queue.Highest()
	return seized, held, err
}

// folderCopy is a folder that is written.
type folderCopy struct {
	ctx   context.Context
	dir   string
	disk  durable.Disk
	files durable.Files
	made  map[string]bool // folders in it
	parts []api.BackupPart
	all   []fileCopied
}

// put writes a file of a part.
func (c *folderCopy) put(part, name string, from io.Reader) error {
	return c.write(part, name, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}

// write has a file of a part be written, and brings it to disk; its name, at the end.
func (c *folderCopy) write(part, name string, fill func(io.Writer) error) error {
	path := filepath.Join(c.dir, part, name)
	if dir := filepath.Dir(path); !c.made[dir] {
		if err := c.files.Folder(dir, 0o700); err != nil {
			return err
		}
		c.made[dir] = true
	}
	f, err := c.disk.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	counted := &counting{ctx: c.ctx, to: f, sum: sha256.New()}
	if err := errors.Join(fill(counted), f.Sync(), f.Close()); err != nil {
		return err
	}
	c.all = append(c.all, summed(filepath.Join(part, name), counted.n, counted.sum))
	if part == "" {
		part = name
	}
	at := slices.IndexFunc(c.parts, func(p api.BackupPart) bool { return p.Part == part })
	if at < 0 {
		at = len(c.parts)
		c.parts = append(c.parts, api.BackupPart{Part: part})
	}
	now := &c.parts[at]
	now.Files++
	now.Bytes += counted.n
	return nil
}

// counting counts and sums up what is written, until the context ends.
type counting struct {
	ctx context.Context
	to  io.Writer
	n   int64
	sum hash.Hash
}

// Write writes.
func (c *counting) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.to.Write(b)
	c.n += int64(n)
	_, _ = c.sum.Write(b[:n]) // a hash never fails
	return n, err
}

// file copies a file that is replaced as a whole, if ever. One that is not there is left out.
func (c *folderCopy) file(part, path string) error {
	from, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was read alone
	return c.put(part, filepath.Base(path), from)
}

// folder copies a folder of such files. What has not its name yet is left out.
func (c *folderCopy) folder(part, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := c.file(part, filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// finish brings the names in the copy to disk, and gives it its own.
func (c *folderCopy) finish(to string) error {
	for dir := range c.made {
		if err := c.files.SyncFolder(dir); err != nil {
			return err
		}
	}
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := c.files.Remove(to); err != nil { // an empty folder
		return err
	}
	return c.files.Rename(c.dir, to)
}
