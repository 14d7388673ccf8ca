package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// vendor is a stand-in for one, on loopback, that does as its script says.
type vendor struct {
	listener net.Listener
	asked    atomic.Int64 // requests that came
	closing  chan struct{}

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu; nil once closed
	all   sync.WaitGroup
}

// call is one connection of the proxy to a vendor.
type call struct {
	net.Conn
	in *bufio.Reader
	v  *vendor
}

// newVendor opens a vendor. The script deals with one connection; when it returns the connection is closed.
func newVendor(script func(*call)) (*vendor, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	v := &vendor{listener: l, conns: map[net.Conn]bool{}, closing: make(chan struct{})}
	v.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			v.mu.Lock()
			if v.conns == nil {
				v.mu.Unlock()
				_ = c.Close()
				return
			}
			v.conns[c] = true
			v.all.Go(func() {
				script(&call{c, bufio.NewReader(c), v})
				_ = c.Close()
				v.mu.Lock()
				defer v.mu.Unlock()
				delete(v.conns, c)
			})
			v.mu.Unlock()
		}
	})
	return v, nil
}

// at is where it listens.
func (v *vendor) at() string { return v.listener.Addr().String() }

// close ends it and every connection to it.
func (v *vendor) close() {
	_ = v.listener.Close()
	close(v.closing)
	v.mu.Lock()
	for c := range v.conns {
		_ = c.Close()
	}
	v.conns = nil
	v.mu.Unlock()
	v.all.Wait()
}

// request reads one request, its body unpacked.
func (c *call) request() (*http.Request, []byte, error) {
	r, err := http.ReadRequest(c.in)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, err
	}
	c.v.asked.Add(1)
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, nil, err
		}
		if body, err = io.ReadAll(unpacked); err != nil {
			return nil, nil, err
		}
	}
	return r, body, nil
}

// answering is a script: each request is answered with what the function gives.
func answering(f func(r *http.Request, body []byte) string) func(*call) {
	return func(c *call) {
		for {
			r, body, err := c.request()
			if err != nil {
				return
			}
			if _, err := io.WriteString(c, f(r, body)); err != nil {
				return
			}
		}
	}
}

// noContent is the script of a vendor that takes everything.
var noContent = answering(func(*http.Request, []byte) string { return "HTTP/1.1 204 No Content\r\n\r\n" })

// silent is the script of one that reads and never answers.
func silent(c *call) {
	if _, _, err := c.request(); err == nil {
		<-c.v.closing
	}
}

// response is an answer with a body.
func response(status int, lines, body string) string {
	return "HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n" + lines + "Content-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n" + body
}
