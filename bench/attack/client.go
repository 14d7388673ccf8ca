package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// line is a client's connection.
type line struct {
	net.Conn
	in *bufio.Reader
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	last   bool // the connection ends with it
}

// dial connects from an address of this machine, "" for any. The time is for all that is done on the connection.
func dial(ctx context.Context, from, to string, within time.Duration) (*line, error) {
	d := net.Dialer{Timeout: within, KeepAlive: -1}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	c, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &line{c, bufio.NewReaderSize(c, 4096)}, nil
}

// ask sends a request and reads its answer. While it is sent the answer is waited for: a server may refuse what
// it has not read to its end, and close.
func (l *line) ask(request []byte) (*answer, error) {
	sent := make(chan error, 1)
	if len(request) > 32<<10 {
		go func() {
			_, err := l.Write(request)
			sent <- err
		}()
	} else {
		_, err := l.Write(request)
		sent <- err
	}
	a, err := l.read()
	if err != nil {
		_ = l.SetDeadline(time.Unix(1, 0)) // so that the writing ends
		if failed := <-sent; failed != nil && !errors.Is(failed, os.ErrDeadlineExceeded) {
			err = failed
		}
		return nil, err
	}
	if a.last {
		_ = l.SetWriteDeadline(time.Unix(1, 0))
	}
	if err := <-sent; err != nil {
		a.last = true // it was answered before it was read: nothing more can be sent
	}
	return a, nil
}

func (l *line) read() (*answer, error) {
	r, err := http.ReadResponse(l.in, &http.Request{Method: http.MethodPost})
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	return &answer{r.StatusCode, r.Header, body, r.Close}, nil
}

// once sends a request over a connection of its own. It returns what came of it in a word: a
// status, or how the connection failed.
func once(ctx context.Context, from, to string, request []byte, within time.Duration) (*answer, string) {
	l, err := dial(ctx, from, to, within)
	if err != nil {
		return nil, word(err)
	}
	defer func() { _ = l.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = l.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	a, err := l.ask(request)
	if err != nil {
		return nil, word(err)
	}
	return a, strconv.Itoa(a.status)
}

// asker returns a function that sends requests over a connection that it keeps as long as it can, and says in a word
// what came of each. It is called with nil at the end.
func asker(ctx context.Context, to string) func(request []byte) string {
	var l *line
	return func(request []byte) string {
		if l == nil && request != nil {
			var err error
			if l, err = dial(ctx, "", to, 20*time.Second); err != nil {
				pause(ctx, 50*time.Millisecond)
				return word(err)
			}
		}
		if request == nil {
			if l != nil {
				_ = l.Close()
			}
			return ""
		}
		if err := l.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return word(err)
		}
		a, err := l.ask(request)
		if err != nil || a.last {
			_ = l.Close()
			l = nil
		}
		if err != nil {
			return word(err)
		}
		return strconv.Itoa(a.status)
	}
}

// word says in a word how a connection failed.
func word(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "stopped"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EMFILE):
		return "no socket here"
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	default:
		return "failed"
	}
}

// post is a POST with a body of known length. Header lines end with CR LF each.
func post(path, lines string, body []byte) []byte {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "+
		"Chrome/141.0.0.0 Safari/537.36\r\n%sContent-Length: %d\r\n\r\n",
		path, host, origin, lines, len(body))
	return append([]byte(head), body...)
}

const (
	asJSON = "Content-Type: application/json\r\n"
	asForm = "Content-Type: application/x-www-form-urlencoded\r\n"
	zipped = "Content-Encoding: gzip\r\n"
)

// loopback is the n-th address of a network of loopback, at most 250 in a block of 256.
func loopback(network string, n int) string {
	return network + "." + strconv.Itoa(n/250) + "." + strconv.Itoa(1+n%250)
}

// healthy asks the path that balancers ask.
func healthy(ctx context.Context, from, to string) string {
	request := strings.Join([]string{"GET /.tagwarden/health HTTP/1.1", "Host: " + host, "Connection: close", "", ""},
		"\r\n")
	_, status := once(ctx, from, to, []byte(request), 5*time.Second)
	return status
}
