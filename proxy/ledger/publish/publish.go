// Package publish brings the forwarding log to others. Signed checkpoints are copied to places that who keeps the log
// does not control: files on another mount, and URLs. Whoever has a copy can show of any later log whether it goes on
// from there. The tree is written to a folder as tiles, where other people's tools read it.
//
// It promises that nobody waits for a copy, that of several checkpoints the newest is copied, that a file holds one
// whole checkpoint at any time, and that of tiles nothing is written that does not belong to what was signed.
package publish

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Options are what [Copies] need. Of what is optional the zero value takes the default given.
type Options struct {
	Places []string         // files, and URLs that begin with http:// or https://
	Now    func() time.Time // the clock; time.Now
	HTTP   *http.Client     // one that follows no redirect and waits 10 s
	Files  durable.Files
	// OnCopied is told of each attempt how it ended; the error holds no address, and is nil where the copy is there.
	// Changed says that the one before ended otherwise, or that it is the first one and failed. Nil: nobody is.
	OnCopied func(place string, err error, changed bool)
}

// Copies are where checkpoints go. Its methods may be called from many goroutines.
type Copies struct {
	opts   Options
	places []*place
}

// place is one of them.
type place struct {
	name string
	kick chan struct{}

	logged []byte // what was last added to the file beside it; whoever copies is alone with it
	stuck  bool   // somebody who copies never came back: a mount that hangs

	mu   sync.Mutex
	next []byte // the newest checkpoint that is not there yet; nil: it is
}

// New makes ready to copy.
func New(o Options) *Copies {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: mostAnswer, IdleConnTimeout: time.Minute,
				TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			},
		}
	}
	if o.OnCopied == nil {
		o.OnCopied = func(string, error, bool) {}
	}
	c := &Copies{opts: o}
	for _, name := range o.Places {
		c.places = append(c.places, &place{name: name, kick: make(chan struct{}, 1)})
	}
	return c
}

// Offer hands over a newer checkpoint. It does not wait; one that waits still is never copied.
func (c *Copies) Offer(signed []byte) {
	for _, p := range c.places {
		p.mu.Lock()
		p.next = signed
		p.mu.Unlock()
		select {
		case p.kick <- struct{}{}:
		default:
		}
	}
}

// delays are waited for before a place that failed is tried again; the last one again and again.
var delays = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, time.Minute}

// patience is how long a URL may take.
const patience = 10 * time.Second

// Run copies until the context ends, and returns when nothing is under way any more.
func (c *Copies) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, p := range c.places {
		all.Go(func() { c.work(ctx, p) })
	}
	all.Wait()
}

// work copies to one place.
func (c *Copies) work(ctx context.Context, p *place) {
	for failures := 0; ctx.Err() == nil; {
		wait := time.Duration(1<<63 - 1)
		if signed := p.take(); signed != nil {
			err := c.copyUntil(ctx, p, signed)
			if err != nil {
				p.putBack(signed)
			}
			if err != nil && ctx.Err() != nil {
				return // that may be why
			}
			c.opts.OnCopied(p.name, err, (err != nil) != (failures > 0))
			if failures++; err == nil {
				failures = 0
			} else {
				wait = delays[min(failures, len(delays))-1]
			}
		}
		p.wait(ctx, wait, failures > 0)
	}
}

// Flush copies to files what waits still, each for a second at most. It is for the end, when Run has returned.
func (c *Copies) Flush() (err error) {
	for _, p := range c.places {
		if signed := p.take(); signed != nil && !isURL(p.name) && !p.stuck {
			ended, end := context.WithCancel(context.Background())
			end()
			err = errors.Join(err, c.copyUntil(ended, p, signed))
		}
	}
	return err
}

// errStuck says that a file is on a mount that hangs.
var errStuck = errors.New("it does not come to an end: is the mount there?")

// atTheEnd is how long a copy may go on when the server ends.
const atTheEnd = time.Second

