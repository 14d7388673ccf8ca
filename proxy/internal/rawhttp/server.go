package rawhttp

import (
	"fmt"
	"net"
	"sync"
)

// Server is a TCP server on loopback that does with each connection what its handler says.
type Server struct {
	listener net.Listener
	handle   func(*Conn)
	ended    sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]bool // nil once closed
	accepted int
}

// Serve starts a server. The connection is closed when the handler returns.
func Serve(handle func(*Conn)) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	return ServeOn(l, handle), nil
}

// ServeOn starts a server on a listener.
func ServeOn(l net.Listener, handle func(*Conn)) *Server {
	s := &Server{listener: l, handle: handle, conns: map[net.Conn]bool{}}
	s.ended.Go(s.accept)
	return s
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Accepted is how many connections there were so far.
func (s *Server) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Close ends the server and its connections, and waits for the handlers.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.ended.Wait()
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.accepted++
		s.conns[c] = true
		s.ended.Go(func() { s.serve(c) })
		s.mu.Unlock()
	}
}

func (s *Server) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	s.handle(NewConn(c))
}
