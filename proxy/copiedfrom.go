package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// copiedFile lies in a copy of a data folder, and says that it is one. It goes when nothing waits any more of what was
// copied.
const copiedFile = "backup.json"

// copyForm is the form in which it is written.
const copyForm = 1

// copiedFrom says when a data folder was copied. The server that it was copied from may have gone on, and nobody knows
// here what it has sent since. So what was copied is delivered where its vendor knows an event that comes again. Where
// it would count it twice, it is for a person to say whether it was sent: it is parked.
type copiedFrom struct {
	Form    int        `json:"form"`
	Made    time.Time  `json:"made"`
	Version string     `json:"version"`
	Hit     uint64     `json:"hit"`             // no event of a later one was copied
	Begun   *time.Time `json:"begun,omitempty"` // when a server began with it; nil: none did

	// Files are all of the copy but this one. Nil: it was made before they were listed, or somebody goes on with it.
	Files []fileCopied `json:"files,omitempty"`
}

// parkedRestored is why events are parked that may have been sent by the server that the folder was copied from, and
// why those end that find no room there.
const parkedRestored = "restored"

// readCopied tells whether a data folder is a copy; nil: it is none.
func readCopied(data string) (*copiedFrom, error) {
	path := filepath.Join(data, copiedFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // it is none
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s, which says that the folder is a copy: %w", path, err)
	}
	return parseCopied(path, text)
}

// parseCopied reads what stands in the file at a path.
func parseCopied(path string, text []byte) (*copiedFrom, error) {
	of := new(copiedFrom)
	err := json.Unmarshal(text, of)
	said := gjson.ParseBytes(text)
	wrong := func(at int, format string, args ...any) (*copiedFrom, error) {
		before := text[:max(min(at, len(text)), 0)]
		line, column := 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n')
		return nil, fmt.Errorf("%s:%d:%d: %s: `tagwarden backup` writes such as "+
			`{"form":1,"made":"2026-11-28T12:00:00Z","version":"0.2.0","hit":7}; restore another copy`, path, line, column,
			fmt.Sprintf(format, args...))
	}
	if fault, is := errors.AsType[*json.SyntaxError](err); is {
		return wrong(int(fault.Offset)-1, "this is no JSON")
	}
	if !said.IsObject() {
		return wrong(len(text)-len(bytes.TrimLeft(text, " \t\r\n")), "this is no JSON object")
	}
	if of.Form > copyForm {
		return nil, fmt.Errorf("%w: %s has form %d, and %d is known here", ErrNewer, path, of.Form, copyForm)
	}
	for _, member := range []string{"form", "made", "hit"} {
		if !said.Get(member).Exists() {
			return wrong(said.Index, "it has no %q", member)
		}
	}
	for _, member := range []string{"made", "begun"} {
		one := said.Get(member)
		if _, bad := time.Parse(time.RFC3339, one.Str); bad != nil && one.Exists() &&
			(one.Type != gjson.Null || member == "made") {
			return wrong(one.Index, "%q is no time", member)
		}
	}
	if fault, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		return wrong(int(fault.Offset)-1, "%q is no value for it", fault.Field)
	}
	if err != nil {
		return wrong(0, "it cannot be read (%v)", err)
	}
	if of.Form < 1 {
		return wrong(said.Get("form").Index, `"form" is %d`, of.Form)
	}
	return of, nil
}

// text is what stands in the file.
func (c *copiedFrom) text() ([]byte, error) {
	text, err := json.Marshal(c)
	return append(text, '\n'), err
}

// holds tells whether an event was copied, and nobody has said of it since that it is to be sent.
func (c *copiedFrom) holds(it *queue.Item) bool {
	return c != nil && it.Name.Hit <= c.Hit && !it.Time.After(c.Made)
}

// fresh tells whether the folder is a copy, and no server has begun with it.
func (c *copiedFrom) fresh() bool { return c != nil && c.Begun == nil }

// beginCopy records that a server begins with a copy, the first time that one does.
func beginCopy(s *Server, of *copiedFrom) error {
	if of != nil {
		of.Files = nil // they change from here on
	}
	s.dispatch.copied.Store(of)
	if !of.fresh() {
		return nil
	}
	now, waiting := s.opts.Now().UTC(), 0
	for _, v := range s.dispatch.queue.Stats().Vendors {
		waiting += v.Events
	}
	made := of.Made.Format(time.RFC3339)
	text := fmt.Sprintf("begun with the copy of %s, in which %s %s", made, plural.Of(waiting, "event"),
		plural.Verb(waiting, "waits", "wait"))
	if err := s.ledger.Note(ledger.Note{Kind: ledger.KindBackup, Text: text}); err != nil {
		return err
	}
	if err := s.ledger.Sync(); err != nil {
		return err
	}
	s.opts.Log.Warn("this data folder is a copy, and is begun with: what waits in it for vendors that might count it "+
		"twice is parked, since the server that it was copied from may have sent it; "+
		"`tagwarden queue retry --reason restored` has it sent",
		zap.Time("copied", of.Made), zap.Int("waiting", waiting))
	begun := *of
	begun.Begun = &now
	file, err := begun.text()
	if err != nil {
		return err
	}
	path := filepath.Join(s.loaded.Server.Data, copiedFile)
	return durable.Files{Disk: s.opts.Disk}.Replace(path, file, 0o600)
}

// forgetCopy forgets that the folder is a copy, once nothing waits of what was copied.
func (d *dispatcher) forgetCopy() {
	of := d.copied.Load()
	if of == nil {
		return
	}
	now := d.opts.Now()
	for _, v := range d.queue.Stats().Vendors {
		if v.Events > 0 && !now.Add(-v.Oldest).After(of.Made.Add(time.Second)) {
			return
		}
	}
	if err := d.opts.ForgetCopy(); err != nil {
		fault(d.opts.Log, "it cannot be forgotten that the data folder is a copy", err)
		return
	}
	d.copied.Store(nil)
}

// mayCountTwice tells whether an event may have been sent by the server that the folder was copied from, and its vendor
// does not know it again.
func (x *exchange) mayCountTwice(p *parcel) bool { return !p.keyed && x.copied.Load().holds(&p.item) }

// parkRestored parks such an event. Where there is no room nobody knows what became of it.
func (x *exchange) parkRestored(it queue.Item) {
	if err := x.opts.Outcome(outcomeOf(&it, ledger.Parked, parkedRestored, 0)); err != nil {
		x.unrecorded(err)
		x.queue.Later(it, againAfter)
		return
	}
	if err := x.queue.Park(it, parkedRestored); err != nil {
		x.over.add(it, ledger.Unknown, parkedRestored, 0)
	}
}
