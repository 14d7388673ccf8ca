package main

import (
	"io"
	"net"
	"slices"
	"sync"
)

// relay passes TCP connections on to an address, until it is cut, or until it holds back what it is given.
type relay struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	isCut    bool
	conns    []net.Conn
	held     [2]chan struct{} // bytes there, and back; nil: they pass; closed: they pass again
}

// The ways of a relay.
const (
	there = iota
	back
)

func newRelay(to string) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{listener: listener, to: to}
	go r.serve()
	return r, nil
}

func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) serve() {
	for {
		in, err := r.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", r.to)
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
		for way, pair := range [2][2]net.Conn{{out, in}, {in, out}} {
			go func() {
				_, _ = io.Copy(pair[0], &held{pair[1], func() { r.wait(way) }})
				_, _ = pair[0].Close(), pair[1].Close()
				r.forget(pair[0])
			}()
		}
	}
}

func (r *relay) forget(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = slices.DeleteFunc(r.conns, func(c net.Conn) bool { return c == conn })
}

// held is a connection whose bytes are handed on once wait returns.
type held struct {
	net.Conn
	wait func()
}

func (h *held) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.wait()
	return n, err
}

func (r *relay) wait(way int) {
	r.mu.Lock()
	held := r.held[way]
	r.mu.Unlock()
	if held != nil {
		<-held
	}
}

// cut ends all connections and refuses new ones, or lets them be made again.
func (r *relay) cut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isCut = cut; cut {
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.conns = nil
	}
}

// hold holds back what goes these ways, as a network does that loses packets: nobody is told. Without any, all passes.
func (r *relay) hold(ways ...int) {
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

// end ends it.
func (r *relay) end() {
	_ = r.listener.Close()
	r.cut(true)
	r.hold()
}
