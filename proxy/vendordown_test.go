package proxy_test

import (
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
)

// vendorDown is an address on loopback at which nobody listens, and that nobody else can take meanwhile: whoever
// connects is refused, until it is opened.
type vendorDown struct {
	socket  int
	address string
}

func newVendorDown(t *testing.T) *vendorDown {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(socket)
	d := &vendorDown{socket: socket}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	at := bound.(*syscall.SockaddrInet4)
	d.address = (&net.TCPAddr{IP: at.Addr[:], Port: at.Port}).String()
	return d
}

// open has the vendor be there from now on.
func (d *vendorDown) open(t *testing.T, vendor http.Handler) {
	t.Helper()
	if err := syscall.Listen(d.socket, syscall.SOMAXCONN); err != nil {
		t.Fatal(err)
	}
	again, err := syscall.Dup(d.socket)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(again), "vendor")
	l, err := net.FileListener(file)
	_ = file.Close()
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: vendor}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}
