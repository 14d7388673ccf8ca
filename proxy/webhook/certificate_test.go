package webhook

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCertificatesAreSeen: whose certificate ends when is known of receivers that were
// connected to over TLS, and of no others.
func TestCertificatesAreSeen(t *testing.T) {
	t.Parallel()
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	secure, clear := httptest.NewTLSServer(fine), httptest.NewServer(fine)
	defer secure.Close()
	defer clear.Close()
	var c certificates
	for name, of := range map[string]*httptest.Server{"secure": secure, "clear": clear} {
		for range 2 { // the second goes over the connection of the first
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, of.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, _, err := post(of.Client(), c.watched(request, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := c.of("secure"); !got.Equal(secure.Certificate().NotAfter) {
		t.Errorf("%v, want %v", got, secure.Certificate().NotAfter)
	}
	if got := c.of("clear"); !got.IsZero() || !c.of("nobody").IsZero() {
		t.Errorf("%v was seen where there is none", got)
	}
}
