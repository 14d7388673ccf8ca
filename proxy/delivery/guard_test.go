package delivery

import (
	"errors"
	"io"
	"net"
	"testing"
)

// letters is a connection on which bytes come one by one.
type letters struct {
	net.Conn
	reads int
}

func (l *letters) Read(b []byte) (int, error) {
	l.reads++
	b[0] = 'x'
	return 1, nil
}

// TestLettersCountForMore: what comes in small pieces costs as much as what is large, and counts as much.
func TestLettersCountForMore(t *testing.T) {
	l := new(letters)
	g := newGuarded(l, nil)
	if _, err := g.Read(make([]byte, 10)); !errors.Is(err, errSpent) || l.reads != 0 {
		t.Errorf("before anything was asked for: %v, %d reads", err, l.reads)
	}
	g.left = 64 << 10
	n, err := io.Copy(io.Discard, g)
	if !errors.Is(err, errSpent) || n != 256 || l.reads != 256 {
		t.Errorf("%d bytes, %d reads, %v", n, l.reads, err)
	}
}
