package webhook

import (
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// certificates are when the certificates of receivers end, as they were last seen. The zero value has seen none.
type certificates struct {
	mu   sync.Mutex
	ends map[string]time.Time // by receiver
}

// watched is a request that has the certificate noted of whoever is connected to for it.
func (c *certificates) watched(request *http.Request, receiver string) *http.Request {
	trace := &httptrace.ClientTrace{TLSHandshakeDone: func(s tls.ConnectionState, err error) {
		if err == nil && len(s.PeerCertificates) > 0 {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.ends == nil {
				c.ends = map[string]time.Time{}
			}
			c.ends[receiver] = s.PeerCertificates[0].NotAfter
		}
	}}
	return request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
}

// of is when that of a receiver ends; zero: none was seen.
func (c *certificates) of(receiver string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends[receiver]
}
