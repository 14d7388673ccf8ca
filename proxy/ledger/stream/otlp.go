package stream

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// OTLPOptions say how a receiver of OpenTelemetry logs is reached.
type OTLPOptions struct {
	URL        string
	Headers    map[string]string // ${secret} stands for what the file holds
	SecretFile string
	TLS        func() *tls.Config // as it is to be spoken now; nil: as the machine does
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	Host       string // the node's name
	Version    string
	Now        func() time.Time
}

// OTLP is a receiver of OpenTelemetry logs: OTLP/HTTP in JSON, packed with gzip.
type OTLP struct {
	opts   OTLPOptions
	client *http.Client
	spoken *tls.Config // by the client
	took   bool        // it has taken records
	packer *gzip.Writer
	text   []byte
	body   bytes.Buffer
}

// NewOTLP makes one. It follows no redirect and goes through no proxy, which could lead elsewhere.
func NewOTLP(o OTLPOptions) *OTLP {
	made := &OTLP{opts: o, packer: gzip.NewWriter(io.Discard)}
	made.connectAs()
	return made
}

// connectAs has connections be made as TLS is to be spoken now. Those that were made otherwise are not used again.
func (o *OTLP) connectAs() {
	var spoken *tls.Config
	if o.opts.TLS != nil {
		spoken = o.opts.TLS()
	}
	if o.client != nil {
		if spoken == o.spoken {
			return
		}
		o.client.CloseIdleConnections()
	}
	o.spoken = spoken
	o.client = &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: o.opts.Dial, TLSClientConfig: spoken.Clone(), TLSHandshakeTimeout: patience / 2,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: mostAnswer, IdleConnTimeout: 90 * time.Second,
		},
	}
}

// mostAnswer is how much is read of an answer, in bytes.
const mostAnswer = 64 << 10

// Err is nil: each request is answered.
func (o *OTLP) Err() error { return nil }

// Close ends connections that rest.
func (o *OTLP) Close() { o.client.CloseIdleConnections() }

// errRefused says that records will not be taken, however often they are sent.
var errRefused = errors.New("the receiver will not take the records")

// Send posts a batch. Where it is refused as it is, halves of it are tried: what is refused by itself is given up, once
// the receiver has taken others. One that has never taken any is set up wrongly, and nothing is given up.
func (o *OTLP) Send(ctx context.Context, batch []Record) (Sent, error) {
	rejected, after, err := o.post(ctx, batch)
	switch {
	case err == nil:
		o.took = o.took || rejected < uint64(len(batch))
		return Sent{Taken: len(batch), Refused: refused(batch, rejected)}, nil
	case !errors.Is(err, errRefused):
		return Sent{After: after}, err
	case len(batch) > 1:
		first, err := o.Send(ctx, batch[:len(batch)/2])
		if err != nil {
			return first, err
		}
		rest, err := o.Send(ctx, batch[len(batch)/2:])
		return Sent{first.Taken + rest.Taken, append(first.Refused, rest.Refused...), rest.After}, err
	case o.took:
		return Sent{Taken: 1, Refused: refused(batch, 1)}, nil
	}
	return Sent{}, err
}

// refused says that so many of a batch were refused, of which the receiver does not say which they are.
func refused(batch []Record, n uint64) []Gap {
	if n == 0 {
		return nil
	}
	return []Gap{{batch[0].Number, batch[len(batch)-1].Number + 1, min(n, uint64(len(batch))), WhyRefused}}
}

// refusals are statuses that a request is answered with which is wrong itself, and not the way it came.
var refusals = []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}

// post sends a request. Rejected is how many records of it the receiver took the others of (partialSuccess): it may not
// come again.
func (o *OTLP) post(ctx context.Context, batch []Record) (rejected uint64, after time.Duration, err error) {
	o.text = o.appendLogs(o.text[:0], batch)
	o.body.Reset()
	o.packer.Reset(&o.body)
	if _, err := o.packer.Write(o.text); err != nil {
		return 0, 0, err
	}
	if err := o.packer.Close(); err != nil {
		return 0, 0, err
	}
	request, err := o.request(ctx)
	if err != nil {
		return 0, 0, err
	}
	o.connectAs()
	answer, err := o.client.Do(request)
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err
		}
		return 0, 0, fmt.Errorf("nobody answers: %w", withoutAddress(err))
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, mostAnswer)) // what of it is there
	switch status := answer.StatusCode; {
	case status/100 == 2:
		n := gjson.GetBytes(said, "partialSuccess.rejectedLogRecords").Int()
		return uint64(min(max(n, 0), int64(len(batch)))), 0, nil
	case slices.Contains(refusals, status):
		return 0, 0, fmt.Errorf("%w: the answer has the status %d", errRefused, status)
	default:
		after, _ = delivery.RetryAfter([]byte(strings.TrimSpace(answer.Header.Get("Retry-After"))), o.opts.Now())
		return 0, after, fmt.Errorf("the answer has the status %d", status)
	}
}

// request makes a request of what was packed.
func (o *OTLP) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.opts.URL, bytes.NewReader(o.body.Bytes()))
	if err != nil {
		return nil, errors.New("the address is none")
	}
	secret, err := ReadSecret(o.opts.SecretFile)
	if err != nil {
		return nil, err
	}
	for name, value := range o.opts.Headers {
		request.Header.Set(name, strings.ReplaceAll(value, "${secret}", secret))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	request.Header.Set("User-Agent", "tagwarden")
	return request, nil
}

// ReadSecret reads a file that holds what ${secret} stands for, without white space around it; "": there is none.
func ReadSecret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := namedfile.Read(file, namedfile.Secret)
	if err != nil {
		return "", namedfile.Unread("the receiver's secret", file, "a file with one line of text", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fmt.Errorf("%s: one line of letters, digits and signs of ASCII is a secret", file)
	}
	return secret, nil
}
