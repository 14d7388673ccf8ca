package load

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// Sink stands at the vendor's end: it answers every request with 204, or as it is told, and notes the serial numbers of
// events that it took in the books of the run.
type Sink struct {
	listener net.Listener
	marker   []byte
	books    atomic.Pointer[Books]
	stray    atomic.Int64 // requests that came while no books were open
	requests atomic.Int64
	answer   atomic.Pointer[Answer]
	manner   atomic.Int32                  // a Manner
	held     atomic.Pointer[chan struct{}] // what answers wait for; nil: nothing
	waiting  atomic.Int64                  // requests whose answers do

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu; nil once closed
	all   sync.WaitGroup
}

// Answer appends the whole answer to a request with so many events, all of which were taken.
type Answer func(dst []byte, events int) []byte

// Manner is how a sink deals with what it is sent.
type Manner int32

// The manners.
const (
	Takes Manner = iota // all of it, and says so
	Fails               // it takes none, and answers 500
	Hangs               // it takes none, and never answers
)

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

// Requests is how many requests came so far, whatever became of them.
func (s *Sink) Requests() int64 { return s.requests.Load() }

// Say has the sink answer so from now on; nil: 204.
func (s *Sink) Say(a Answer) {
	if a == nil {
		s.answer.Store(nil)
		return
	}
	s.answer.Store(&a)
}

// Behave has the sink deal so with requests that come from now on. Those that it has left without an answer stay so.
func (s *Sink) Behave(m Manner) { s.manner.Store(int32(m)) }

// Hold has answers wait until Release, or until the sink is closed. What comes is noted at once.
func (s *Sink) Hold() {
	held := make(chan struct{})
	s.held.Store(&held)
}

// Release has the answers leave that wait.
func (s *Sink) Release() {
	if held := s.held.Swap(nil); held != nil {
		close(*held)
	}
}

// Waiting is how many answers wait for Release.
func (s *Sink) Waiting() int64 { return s.waiting.Load() }

// Close ends the sink and every connection to it.
func (s *Sink) Close() {
	_ = s.listener.Close()
	s.Release()
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
	var out []byte
	for {
		var err error
		if serials, err = s.read(in, serials[:0]); err != nil {
			return // a proxy closed its connection, or what it sent is no request: the books will tell
		}
		s.requests.Add(1)
		switch Manner(s.manner.Load()) {
		case Fails:
			out = append(out[:0], failure...)
		case Hangs:
			_, _ = in.ReadByte() // until the proxy has had enough
			return
		case Takes:
			s.note(serials)
			if out = append(out[:0], noContent...); s.answer.Load() != nil {
				out = (*s.answer.Load())(out[:0], len(serials))
			}
		}
		if held := s.held.Load(); held != nil {
			s.waiting.Add(1)
			<-*held
			s.waiting.Add(-1)
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

var failure = []byte("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")

// note writes what arrived into the books.
func (s *Sink) note(serials []uint64) {
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
