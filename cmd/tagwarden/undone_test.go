package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestWhatWasBegunEnds: a call in this process that nobody waits for any more ends, and takes away what it wrote,
// before what it stands on is closed.
func TestWhatWasBegunEnds(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "half")
	ctx, interrupt := context.WithCancel(t.Context())
	goOn := make(chan struct{})
	c := calling(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile(file, []byte("half a copy"), 0o600); err != nil {
			t.Error(err)
		}
		interrupt()
		<-goOn // until the caller has gone
		<-r.Context().Done()
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}), func() error {
		if !missing(file) {
			t.Error("it is closed below what still writes")
		}
		return nil
	})
	if err := c.call(ctx, http.MethodPost, "/backup", nil, nil); err == nil {
		t.Error("nobody waited for the answer, and there is one")
	}
	close(goOn)
	if err := c.close(); err != nil {
		t.Error(err)
	}
}
