package delivery_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// authority has signed a certificate, its own, for vendor.example.
type authority struct {
	certificate tls.Certificate
	roots       *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"vendor.example"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots: x509.NewCertPool()}
	a.roots.AddCert(parsed)
	return a
}

func (a *authority) server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.certificate}, MinVersion: tls.VersionTLS12}
}

// listen opens a TLS listener on loopback.
func (a *authority) listen(t testing.TB) net.Listener { return tls.NewListener(listen(t), a.server()) }

// trusted makes a client trust the authority, and find every name on loopback.
func (a *authority) trusted(o *delivery.Options) {
	o.TLS = &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS12}
	o.Resolver = names{netip.MustParseAddr("127.0.0.1")}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// coalescing makes connections that send what they were given only when they next want to read, in one segment.
type coalescing struct{ net.Listener }

// Accept wraps a connection.
func (l coalescing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &held{Conn: c}, err
}

type held struct {
	net.Conn
	pending []byte
}

// Write holds bytes back.
func (h *held) Write(b []byte) (int, error) {
	h.pending = append(h.pending, b...)
	return len(b), nil
}

// Read sends what was held back, and reads.
func (h *held) Read(b []byte) (int, error) {
	if len(h.pending) > 0 {
		if _, err := h.Conn.Write(h.pending); err != nil {
			return 0, err
		}
		h.pending = nil
	}
	return h.Conn.Read(b)
}

// TestCertificatesAreVerified: whoever cannot show a certificate of that name, signed
// by somebody trusted, gets not one byte.
func TestCertificatesAreVerified(t *testing.T) {
	secure := newAuthority(t)
	v := rawhttp.NewVendorOn(secure.listen(t))
	t.Cleanup(v.Close)
	loopback := names{netip.MustParseAddr("127.0.0.1")}
	for _, c := range []struct {
		name, host string
		config     *tls.Config
		want       delivery.Outcome
	}{
		{"trusted", "vendor.example", &tls.Config{RootCAs: secure.roots}, delivered(204, delivery.WhyOK)},
		{"signed by itself", "vendor.example", nil, dropped(0, delivery.WhyDial)},
		{"another name", "other.example", &tls.Config{RootCAs: secure.roots}, dropped(0, delivery.WhyDial)},
		{"told not to verify", "vendor.example", &tls.Config{InsecureSkipVerify: true}, dropped(0, delivery.WhyDial)},
		{
			"told another name", "other.example", &tls.Config{RootCAs: secure.roots, ServerName: "vendor.example"},
			dropped(0, delivery.WhyDial),
		},
	} {
		v.Forget()
		var answer fasthttp.Response
		d := client(t, "https://"+c.host+":"+port(v.Addr()), func(o *delivery.Options) {
			o.TLS, o.Resolver = c.config, loopback
		})
		if got := d.Deliver(event(), &answer); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
		if n := len(v.Requests()); (n == 1) != (c.want.Kind == delivery.Delivered) {
			t.Errorf("%s: %d requests", c.name, n)
		}
	}
}

// TestTLSConnectionsAreKept: the look before each request does not take session tickets for stray answers.
func TestTLSConnectionsAreKept(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		secure := newAuthority(t)
		config := secure.server()
		config.MaxVersion = version
		v := rawhttp.NewVendorOn(tls.NewListener(listen(t), config))
		t.Cleanup(v.Close)
		d := client(t, "https://vendor.example:"+port(v.Addr()), secure.trusted)
		for i := range 50 {
			var answer fasthttp.Response
			if got := d.Deliver(event(), &answer); got.Kind != delivery.Delivered {
				t.Fatalf("TLS %x, event %d: %+v", version, i, got)
			}
		}
		if v.Accepted() != 1 || len(v.Requests()) != 50 {
			t.Errorf("TLS %x: %d connections for %d requests", version, v.Accepted(), len(v.Requests()))
		}
	}
}

// TestNoTLS: a server that does not speak TLS, or is silent, costs one attempt's time and no event.
func TestNoTLS(t *testing.T) {
	for name, handle := range map[string]func(*rawhttp.Conn){
		"speaks HTTP": func(c *rawhttp.Conn) { _ = c.Send("HTTP/1.1 200 OK\r\n\r\n") },
		"is silent":   func(c *rawhttp.Conn) { _, _ = c.Ended() },
	} {
		d := client(t, "https://vendor.example:"+port(serve(t, handle).Addr()), func(o *delivery.Options) {
			o.Timeout, o.Resolver = 300*time.Millisecond, names{netip.MustParseAddr("127.0.0.1")}
		})
		var answer fasthttp.Response
		if got := d.Deliver(event(), &answer); got.Kind != delivery.Dropped || got.Why != delivery.WhyDial {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
