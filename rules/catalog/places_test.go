package catalog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestEventsAreCountedByPlace: where a hit names its events at several places in turn, each place
// holds no more of them than a hit may.
func TestEventsAreCountedByPlace(t *testing.T) {
	v := vendor(t, "posthog")
	batch := `data={"batch":[` + strings.TrimSuffix(strings.Repeat(`{"event":"x"},`, 60), ",") + `]}`
	single := `data={"event":"x"}`
	for body, fits := range map[string]bool{
		batch + "&" + single:               true,
		batch + "&" + batch:                false,
		batch + "&" + single + "&" + batch: false,
	} {
		h := new(hit.Hit)
		h.Request = hit.Request{Method: []byte("POST"), Path: []byte("/e/"), Body: []byte(body)}
		o := &codec.Opener{Limits: codec.Limits{Depth: 64, Nodes: 5000, Decompressed: 1 << 20}}
		for i := range v.Endpoints {
			e := &v.Endpoints[i]
			if e.Path.Fits([]byte("/e/")) != catalog.Exact || e.Methods[0] != "POST" {
				continue
			}
			h.Begin()
			o.Begin(h)
			err := v.Read(e, h, o, 100, 500)
			if fits != (err == nil) || !fits && !errors.Is(err, codec.ErrLimit) {
				t.Errorf("%d events: %v", len(h.Events), err)
			}
		}
	}
}
