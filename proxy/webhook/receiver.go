package webhook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ReceiverOptions say who is told of objections, and how.
type ReceiverOptions struct {
	Name       string   // what messages are addressed with: it outlives a change of the address
	URL        string   // may hold placeholders behind its host, where there is a Request
	Events     []string // Objection, Withdrawal, Decision, AssessmentDue, Alarm
	Scopes     []string // only acts about one of these are told; nil: all. Acts about "all", and notices, always are
	SecretFile string   // signs; with a Request it is ${secret}
	Request    *Request // nil: a signed message as Standard Webhooks describes it

	Concurrency int  // messages that are sent at one time, about different people; 4
	Private     bool // it may be on a private or loopback address, and be reached without TLS
}

// Request is an HTTP request in which placeholders stand for what is told (see [Placeholders]).
type Request struct {
	Method      string            // "" is POST
	Headers     map[string]string // by name
	Body        string            // "": none
	ContentType string            // "" is application/json; or application/x-www-form-urlencoded, or one that ends in json
}

// Receiver is somebody who is told of objections.
type Receiver struct {
	opts    ReceiverOptions
	address template
	body    template
	headers map[string]template
	names   []string // identifiers that the request names
	secret  bool     // the request names the secret
}

// allScopes is the scope that every filter lets through.
const allScopes = "all"

// NewReceiver reads a receiver's templates.
func NewReceiver(o ReceiverOptions) (*Receiver, error) {
	r := &Receiver{opts: o, headers: map[string]template{}}
	if o.Request == nil {
		return r, nil
	}
	var err error
	read := func(text string) (t template) {
		if err == nil {
			t, err = parseTemplate(text)
		}
		for _, name := range t.names {
			if slices.Index(Placeholders(), name) < identifiers && !slices.Contains(r.names, name) {
				r.names = append(r.names, name)
			}
			r.secret = r.secret || name == "secret"
		}
		return t
	}
	r.address, r.body = read(o.URL), read(o.Request.Body)
	for name, text := range o.Request.Headers {
		r.headers[name] = read(text)
	}
	if err != nil {
		return nil, fmt.Errorf("the webhook %s: %w", o.Name, err)
	}
	return r, nil
}

// concurrency is how many messages are sent at one time.
func (r *Receiver) concurrency() int { return cmp.Or(max(r.opts.Concurrency, 0), 4) }

// Name is what messages are addressed with.
func (r *Receiver) Name() string { return r.opts.Name }

// Wants tells whether the receiver is to be told of an act.
func (r *Receiver) Wants(a *Act) bool {
	if !slices.Contains(r.opts.Events, a.Type) {
		return false
	}
	return a.Notice != nil || len(r.opts.Scopes) == 0 || slices.ContainsFunc(a.Scopes, func(scope string) bool {
		return scope == allScopes || slices.Contains(r.opts.Scopes, scope)
	})
}

// Signed tells whether messages are as Standard Webhooks describes them, and not requests of the receiver's own.
func (r *Receiver) Signed() bool { return r.opts.Request == nil }

// ErrNoIdentifier says that an act has not got an identifier that a receiver's request names: it cannot be told of it.
var ErrNoIdentifier = errors.New("no_identifier")

// Acts are what the receiver has to be told of an act: the act, or one for each identifier that its request
// names; none where it does not want to know.
func (r *Receiver) Acts(a *Act) ([]*Act, error) {
	if !r.Wants(a) {
		return nil, nil
	}
	if r.opts.Request == nil {
		return []*Act{a}, nil
	}
	acts := a.split(r.names)
	if len(acts) == 0 {
		return nil, ErrNoIdentifier
	}
	return acts, nil
}

// Message is an act of Acts as it waits to be told, sealed.
func (r *Receiver) Message(a *Act, key *[32]byte, random io.Reader) ([]byte, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("cannot write a message: %w", err)
	}
	return Seal(key, random, r.opts.Name, text)
}

// request makes the request that tells an act. The id stays the same over all attempts.
func (r *Receiver) request(ctx context.Context, a *Act, id string, now time.Time) (*http.Request, error) {
	if r.opts.Request == nil {
		return r.signed(ctx, a, id, now)
	}
	values := a.values()
	for _, name := range r.names {
		if values[name] == "" {
			return nil, ErrNoIdentifier
		}
	}
	if r.secret {
		secret, err := readSettled(r.opts.SecretFile, now, ReadToken)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errSecret, err)
		}
		values["secret"] = secret
	}
	asked := r.opts.Request
	kind, in := asked.ContentType, inJSON
	switch kind {
	case "":
		kind = "application/json"
	case "application/x-www-form-urlencoded":
		in = inForm
	}
	address, err := r.address.fill(values, inAddress)
	if err != nil {
		return nil, err
	}
	body, err := r.body.fill(values, in)
	if err != nil {
		return nil, err
	}
	method := asked.Method
	if method == "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, errNoAddress
	}
	request.Header.Set("User-Agent", "tagwarden")
	if body != "" {
		request.Header.Set("Content-Type", kind)
	}
	for name, text := range r.headers {
		value, err := text.fill(values, inHeader)
		if err != nil {
			return nil, err
		}
		request.Header.Set(name, value)
	}
	return request, nil
}

// signed makes a request as Standard Webhooks describes it.
func (r *Receiver) signed(ctx context.Context, a *Act, id string, now time.Time) (*http.Request, error) {
	secret, err := readSettled(r.opts.SecretFile, now, ReadSecret)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSecret, err)
	}
	body, err := a.message()
	if err != nil {
		return nil, fmt.Errorf("cannot write a message: %w", err)
	}
	return signed(ctx, r.opts.URL, id, now, secret, body)
}

// idOf names a message: its sealed bytes are no other's, and the same over all attempts. A notice is named by what it
// is about.
func idOf(a *Act, body []byte) string {
	sum := sha256.Sum256(body)
	if a.Notice != nil {
		sum = sha256.Sum256([]byte(a.Type + "\n" + a.Key))
	}
	return "msg_" + hex.EncodeToString(sum[:16])
}
