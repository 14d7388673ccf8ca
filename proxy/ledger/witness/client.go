// Package witness asks witnesses to sign what the forwarding log came to, as C2SP has it (c2sp.org/tlog-witness): each
// remembers how large it saw the log, and signs what goes on from there and nothing else, so that a log which was cut
// or rewritten is found by somebody who does not keep it.
//
// It promises that nobody waits for a witness but itself, that a checkpoint counts as witnessed only where as many
// signed it as were asked for, and that what a witness has seen of a log that was larger, or other, is told at once and
// after each start until that witness signs again.
package witness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Witness is one that is asked.
type Witness struct {
	URL string // its submission prefix
	Key *logkey.Witness
}

// Options are what a [Client] needs. Of what is optional the zero value takes the default given.
type Options struct {
	Dir        string        // the ledger's folder: StateFile and WitnessedFile stand in it
	Log        note.Verifier // the log's key
	Witnesses  []Witness
	Any        int                // how many of them make a checkpoint a witnessed one
	Checkpoint func() []byte      // the newest that the log signed; nil: none yet
	Tiles      func() *tree.Tiles // the log's
	Now        func() time.Time   // the clock; time.Now
	HTTP       *http.Client       // one that follows no redirect and waits 10 s
	Files      durable.Files

	// OnAsked is told how each exchange ended; the error holds no address. Nil: nobody is.
	OnAsked func(name string, outcome Outcome, err error)
	// OnDispute is told that a witness saw another log than the one that is here, or, with the zero Kind, that it signs
	// it again. It is called once for each change, and not for what was so at the start. Nil: nobody is.
	OnDispute func(d Dispute)
	// Fault is told that what is known cannot be kept, or the log not be read. Nil: nobody is.
	Fault func(err error)
}

// Client asks witnesses. Its methods may be called from many goroutines.
type Client struct {
	opts Options
	kick chan struct{}

	mu        sync.Mutex
	states    []State // of Options.Witnesses, in that order
	signed    []byte  // the checkpoint that is asked for now
	lines     []string
	witnessed []byte
}

// patience is how long an exchange may take.
const patience = 10 * time.Second

// delays are waited for before a witness that failed is asked again; the last one again and again.
var delays = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// New reads what was known before, which nobody needs: where it cannot be read, Fault is told and the witnesses are
// asked anew.
func New(o Options) *Client {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{
			Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: mostAnswer, IdleConnTimeout: time.Minute,
				TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			},
		}
	}
	if o.OnAsked == nil {
		o.OnAsked = func(string, Outcome, error) {}
	}
	if o.OnDispute == nil {
		o.OnDispute = func(Dispute) {}
	}
	if o.Fault == nil {
		o.Fault = func(error) {}
	}
	c := &Client{opts: o, kick: make(chan struct{}, 1), lines: make([]string, len(o.Witnesses))}
	known, err := ReadStates(o.Dir)
	if err != nil {
		o.Fault(err)
	}
	for _, w := range o.Witnesses {
		c.states = append(c.states, stateOf(known, w))
	}
	c.witnessed = c.readWitnessed()
	return c
}

