package natstest

import (
	"io"
	"net"
	"slices"
	"sync"
)

// Relay passes TCP connections on, until it is cut, or until it holds back what it is given.
type Relay struct {
	listener net.Listener
	to       func() string
	mu       sync.Mutex
	isCut    bool
	conns    []net.Conn
	held     [2]chan struct{} // bytes to the server, and from it; nil: they pass; closed: they pass again
}

// The ways of a relay.
const (
	ToServer = iota
	FromServer
)

// NewRelay makes one. Whom it leads to is asked for each connection.
func NewRelay(to func() string) (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of a test
	if err != nil {
		return nil, err
	}
	r := &Relay{listener: listener, to: to}
	go r.serve()
	return r, nil
}

// Addr is where it listens.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

func (r *Relay) serve() {
	for {
		in, err := r.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", r.to()) //nolint:noctx // of a test
		if err != nil {
			_ = in.Close()
			continue
		}
		r.mu.Lock()
		if r.isCut {
			_, _ = in.Close(), out.Close()
		} else {
			r.conns = append(r.conns, in, out)
		}
		r.mu.Unlock()
		for way, pair := range [][2]net.Conn{{out, in}, {in, out}} {
			go func() {
				_, _ = io.Copy(pair[0], &held{pair[1], func() { r.wait(way) }})
				_, _ = pair[0].Close(), pair[1].Close()
			}()
		}
	}
}

// held is a connection whose bytes are handed on once wait returns.
type held struct {
	net.Conn
	wait func()
}

// Read is that of [net.Conn].
func (h *held) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.wait()
	return n, err
}

// wait waits as long as bytes that go one way are held back.
func (r *Relay) wait(way int) {
	r.mu.Lock()
	held := r.held[way]
	r.mu.Unlock()
	if held != nil {
		<-held
	}
}

// Hold holds back what goes these ways, as a network does that loses packets: nobody is told. Without any, all passes.
func (r *Relay) Hold(ways ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for way := range r.held {
		switch hold := slices.Contains(ways, way); {
		case hold && r.held[way] == nil:
			r.held[way] = make(chan struct{})
		case !hold && r.held[way] != nil:
			close(r.held[way])
			r.held[way] = nil
		}
	}
}

// Cut ends all connections and refuses new ones, or lets them be made again.
func (r *Relay) Cut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isCut = cut; cut {
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.conns = nil
	}
}

// End ends it.
func (r *Relay) End() {
	_ = r.listener.Close()
	r.Cut(true)
	r.Hold()
}
