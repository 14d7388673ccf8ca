package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// ErrAddress says that a host is on an address which may not be reached.
var ErrAddress = errors.New("the address is not one that may be reached")

var (
	errDial   = errors.New("no connection")
	errStale  = errors.New("the connection was closed, or had spoken, before anything was written")
	errUnused = fmt.Errorf("%w: it was new", errStale)
	errUnsent = errors.New("nothing could be written")
)

// Resolver looks up the addresses of a host.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// dialer connects to one upstream. What a name resolves to is checked after it was
// resolved, so that a name cannot lead inside.
type dialer struct {
	private  bool
	timeout  time.Duration
	resolver Resolver
	tls      *tls.Config // nil: in the clear
}

// dial connects within a time, or the dialer's own where that is shorter. TLS is spoken here, not by fasthttp: the
// guard has to stand above it, and a certificate that is refused is no connection, not one that broke.
func (d dialer) dial(address string, within time.Duration) (net.Conn, error) {
	if within <= 0 || within > d.timeout {
		within = d.timeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return d.connect(ctx, address, func(conn net.Conn) (net.Conn, error) {
		if d.tls == nil {
			return newCheckedConn(conn, conn), nil
		}
		secure := tls.Client(conn, d.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("%w: %w", errDial, err)
		}
		return newCheckedConn(secure, conn), nil
	})
}

// connect connects to the first address that a name resolves to and that may be reached and takes connections. What is
// made of the connection then is the last word.
func (d dialer) connect(ctx context.Context, address string, then func(net.Conn) (net.Conn, error)) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDial, err)
	}
	addresses, err := d.lookup(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDial, err)
	}
	refused := ErrAddress
	for _, a := range addresses {
		if !d.private && !public(a) {
			continue
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port))
		if err != nil {
			refused = fmt.Errorf("%w: %w", errDial, err)
			continue
		}
		return then(conn)
	}
	return nil, refused
}

// Dial makes connections for others than vendors, as an [http.Transport] wants them: only those who may be on a private
// or loopback address reach one, also where a public name leads there. The error is then [ErrAddress]. Resolver may be
// nil.
func Dial(private bool, resolver Resolver) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := dialer{private: private, resolver: resolver}
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		within, cancel := context.WithTimeout(ctx, longestDial)
		defer cancel()
		return d.connect(within, address, func(conn net.Conn) (net.Conn, error) { return conn, nil })
	}
}

// longestDial is how long others than vendors wait for a connection.
const longestDial = 5 * time.Second

func (d dialer) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}, nil
	}
	if d.resolver != nil {
		return d.resolver.LookupNetIP(ctx, "ip", name)
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

// special are ranges that are not of the public Internet and that netip has no word for
// (IANA special-purpose address registries).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fec0::/10"),
}

// public tells whether an address is one of the public Internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() ||
		a.IsInterfaceLocalMulticast() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
