package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// CIDR is a range of addresses, written as "10.0.0.0/8" or "2001:db8::/32"; a single address stands for itself.
type CIDR struct{ netip.Prefix }

// UnmarshalText reads a range.
func (c *CIDR) UnmarshalText(text []byte) error {
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		address, err := netip.ParseAddr(string(text))
		if err != nil || address.Zone() != "" {
			return fmt.Errorf("%q is no range of addresses: write it as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1",
				strict.Shortened(string(text)))
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	if prefix.Masked() != prefix {
		return fmt.Errorf("%q names an address inside a range: write %s for the range, or %s/%d for the address",
			text, prefix.Masked(), prefix.Addr(), prefix.Addr().BitLen())
	}
	c.Prefix = prefix
	return nil
}

// listenFault says what is wrong with an address to listen on, "" where nothing is.
func listenFault(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Sprintf("%q is no address to listen on: write host and port, as in 127.0.0.1:8080",
			strict.Shortened(address))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.Itoa(int(n)) != port {
		return fmt.Sprintf("port %q is none: use a number from 0 (any that is free) to 65535", strict.Shortened(port))
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil && hostFault(host) != "" {
		return fmt.Sprintf("%q is no address of this machine: use an IP address, a host name, or nothing before the colon "+
			"for all", strict.Shortened(host))
	}
	return ""
}

var hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// hostFault says what is wrong with the name of a host, or its address, without a port.
func hostFault(host string) string {
	if address, err := netip.ParseAddr(host); err == nil && address.Zone() == "" {
		return ""
	}
	switch {
	case strings.Contains(host, "://"):
		return fmt.Sprintf("%q is an address of a page: write the host name alone", strict.Shortened(host))
	case strings.ContainsFunc(host, func(r rune) bool { return r > 126 }):
		return fmt.Sprintf("%q holds letters that host names cannot: write it in punycode, xn--...", strict.Shortened(host))
	case host != strings.ToLower(host):
		return fmt.Sprintf("%q has capital letters: write %q", strict.Shortened(host),
			strict.Shortened(strings.ToLower(host)))
	case strings.Contains(host, ":"):
		return fmt.Sprintf("%q has a port: write the host name alone, it holds for every port", strict.Shortened(host))
	}
	for label := range strings.SplitSeq(host, ".") {
		if !hostLabel.MatchString(label) || len(host) > 253 {
			return fmt.Sprintf("%q is no host name", strict.Shortened(host))
		}
	}
	return ""
}

// addressParts reads an absolute http or https address without user, query and
// fragment, and says what is wrong with it.
func addressParts(address string) (*url.URL, string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Sprintf("%q is no address: write it as https://host", strict.Shortened(address))
	case u.User != nil:
		return nil, "the address holds a user name: credentials do not belong here"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(address, "#"):
		return nil, fmt.Sprintf("%q has a query or a fragment: leave it off", strict.Shortened(address))
	}
	if fault := hostFault(u.Hostname()); fault != "" {
		return nil, fault
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Sprintf("%q has no usable port: use a number from 1 to 65535", strict.Shortened(address))
		}
	}
	return u, ""
}

var carrierGradeNAT = netip.MustParsePrefix("100.64.0.0/10")

// privateHost tells whether a host is, by its looks alone, on a private, loopback
// or link-local address, or none at all.
func privateHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	address = address.Unmap()
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsUnspecified() ||
		address.IsMulticast() || carrierGradeNAT.Contains(address)
}

// loopbackHost tells whether a host is this machine, which is reached without TLS.
func loopbackHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

var pathSegments = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// pathFault says what is wrong with a path to put in front of others.
func pathFault(path string) string {
	if !pathSegments.MatchString(path) {
		return fmt.Sprintf("%q is no path: begin with a slash, end without one, and use letters, digits, dashes, dots and "+
			"underscores, as in /t", strict.Shortened(path))
	}
	return ""
}

var headerToken = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")

func headerFault(name string) string {
	if !headerToken.MatchString(name) {
		return fmt.Sprintf("%q is no name of a header", strict.Shortened(name))
	}
	return ""
}
