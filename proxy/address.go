package proxy

import (
	"net"
	"net/netip"
)

// addressOf is where a connection comes from; the zero Addr where nobody knows.
func addressOf(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
