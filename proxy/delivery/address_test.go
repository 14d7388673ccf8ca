package delivery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// inside are addresses that no public name may lead to.
var inside = []string{
	"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
	"100.64.0.1", "169.254.1.1",
	"169.254.169.254", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
	"224.0.0.1", "240.0.0.1",
	"255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
	"64:ff9b::7f00:1",
	"64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254",
	"fe80::1", "fec0::1",
	"ff02::1", "ff01::1",
}

func TestPublic(t *testing.T) {
	for _, text := range inside {
		if public(netip.MustParseAddr(text)) {
			t.Errorf("%s is taken for public", text)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address at all is taken for public")
	}
	for _, text := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "198.20.0.1",
		"223.255.255.254", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"} {
		if !public(netip.MustParseAddr(text)) {
			t.Errorf("%s is not taken for public", text)
		}
	}
}

type resolver []netip.Addr

// LookupNetIP finds the same addresses for every name.
func (r resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return r, nil }

// TestNamesCannotLeadInside: what a name resolves to is looked at, at each connection, and
// nothing is sent to an address inside.
func TestNamesCannotLeadInside(t *testing.T) {
	canary, err := rawhttp.NewVendor()
	if err != nil {
		t.Fatal(err)
	}
	defer canary.Close()
	at := netip.MustParseAddrPort(canary.Addr()).Port()
	deliver := func(host string, private bool, found resolver) Outcome {
		address := "https://" + netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), at).String()
		if host != "" {
			address = "https://" + host + address[len("https://192.0.2.1"):]
		}
		c, err := New(Options{Upstreams: []Upstream{{Vendor: "v", Host: "api", Address: address, Private: private}},
			Resolver: found})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var answer fasthttp.Response
		return c.Deliver(&Event{Vendor: "v", Host: "api", Method: "POST", Path: []byte("/")}, &answer)
	}
	for _, text := range inside {
		at := resolver{netip.MustParseAddr(text)}
		if got := deliver("vendor.example", false, at); got != dropped(0, WhyAddress) {
			t.Errorf("a name that leads to %s: %+v", text, got)
		}
	}
	all := resolver{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1")}
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "0177.0.0.1",
		"127.1", "localhost", "LOCALHOST", "vendor.example"} {
		if got := deliver(host, false, all); got != dropped(0, WhyAddress) {
			t.Errorf("%s: %+v", host, got)
		}
	}
	if got := deliver("vendor.example", false, nil); got.Kind != Dropped {
		t.Errorf("a name without an address: %+v", got)
	}
	for _, text := range inside {
		guarded := Dial(false, resolver{netip.MustParseAddr(text)})
		if conn, err := guarded(t.Context(), "tcp", net.JoinHostPort("hook.example", strconv.Itoa(int(at)))); !errors.Is(
			err, ErrAddress) {
			t.Errorf("others than vendors reach %s: %v, %v", text, conn, err)
		}
	}
	if n := canary.Accepted(); n != 0 {
		t.Fatalf("%d connections were made inside", n)
	}
	if got := deliver("vendor.example", true, all[2:]); got.Why != WhyDial || canary.Accepted() != 1 {
		t.Errorf("a private vendor was not reached: %+v", got) // it speaks no TLS
	}
	conn, err := Dial(true, all[2:])(t.Context(), "tcp", net.JoinHostPort("hook.example", strconv.Itoa(int(at))))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
