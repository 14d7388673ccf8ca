package webhook

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// TestPrivateAddresses are refused, also where a name leads to one, unless the receiver may be there; it is said what
// would be right.
func TestPrivateAddresses(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:1") // nobody asks it
	there := httptest.NewServer(http.RedirectHandler("/", http.StatusFound))
	defer there.Close()
	_, port, err := net.SplitHostPort(there.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(private bool, name string) (int, bool, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+net.JoinHostPort(
			name, port)+"/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		client := NewClient(private)
		defer client.CloseIdleConnections()
		status, _, connected, err := post(client, request)
		return status, connected, err
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1"} {
		_, connected, err := ask(false, name)
		if !errors.Is(err, delivery.ErrAddress) || connected || !strings.Contains(err.Error(), "private: true") ||
			strings.Contains(err.Error(), "token") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if status, connected, err := ask(true, "localhost"); status != http.StatusFound || !connected || err == nil {
		t.Errorf("status %d, %v", status, err)
	}
}
