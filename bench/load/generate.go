package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long one hit may take before the run fails.
const patience = 10 * time.Second

// Run is one run of the generator.
type Run struct {
	Address string                                 // where to
	Conns   int                                    // connections, each with one hit under way at a time, kept alive
	Books   *Books                                 // numbers and account
	Render  func(dst []byte, serial uint64) []byte // appends a whole request that holds the serial number
}

// Result is how a run went.
type Result struct {
	Took     time.Duration
	P50, P99 time.Duration
}

// Do sends every hit of the books and waits for its answer. Whatever is not answered with 2xx ends the run.
func (r *Run) Do(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Uint64
	var times Times
	var all sync.WaitGroup
	from := time.Now()
	for range r.Conns {
		all.Go(func() {
			c := runConnection{run: r, next: &next, took: make([]int32, 0, int(r.Books.count)/r.Conns*2)}
			if err := c.send(ctx); err != nil {
				cancel(err)
			}
			times.add(c.took)
		})
	}
	all.Wait()
	took := time.Since(from)
	if err := context.Cause(ctx); err != nil {
		return Result{}, fmt.Errorf("cannot send hits to %s: %w", r.Address, err)
	}
	slices.Sort(times.all)
	at := func(share float64) time.Duration {
		return time.Duration(times.all[min(int(share*float64(len(times.all))), len(times.all)-1)]) * time.Microsecond
	}
	return Result{Took: took, P50: at(0.5), P99: at(0.99)}, nil
}

// runConnection is one client, who sends the next hit when the one before was answered.
type runConnection struct {
	run  *Run
	next *atomic.Uint64
	took []int32

	renewed time.Time // when the connection was given its deadline
	connection
}

func (c *runConnection) send(ctx context.Context) error {
	defer c.close()
	for ctx.Err() == nil {
		i := c.next.Add(1) - 1
		if i >= c.run.Books.count {
			return nil
		}
		serial := c.run.Books.first + i
		c.request = c.run.Render(c.request[:0], serial)
		if err := c.dial(ctx, c.run.Address); err != nil {
			return err
		}
		c.run.Books.Sent(serial)
		from := time.Now()
		if from.Sub(c.renewed) > time.Second { // now and then is enough: a deadline costs a timer
			if err := c.conn.SetDeadline(from.Add(patience)); err != nil {
				return err
			}
			c.renewed = from
		}
		last, err := c.exchange(serial)
		if err != nil {
			return err
		}
		c.took = append(c.took, int32(min(time.Since(from).Microseconds(), 1<<30)))
		c.run.Books.Answered()
		if last {
			c.close()
		}
	}
	return nil
}

// connection is one to the server, and the request that is ready to be sent over it.
type connection struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
}

func (c *connection) dial(ctx context.Context, address string) error {
	if c.conn != nil {
		return nil
	}
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return errors.Join(err, conn.Close())
	}
	c.take(conn)
	return nil
}

// take has hits go over a connection.
func (c *connection) take(conn net.Conn) { c.conn, c.in = conn, bufio.NewReaderSize(conn, 4096) }

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// exchange sends the request that is ready, and reads its answer, which has to be 2xx. It
// says whether the connection ends with it.
func (c *connection) exchange(serial uint64) (last bool, err error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return false, fmt.Errorf("hit %d: %w", serial, err)
	}
	status, last, err := readAnswer(c.in)
	if err != nil {
		return false, fmt.Errorf("answer to hit %d: %w", serial, err)
	}
	if status < 200 || status > 299 {
		return false, fmt.Errorf("hit %d was answered with %d", serial, status)
	}
	return last, nil
}

// readAnswer reads one response, and says whether the connection ends with it.
func readAnswer(in *bufio.Reader) (status int, last bool, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, false, fmt.Errorf("%q is no HTTP", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, fmt.Errorf("%q is no HTTP", line)
	}
	h, err := readHeader(in)
	if err != nil {
		return 0, false, err
	}
	if h.chunked {
		return 0, false, errors.New("chunked answers are not expected here")
	}
	_, err = in.Discard(h.length)
	return status, h.last, err
}

// header is what matters of a message's header here.
type header struct {
	length        int
	chunked, last bool
}

// readHeader reads up to and with the empty line.
func readHeader(in *bufio.Reader) (h header, err error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return h, nil
		}
		if line[0]|0x20 != 'c' && line[0]|0x20 != 't' { // fast path: most headers are none of these
			continue
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if h.length, err = strconv.Atoi(string(value)); err != nil || h.length < 0 {
				return h, fmt.Errorf("a length of %q", value)
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			h.chunked = true
		case bytes.EqualFold(name, []byte("connection")):
			h.last = bytes.EqualFold(value, []byte("close"))
		}
	}
}