// Kick says that there is a newer checkpoint. It does not wait.
func (c *Client) Kick() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// Run asks until the context ends, and returns when nothing is under way any more.
func (c *Client) Run(ctx context.Context) {
	for ctx.Err() == nil {
		due := c.round(ctx)
		timer := time.NewTimer(due)
		select {
		case <-ctx.Done():
		case <-c.kick:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// idle is how long nobody is asked where there is no news and nobody failed.
const idle = time.Hour

// round asks every witness that has not signed the newest checkpoint and is not let be, all of them at once, and
// returns after which time somebody is to be asked again. All are asked for one checkpoint, so that their signatures
// come together below it.
func (c *Client) round(ctx context.Context) (due time.Duration) {
	now, err := c.newest()
	if err != nil {
		c.opts.Fault(err)
	}
	if now == nil || now.tree.N == 0 {
		return idle
	}
	c.begin(now)
	var all sync.WaitGroup
	asked := false
	for i := range c.opts.Witnesses {
		if c.isDue(i) {
			asked = true
			all.Go(func() { c.ask(ctx, i, now) })
		}
	}
	all.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if asked {
		if err := writeStates(c.opts.Files, c.opts.Dir, c.states); err != nil {
			c.opts.Fault(err)
		}
	}
	due = idle
	for i := range c.states {
		if c.lines[i] == "" {
			due = min(due, max(c.states[i].until.Sub(c.opts.Now()), time.Millisecond))
		}
	}
	return due
}

// newest is the log's newest checkpoint; nil: there is none.
func (c *Client) newest() (*checkpoint, error) {
	signed := c.opts.Checkpoint()
	if signed == nil {
		return nil, nil
	}
	read, err := tree.OpenCheckpoint(signed, c.opts.Log)
	if err != nil {
		return nil, fmt.Errorf("no witness can be asked: %w", err)
	}
	return &checkpoint{signed, read.Tree}, nil
}

// begin makes a checkpoint the one that is asked for.
func (c *Client) begin(now *checkpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if string(c.signed) != string(now.signed) {
		c.signed = now.signed
		clear(c.lines)
	}
}

// isDue tells whether a witness is to be asked now.
func (c *Client) isDue(i int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines[i] == "" && !c.opts.Now().Before(c.states[i].until)
}

// ask asks one witness, and notes what it said.
func (c *Client) ask(ctx context.Context, i int, now *checkpoint) {
	c.mu.Lock()
	s := c.states[i] // nobody else changes it meanwhile
	c.mu.Unlock()
	before := s.Dispute
	w := &c.opts.Witnesses[i]
	got, err := c.exchange(ctx, w, &s, now)
	if ctx.Err() != nil && err != nil {
		return // it was not the witness who ended it
	}
	s.Tried = c.opts.Now().UTC().Truncate(time.Second)
	outcome := Signed
	if err != nil {
		outcome = s.failed(err, c.opts.Now())
	} else {
		s.signed(got, now)
	}
	c.mu.Lock()
	c.states[i] = s
	if err == nil {
		c.lines[i] = got.line
		c.keep()
	}
	c.mu.Unlock()
	c.opts.OnAsked(w.Key.Name(), outcome, err)
	if before.Kind != s.Dispute.Kind {
		c.opts.OnDispute(s.Dispute)
	}
}

// keep makes the checkpoint that is asked for the witnessed one, where enough have signed it. The mutex is held.
func (c *Client) keep() {
	if n := len(c.lines) - count(c.lines, ""); n < c.opts.Any {
		return
	}
	c.witnessed = []byte(string(c.signed) + strings.Join(c.lines, ""))
	if err := c.opts.Files.Replace(filepath.Join(c.opts.Dir, WitnessedFile), c.witnessed, 0o600); err != nil {
		c.opts.Fault(fmt.Errorf("the witnessed checkpoint cannot be kept: %w", err))
	}
}

func count(all []string, text string) (n int) {
	for _, one := range all {
		if one == text {
			n++
		}
	}
	return n
}

// Witnessed is the newest checkpoint that enough witnesses signed, with their signatures; nil: there is none.
func (c *Client) Witnessed() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.witnessed
}

// States are what is known of each witness.
func (c *Client) States() []State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.states)
}

// Disputed says which witness saw another log than the one that is here; "": none did.
func (c *Client) Disputed() string {
	for _, s := range c.States() {
		if s.Dispute.Kind != "" {
			return s.Dispute.String()
		}
	}
	return ""
}

// readWitnessed reads the witnessed checkpoint that was kept; nil where there is none, or by whom it was signed is not
// enough now.
func (c *Client) readWitnessed() []byte {
	signed, err := ReadWitnessed(c.opts.Dir)
	if err != nil || signed == nil {
		if err != nil {
			c.opts.Fault(err)
		}
		return nil
	}
	var keys []note.Verifier
	for _, w := range c.opts.Witnesses {
		keys = append(keys, w.Key)
	}
	read, err := tree.OpenCheckpoint(signed, c.opts.Log, keys...)
	if err != nil {
		c.opts.Fault(errors.Join(errors.New("the witnessed checkpoint that was kept is not gone by"), err))
		return nil
	}
	if len(read.Signed)-1 < c.opts.Any {
		return nil
	}
	return signed
}
