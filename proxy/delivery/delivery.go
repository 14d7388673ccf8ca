// Package delivery gets events to vendors. It promises that a request carries what it was given and nothing else, that
// nothing is sent twice which a vendor might count twice, and that every attempt ends in an outcome.
package delivery

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// Header is a header of a request.
type Header struct {
	Name  string
	Value []byte
}

// Event is what goes to a vendor. Its bytes are only read, and only during Deliver.
type Event struct {
	Vendor  string // id of the recipient
	Host    string // role of the vendor's host
	Method  string
	Path    []byte
	Query   []byte
	Headers []Header
	Body    []byte
	Count   int      // events in it
	Taken   string   // where the answer, JSON, says how many of them the vendor took ("tracked"); "": its status tells all
	Asked   bool     // its answer is what the visitor wants: it comes over a connection of its own
	Relay   []int    // statuses of refusals whose bodies are wanted
	Gate    SendGate // nil: nobody is asked
}

// SendGate is asked when an event is about to leave, and told when it has left.
type SendGate interface {
	// BeforeFirstByte is called right before the first byte is written, after every wait for a connection. Where it says
	// no, nothing is written.
	BeforeFirstByte() bool
	// AfterLastByte is called once after each BeforeFirstByte that said yes: the kernel has the bytes, or they were cut.
	// It does not wait for an answer.
	AfterLastByte()
}

// Upstream is where one host of a vendor is reached.
type Upstream struct {
	Vendor  string
	Host    string
	Address string // "https://host:port/path"
	Private bool   // the address may be private or loopback
	Answer  int    // bytes of an answer that are read where an event is asked for it; 0 for the client's
}

// Options are the bounds of a [Client]. Zero values take the defaults given.
type Options struct {
	Upstreams []Upstream
	Timeout   time.Duration // of one attempt, connecting included; 3 s
	Conns     int           // open connections to one host; 64
	Wait      time.Duration // for a free connection; 50 ms
	Idle      time.Duration // after which a connection is closed; 5 s
	Answer    int           // bytes of an answer's body that are read; 64 KiB
	Places    int           // exchanges under way with one vendor, those that wait for a connection included; twice Conns
	TLS       *tls.Config   // for tests: roots of stand-ins; certificates are verified whatever it says
	Resolver  Resolver      // nil: the system's

	Now func() time.Time // what dates in answers are held against; nil: time.Now
	// told how long after its first byte a request was answered; may be nil
	Answers func(vendor string, after time.Duration)
}

// Client delivers directly: one attempt, now, over connections of its own to every host.
type Client struct {
	hosts map[[2]string]*host
	opts  Options
}

type host struct {
	client *fasthttp.HostClient
	alone  *fasthttp.HostClient // for events that are asked for an answer: none of its connections is used twice
	places *places              // of the vendor
	name   string               // Host header
	base   string               // path before the vendor's own
	thanks int                  // bytes of an answer's body that are read
	answer int                  // likewise, where an event is asked for it

	answers func(after time.Duration) // is told how long answers took; may be nil
}

// New makes a client. The error names the upstream that cannot be one.
func New(o Options) (*Client, error) {
	o.Timeout = cmp.Or(max(o.Timeout, 0), 3*time.Second)
	o.Conns = cmp.Or(max(o.Conns, 0), 64)
	o.Wait = cmp.Or(max(o.Wait, 0), 50*time.Millisecond)
	o.Idle = cmp.Or(max(o.Idle, 0), 5*time.Second)
	o.Answer = cmp.Or(max(o.Answer, 0), 64<<10)
	o.Places = cmp.Or(max(o.Places, 0), 2*o.Conns)
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{hosts: map[[2]string]*host{}, opts: o}
	vendors := map[string]*places{}
	for _, u := range o.Upstreams {
		h, err := o.host(u)
		if err != nil {
			return nil, fmt.Errorf("vendor %s, host %s: %w", u.Vendor, u.Host, err)
		}
		if vendors[u.Vendor] == nil {
			vendors[u.Vendor] = &places{most: int64(o.Places)}
		}
		h.places = vendors[u.Vendor]
		c.hosts[[2]string{u.Vendor, u.Host}] = h
	}
	return c, nil
}

