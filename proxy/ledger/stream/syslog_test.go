package stream_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger/stream"
)

func batchOf(first, end uint64) (all []stream.Record) {
	for n := first; n < end; n++ {
		all = append(all, stream.Record{Number: n, Kind: "stop", Line: fmt.Appendf(nil, `{"kind":"stop","n":%d}`, n)})
	}
	return all
}

// frames reads messages with their lengths before them, and gives their texts; it ends with the connection.
func frames(from io.Reader, each func(text string) bool) {
	r := bufio.NewReader(from)
	for {
		length, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil || n > 1<<20 {
			each(fmt.Sprintf("no length: %q", length))
			return
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(r, message); err != nil {
			return
		}
		_, text, _ := strings.Cut(string(message), "] ")
		if !each(text) {
			return
		}
	}
}

// got are texts that were received.
type got struct {
	mu   sync.Mutex
	list []string
}

func (g *got) add(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list = append(g.list, text)
}

func (g *got) all() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.list)
}

func texts(first, end uint64) (all []string) {
	for _, r := range batchOf(first, end) {
		all = append(all, string(r.Line))
	}
	return all
}

// certified is a certificate for example.com and 127.0.0.1, and who trusts it.
func certified(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server.TLS.Certificates[0], pool
}

// TestSyslogOverTCP: over TCP and over TLS each message arrives, with its length; what is not trusted gets nothing.
func TestSyslogOverTCP(t *testing.T) {
	t.Parallel()
	certificate, pool := certified(t)
	for what, c := range map[string]struct {
		server, client *tls.Config
		private, fails bool
	}{
		"TCP": {private: true},
		"TLS": {
			server: &tls.Config{Certificates: []tls.Certificate{certificate}}, private: true,
			client: &tls.Config{RootCAs: pool, ServerName: "example.com", MinVersion: tls.VersionTLS12},
		},
		"TLS of another name": {
			server: &tls.Config{Certificates: []tls.Certificate{certificate}}, private: true, fails: true,
			client: &tls.Config{RootCAs: pool, ServerName: "siem.test", MinVersion: tls.VersionTLS12},
		},
		"TLS that nobody trusts": {
			server: &tls.Config{Certificates: []tls.Certificate{certificate}}, private: true, fails: true,
			client: &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "example.com", MinVersion: tls.VersionTLS12},
		},
		"a private address": {fails: true},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if c.server != nil {
			listener = tls.NewListener(listener, c.server)
		}
		var received got
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			frames(conn, func(text string) bool { received.add(text); return true })
			_ = conn.Close()
		}()
		var spoken func() *tls.Config
		if c.client != nil {
			spoken = func() *tls.Config { return c.client }
		}
		s := stream.NewSyslog(stream.SyslogOptions{
			Address: listener.Addr().String(), TLS: spoken, Dial: delivery.Dial(c.private, nil), Facility: 13, Enterprise: 32473,
		})
		sent, err := s.Send(t.Context(), batchOf(0, 300))
		if (err != nil) != c.fails || !c.fails && sent.Taken != 300 {
			t.Errorf("%s: %+v, %v", what, sent, err)
		}
		if what == "a private address" && !errors.Is(err, delivery.ErrAddress) {
			t.Errorf("%s: %v", what, err)
		}
		if !c.fails {
			if _, err := s.Send(t.Context(), batchOf(300, 302)); err != nil || s.Err() != nil {
				t.Errorf("%s: %v, %v", what, err, s.Err())
			}
		}
		s.Close()
		if !c.fails {
			<-ended // a connection that waits to be accepted would go with the listener
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		<-ended
		if want := texts(0, 302); !c.fails && !slices.Equal(received.all(), want) || c.fails && len(received.all()) > 0 {
			t.Errorf("%s: %d messages arrived", what, len(received.all()))
		}
	}
}

// TestSyslogLosesNothing: a receiver that reads for a while and goes away, again and again, has all records in the end;
// one that hangs holds nobody up, and gets them once it reads.
func TestSyslogLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		const records = 3000
		l.write(0, lines(0, records, "a"), records)
		var received got
		conns := 0
		dial := func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			conns++
			switch of := conns; {
			case of == 1: // it hangs
			case of <= 4: // it goes away
				left := 400 * of
				go func() {
					frames(there, func(text string) bool { received.add(text); left--; return left > 0 })
					_ = there.Close()
				}()
			case of == 5:
				return nil, errors.New("refused")
			default:
				go frames(there, func(text string) bool { received.add(text); return true })
			}
			return here, nil
		}
		l.o.Receiver = stream.NewSyslog(stream.SyslogOptions{Dial: dial, Facility: 13, Enterprise: 32473})
		l.o.Settle = stream.Settled
		if l.follow(5 * time.Minute); conns < 6 {
			t.Errorf("%d connections", conns)
		}
		seen := map[string]bool{}
		for _, text := range received.all() {
			seen[text] = true
		}
		if len(seen) != records {
			t.Errorf("%d of %d records arrived", len(seen), records)
		}
		_, failed, _ := l.saw()
		if len(failed) < 4 || !strings.Contains(failed[0], "the connection broke: ") || failed[len(failed)-1] != "<nil>" {
			t.Errorf("%q", failed)
		}
	})
}
