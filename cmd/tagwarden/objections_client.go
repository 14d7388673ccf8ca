package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// client is the operator's API: of the server that runs on a data folder, or in this process where none runs.
type client struct {
	client *http.Client
	close  func() error
	here   bool // no server runs: the data folder is locked until close

	base   string // the server's address, where it is elsewhere; "": it is reached through the data folder
	bearer string // the token for it
}

// loadOrServing reads a configuration. Of one with faults, on whose data folder a server runs, which goes on with what
// it read before, the server file is returned alone, without a policy: that server can be asked.
func loadOrServing(t *terminal, file string) (*config.Loaded, int) {
	loaded, err := config.Load(file)
	if err == nil {
		return loaded, fine
	}
	server, unreadable := config.ReadServer(file)
	if unreadable == nil && isServed(server.Data) {
		t.hint("what the files say is not what serves, since something is wrong with them (`tagwarden check` says what): " +
			"the server that runs is asked")
		return &config.Loaded{Server: *server}, fine
	}
	printf(t.err, "%v\n", err)
	beginBy(t, file)
	return nil, usage
}

// isServed tells whether a process has a data folder.
func isServed(data string) bool {
	if missing(data) {
		return false
	}
	lock, err := proxy.LockData(data)
	if err == nil {
		_ = lock.Release()
	}
	return errors.Is(err, proxy.ErrLocked)
}

// openAPI reaches the API. Because says why an older copy of the objections is accepted; "" refuses one.
func (t *terminal) openAPI(ctx context.Context, loaded *config.Loaded, because string) (*client, error) {
	if loaded.Policy == nil {
		return remote(loaded), nil
	}
	root, err := rootFor(ctx, &loaded.Server)
	if err != nil {
		return nil, err
	}
	s, err := proxy.New(loaded, proxy.Options{
		Root: root, Node: t.node, Version: version, Now: t.now, Aside: true, Because: because,
		Log: logger(t).WithOptions(zap.IncreaseLevel(zap.ErrorLevel)),
	})
	if errors.Is(err, proxy.ErrLocked) && because == "" {
		return remote(loaded), nil
	}
	if err != nil {
		return nil, err
	}
	t.sayShut(s.Shut())
	return calling(s.Operator(), s.Release), nil
}

// calling is a client of a handler in this process. What was begun in it has ended before release is called: nobody but
// it takes away what it wrote, and the process ends then.
func calling(handler http.Handler, release func() error) *client {
	under := new(sync.WaitGroup)
	return &client{client: &http.Client{Transport: local{handler: handler, under: under}}, here: true,
		close: func() error {
			under.Wait()
			return release()
		}}
}

// openTokens reaches the part of the API that tokens are made with. It does not need the objections.
func (t *terminal) openTokens(loaded *config.Loaded) (*client, error) {
	data := loaded.Server.Data
	lock, err := proxy.LockData(data)
	if errors.Is(err, proxy.ErrLocked) {
		return remote(loaded), nil
	}
	if err != nil {
		return nil, err
	}
	t.sayShut(lock.Shut)
	tokens, err := access.OpenTokens(data)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	handler := api.New(api.Options{Tokens: tokens, Operator: true, Now: t.now})
	return calling(handler, lock.Release), nil
}

// sayShut says that others could enter the data folder, where they could.
func (t *terminal) sayShut(said string) {
	if said != "" {
		printf(t.err, "%s\n", said)
	}
}

func remote(loaded *config.Loaded) *client {
	transport := proxy.ControlTransport(loaded.Server.Data)
	return &client{client: &http.Client{Transport: transport}, close: func() error { return nil }}
}

// send sends a call, with a body where it is not nil, and returns the answer's body for the caller to close. An answer
// that is a problem is a *problem.Document.
func (c *client) send(ctx context.Context, method, path string, body []byte) (io.ReadCloser, error) {
	base := cmp.Or(c.base, "http://tagwarden")
	request, err := http.NewRequestWithContext(ctx, method, base+api.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, interruptedCall{ctx.Err()}
	case err != nil && c.base != "":
		return nil, fmt.Errorf("%s cannot be reached: %w", c.base, errors.Unwrap(err))
	case err != nil:
		return nil, fmt.Errorf("%w: %w", proxy.ErrUnreachable, errors.Unwrap(err))
	}
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusAccepted {
		return response.Body, nil
	}
	defer func() { _ = response.Body.Close() }()
	var p problem.Document
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&p)
	switch {
	case err == nil && p.Status != 0:
	case c.base != "":
		return nil, fmt.Errorf("%s answers with status %d, and not as tagwarden's admin listener does", c.base,
			response.StatusCode)
	default:
		return nil, fmt.Errorf("%w: it answers with status %d; it may be of another version", proxy.ErrUnreachable,
			response.StatusCode)
	}
	return nil, &p
}

