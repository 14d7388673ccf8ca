package load

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// Sink stands at the vendor's end: it answers every request with 204 and notes its serial number in the books of the run.
type Sink struct {
	listener net.Listener
	marker   []byte
	books    atomic.Pointer[Books]
	stray    atomic.Int64 // requests that came while no books were open

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu; nil once closed
	all   sync.WaitGroup
}

// NewSink opens a sink on loopback. The serial number is what follows marker, in the target or in the body.
func NewSink(marker string) (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{listener: l, marker: []byte(marker), conns: map[net.Conn]bool{}}
	s.all.Go(s.accept)
	return s, nil
}

// Address is where the sink listens.
func (s *Sink) Address() string { return s.listener.Addr().String() }

// Open makes the sink write to these books, nil for none.
func (s *Sink) Open(b *Books) { s.books.Store(b) }

// Stray is how many requests came while no books were open.
func (s *Sink) Stray() int64 { return s.stray.Load() }

// Close ends the sink and every connection to it.
func (s *Sink) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.all.Wait()
}

func (s *Sink) accept() {
	for {
		c, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = true
		s.all.Go(func() { s.serve(c) })
		s.mu.Unlock()
	}
}

var noContent = []byte("HTTP/1.1 204 No Content\r\n\r\n")

func (s *Sink) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	in := bufio.NewReaderSize(c, mostRequest)
	var serials []uint64
	for {
		var err error
		if serials, err = s.read(in, serials[:0]); err != nil {
			return // a proxy closed its connection, or what it sent is no request: the books will tell
		}
		switch b := s.books.Load(); {
		case b == nil:
			s.stray.Add(1)
		case len(serials) == 0:
			b.Strange()
		default:
			for _, serial := range serials {
				b.Arrived(serial)
			}
		}
		if _, err := c.Write(noContent); err != nil {
			return
		}
	}
}

// mostRequest is how long the body of a request may be: that of many events in one.
const mostRequest = 1 << 20

// read reads one request, and appends the serial numbers that it holds: of its target, or else of its body.
func (s *Sink) read(in *bufio.Reader, serials []uint64) ([]uint64, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	serials = numbersAfter(serials, line, s.marker)
	h, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	if h.chunked {
		return nil, errors.New("chunked requests are not expected here")
	}
	body, err := in.Peek(h.length)
	if err != nil {
		return nil, err
	}
	if len(serials) == 0 {
		serials = numbersAfter(serials, body, s.marker)
	}
	_, err = in.Discard(h.length)
	return serials, err
}

// numbersAfter appends the decimal numbers that follow a marker.
func numbersAfter(dst []uint64, text, marker []byte) []uint64 {
	for {
		_, rest, found := bytes.Cut(text, marker)
		if !found {
			return dst
		}
		n, digits := uint64(0), 0
		for _, c := range rest {
			if c < '0' || c > '9' || digits == 18 {
				break
			}
			n = n*10 + uint64(c-'0')
			digits++
		}
		if text = rest; digits > 0 {
			dst = append(dst, n)
		}
	}
}
