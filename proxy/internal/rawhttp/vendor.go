package rawhttp

import (
	"bytes"
	"net"
	"sync"
)

// NoContent is the answer of a vendor that is content.
const NoContent = "HTTP/1.1 204 No Content\r\n\r\n"

// Vendor is a stand-in for a vendor: it keeps what it receives and answers as it was told.
type Vendor struct {
	*Server

	mu       sync.Mutex
	answer   func(*Request) string
	requests []*Request
}

// NewVendor starts a stand-in that answers 204.
func NewVendor() (*Vendor, error) {
	v := &Vendor{}
	s, err := Serve(v.serve)
	v.Server = s
	return v, err
}

// NewVendorOn starts a stand-in on a listener.
func NewVendorOn(l net.Listener) *Vendor {
	v := &Vendor{}
	v.Server = ServeOn(l, v.serve)
	return v
}

// Answer makes the vendor answer with these bytes from now on.
func (v *Vendor) Answer(text string) { v.AnswerBy(func(*Request) string { return text }) }

// AnswerBy makes the vendor answer with what the function returns; "" closes the connection.
func (v *Vendor) AnswerBy(answer func(*Request) string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = answer
}

// Requests are those received so far.
func (v *Vendor) Requests() []*Request {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]*Request(nil), v.requests...)
}

// Received is everything received so far, byte by byte.
func (v *Vendor) Received() []byte {
	var all bytes.Buffer
	for _, r := range v.Requests() {
		all.Write(r.Raw)
	}
	return all.Bytes()
}

// Forget drops what was received.
func (v *Vendor) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.requests = nil
}

func (v *Vendor) serve(c *Conn) {
	for {
		r, err := c.Request()
		if err != nil {
			return
		}
		v.mu.Lock()
		v.requests = append(v.requests, r)
		answer := v.answer
		v.mu.Unlock()
		text := NoContent
		if answer != nil {
			text = answer(r)
		}
		if text == "" || c.Send(text) != nil {
			return
		}
	}
}