// interruptedCall is that nobody waited for the answer any more: what the server had begun, it undoes or ends.
type interruptedCall struct{ why error }

// Error says so.
func (interruptedCall) Error() string { return "interrupted before the answer came" }

// Unwrap is the context's error.
func (i interruptedCall) Unwrap() error { return i.why }

// call sends a call with a value as its body, nil for none, and reads the answer into another.
func (c *client) call(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return c.callText(ctx, method, path, text, into)
}

// callText is call where the body is written already.
func (c *client) callText(ctx context.Context, method, path string, body []byte, into any) error {
	answer, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }()
	return json.NewDecoder(answer).Decode(into)
}

// local carries requests to a handler in this process. Bodies stream both ways.
type local struct {
	handler http.Handler
	under   *sync.WaitGroup // calls that have not ended; nil: nobody waits for them
}

// RoundTrip calls the handler. One that breaks off with http.ErrAbortHandler breaks the answer off.
func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	answer := &streamed{header: http.Header{}, body: writer, begun: make(chan struct{})}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	under := l.under
	if under == nil {
		under = new(sync.WaitGroup)
	}
	under.Go(func() {
		defer func() {
			answer.begin(http.StatusOK)
			if recover() != nil {
				_ = writer.CloseWithError(io.ErrUnexpectedEOF)
				return
			}
			_ = writer.Close()
		}()
		l.handler.ServeHTTP(answer, r)
	})
	select {
	case <-answer.begun:
		return &http.Response{StatusCode: answer.status, Header: answer.sent, Body: reader, Request: r}, nil
	case <-r.Context().Done():
		_ = reader.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
}

// streamed is an answer that is read while it is written.
type streamed struct {
	header, sent http.Header
	body         *io.PipeWriter
	once         sync.Once
	status       int
	begun        chan struct{}
}

// Header is written to before the answer begins.
func (s *streamed) Header() http.Header { return s.header }

// WriteHeader begins the answer.
func (s *streamed) WriteHeader(status int) { s.begin(status) }

// Write hands bytes to whoever reads the answer.
func (s *streamed) Write(b []byte) (int, error) {
	s.begin(http.StatusOK)
	return s.body.Write(b)
}

func (s *streamed) begin(status int) {
	s.once.Do(func() {
		s.status, s.sent = status, s.header.Clone()
		close(s.begun)
	})
}

// failed says why a call came to nothing.
func (t *terminal) failed(err error) int {
	p, alone := err.(*problem.Document) //nolint:errorlint // what stands around it is to be said, too
	if alone && t.set != nil {
		err = errors.New(byFlags(p, t.set))
	}
	t.fail("%v", err)
	if p, ok := errors.AsType[*problem.Document](err); ok && p.Status == http.StatusUnprocessableEntity {
		return usage
	}
	if errors.Is(err, os.ErrPermission) {
		t.hint("the data folder belongs to the user that the server runs as")
	}
	return usage
}

// with reads a configuration, reaches the API and does something with it.
func (t *terminal) with(ctx context.Context, file string, do func(loaded *config.Loaded, c *client) int) int {
	loaded, code := loadOrServing(t, file)
	if loaded == nil {
		return code
	}
	c, err := t.openAPI(ctx, loaded, "")
	if err != nil {
		return t.failed(err)
	}
	code = do(loaded, c)
	if err := c.close(); err != nil {
		return t.failed(err)
	}
	return code
}

// byFlags is what is wrong with a call, said by the flags that it was made of in place of the members of its body.
func byFlags(p *problem.Document, set *flag.FlagSet) string {
	of := *p
	of.Faults = slices.Clone(p.Faults)
	for i := range of.Faults {
		f := &of.Faults[i]
		if number, _, found := strings.Cut(strings.TrimPrefix(f.Pointer, "/subjects/"), "/"); found &&
			strings.HasPrefix(f.Pointer, "/subjects/") {
			if n, err := strconv.Atoi(number); err == nil {
				of.Detail, f.Parameter = "nothing was looked up", sprintf("identifier %d", n+1)
				continue
			}
		}
		for member := range strings.SplitSeq(strings.TrimPrefix(cmp.Or(f.Parameter, f.Pointer), "/"), "/") {
			name := strings.ReplaceAll(member, "_", "-")
			if one := strings.TrimSuffix(name, "s"); set.Lookup(name) == nil && set.Lookup(one) != nil {
				name = one
			}
			if set.Lookup(name) != nil {
				f.Parameter = dashed(name)
				if class, _, found := strings.Cut(strings.TrimPrefix(f.Pointer, "/ids/"), "/"); found && member == "ids" {
					f.Parameter += " " + class
				}
				break
			}
		}
	}
	return of.Error()
}