func (o *Options) host(u Upstream) (*host, error) {
	parsed, err := url.Parse(u.Address)
	if err != nil || parsed.Host == "" || parsed.RawQuery != "" || parsed.User != nil || parsed.Scheme != "https" &&
		parsed.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address of a host: \"https://host\" is", u.Address)
	}
	secure := parsed.Scheme == "https"
	if !secure && !u.Private {
		return nil, fmt.Errorf("%q is not https: only a host marked private may be reached in the clear", u.Address)
	}
	port := parsed.Port()
	if port == "" {
		port = map[bool]string{true: "443", false: "80"}[secure]
	}
	d := dialer{private: u.Private, timeout: o.Timeout, resolver: o.Resolver}
	if secure {
		d.tls = o.secured(parsed.Hostname())
	}
	client := func() *fasthttp.HostClient {
		return &fasthttp.HostClient{
			Addr:                net.JoinHostPort(parsed.Hostname(), port),
			MaxConns:            o.Conns,
			MaxConnWaitTimeout:  o.Wait,
			MaxIdleConnDuration: o.Idle,
			ConnPoolStrategy:    fasthttp.LIFO,
			ReadBufferSize:      16 << 10,
			DialTimeout:         d.dial,
		}
	}
	h := &host{
		client: client(), alone: client(), name: parsed.Host, base: strings.TrimSuffix(parsed.EscapedPath(), "/"),
		thanks: o.Answer, answer: cmp.Or(max(u.Answer, 0), o.Answer),
	}
	if o.Answers != nil {
		h.answers = func(after time.Duration) { o.Answers(u.Vendor, after) }
	}
	return h, nil
}

// secured is how TLS is spoken to a host: its certificate is verified, whatever the options say.
func (o *Options) secured(name string) *tls.Config {
	c := o.TLS.Clone()
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c.ServerName, c.InsecureSkipVerify = name, false
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(o.Conns)
	}
	return c
}

// Deliver sends an event and waits for the vendor's answer, of which status, content type, Retry-After and body are put
// into answer: the body where it came whole, and for a refusal only where Relay lists its status and nothing else came
// over that connection. It does not retry what a vendor may have seen. The outcome has a status where one was read,
// also where the rest of the answer could not be.
func (c *Client) Deliver(e *Event, answer *fasthttp.Response) Outcome {
	h := c.hosts[[2]string{e.Vendor, e.Host}]
	if h == nil || len(e.Path) == 0 || e.Path[0] != '/' || len(e.Path) > 1 && e.Path[1] == '/' {
		return dropped(0, WhyTarget)
	}
	if !h.places.take() {
		return dropped(0, WhyOverload)
	}
	defer h.places.giveBack()
	got, err := h.deliver(e, answer, c.opts.Timeout)
	switch {
	case err != nil:
		answer.Reset()
		o := failed(err)
		o.Status = got.status
		return o
	case got.status >= 200 && got.status < 300:
		return taken(e, answer)
	default:
		return refused(got.status, asksToWait(answer.Header.Peek(fasthttp.HeaderRetryAfter), c.opts.Now))
	}
}

// deliver makes the request for an event, and exchanges it for an answer.
func (h *host) deliver(e *Event, answer *fasthttp.Response, within time.Duration) (reply, error) {
	room := requests.Get().(*[]byte)
	defer func() {
		if cap(*room) <= mostKept {
			requests.Put(room)
		}
	}()
	text, rest, err := h.request((*room)[:0], e)
	if err != nil {
		return reply{}, err
	}
	*room = text
	return h.exchange(request{text, rest}, answer, e, within)
}

func failed(err error) Outcome {
	switch {
	case errors.Is(err, ErrAddress):
		return dropped(0, WhyAddress)
	case errors.Is(err, errDial):
		return dropped(0, WhyDial)
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return dropped(0, WhyOverload)
	case errors.Is(err, errHeldBack):
		return dropped(0, WhyObjection)
	case errors.Is(err, errStale):
		return dropped(0, WhyStrayAnswer)
	case errors.Is(err, errUnsent):
		return dropped(0, WhyUnsent)
	case errors.Is(err, errTooLarge), errors.Is(err, errSpent):
		return unknown(WhyTooLarge)
	case errors.Is(err, errCoded):
		return unknown(WhyCoded)
	case errors.Is(err, fasthttp.ErrTimeout), isTimeout(err):
		return unknown(WhyTimeout)
	default:
		return unknown(WhyBroken)
	}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// Close closes the connections that are idle.
func (c *Client) Close() {
	for _, h := range c.hosts {
		h.client.CloseIdleConnections()
		h.alone.CloseIdleConnections()
	}
}