// copyUntil copies a checkpoint to a place; when the context has ended it is waited for no longer than that.
func (c *Copies) copyUntil(ctx context.Context, p *place, signed []byte) error {
	done := make(chan error, 1)
	go func() { done <- c.copyTo(ctx, p, signed) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(atTheEnd)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		p.stuck = true
		return errStuck
	}
}

// wait waits for a newer checkpoint; where the last one failed, for the time alone.
func (p *place) wait(ctx context.Context, d time.Duration, failed bool) {
	kick := p.kick
	if failed {
		kick = nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-kick:
	case <-timer.C:
	}
}

// take takes what waits.
func (p *place) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	signed := p.next
	p.next = nil
	return signed
}

// putBack has a checkpoint wait again, unless there is a newer one.
func (p *place) putBack(signed []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = signed
	}
}

// isURL tells whether a place is one.
func isURL(place string) bool {
	return strings.HasPrefix(place, "https://") || strings.HasPrefix(place, "http://")
}

// copyTo copies a checkpoint to a place.
func (c *Copies) copyTo(ctx context.Context, p *place, signed []byte) error {
	if isURL(p.name) {
		return c.post(ctx, p.name, signed)
	}
	var err error
	if !bytes.Equal(p.logged, signed) { // one that is tried again is added once
		if err = c.appendTo(p.name+LogSuffix, signed); err == nil {
			p.logged = signed
		}
	}
	return errors.Join(withoutPath(c.opts.Files.Replace(p.name, signed, 0o644)), withoutPath(err))
}

// mostAnswer is how much is read of an answer, in bytes.
const mostAnswer = 64 << 10

// post sends a checkpoint to a URL.
func (c *Copies) post(ctx context.Context, to string, signed []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(signed))
	if err != nil {
		return errors.New("the address is none")
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Set("User-Agent", "tagwarden")
	answer, err := c.opts.HTTP.Do(r)
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err
		}
		return fmt.Errorf("nobody answers: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, mostAnswer)) // so that the connection can be used again
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the answer has the status %d", answer.StatusCode)
	}
	return nil
}

// Beside a file stands one of all checkpoints that were copied, a JSON object a line. It is begun anew when it is
// larger than mostLog bytes; the one before stays, under a second name.
const (
	LogSuffix   = ".log"
	olderSuffix = ".1"
	mostLog     = 16 << 20
)

// Line is a line of that file.
type Line struct {
	Time       time.Time `json:"time"`       // when it was copied
	Checkpoint string    `json:"checkpoint"` // as it was signed
}

// appendTo adds a checkpoint to a file, on disk. A line that somebody's end cut off stays a line of its own.
func (c *Copies) appendTo(path string, signed []byte) error {
	text, err := json.Marshal(Line{c.opts.Now().UTC().Truncate(time.Millisecond), string(signed)})
	if err != nil {
		return err
	}
	disk := c.opts.Files.Disk
	open := func(flag int) (durable.File, error) {
		if disk == nil {
			return os.OpenFile(path, flag, 0)
		}
		return disk.OpenFile(path, flag, 0)
	}
	if info, err := os.Stat(path); err == nil && info.Size() > mostLog {
		if err := c.opts.Files.Rename(path, path+olderSuffix); err != nil {
			return err
		}
	}
	f, err := open(os.O_RDWR | os.O_APPEND)
	if errors.Is(err, fs.ErrNotExist) {
		if f, err = c.opts.Files.Begin(path, 0o644); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	torn, err := isTorn(f)
	if err == nil {
		if torn {
			text = append([]byte{'\n'}, text...)
		}
		_, err = f.Write(append(text, '\n'))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// isTorn tells whether a file does not end with a line's end.
func isTorn(f durable.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

// withoutPath is what went wrong with a file, without its path: whoever is told knows the place.
func withoutPath(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s %s: %w", of.Op, filepath.Base(of.Path), of.Err)
	}
	return err
}
