package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// NewClient makes a client that reaches no private or loopback address, as none of the vendors' does, unless it is for
// receivers that may be there. It follows no redirect, goes through no proxy, which could lead
// elsewhere, and waits 10 s for an answer.
func NewClient(private bool) *http.Client {
	dial := delivery.Dial(private, nil)
	return &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				if errors.Is(err, delivery.ErrAddress) {
					err = fmt.Errorf("%w: it is a private one, and the webhook does not say private: true", err)
				}
				return conn, err
			},
			ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 16,
			IdleConnTimeout: 90 * time.Second,
		},
	}
}
