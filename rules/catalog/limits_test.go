package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestGoldenLimits: which endpoints take lists of events, which one at a time, and where a vendor takes more than is
// usual. Whoever takes one event is sent little. UPDATE_GOLDEN=1 writes the file anew.
func TestGoldenLimits(t *testing.T) {
	const file = "testdata/limits.txt"
	var b strings.Builder
	eachEndpoint(t, func(id string, e *catalog.Endpoint) {
		takes := "one event"
		switch {
		case e.Kind == catalog.Opaque:
			takes = "a stream"
		case e.Batches:
			takes = "a batch"
		}
		fmt.Fprintf(&b, "%s %s: %s", id, e.ID, takes)
		if e.Limits != (catalog.Limits{}) {
			fmt.Fprintf(&b, ", %+v", e.Limits)
		}
		b.WriteString("\n")
	})
	golden(t, file, b.String())
}

// TestLimitsThatAreNone: what a vendor file may not say of limits.
func TestLimitsThatAreNone(t *testing.T) {
	for limits, wrong := range map[string]catalog.Limits{
		"endpoints.httpapi: limits.body: -1 is no limit: a number from 1 to 67108864 is right": {Body: -1},
		"endpoints.httpapi: limits.decompressed: 1073741824 is no limit: a number from 1 to 268435456 is right": {
			Decompressed: 1 << 30},
		"endpoints.httpapi: limits.decompressed: 1048576 is less than body (2097152): make it at least that": {
			Body: 2 << 20, Decompressed: 1 << 20},
		"endpoints.httpapi: limits.events: 10001 is no limit: a number from 1 to 10000 is right": {
			Events: 10_001},
		"endpoints.httpapi: limits.fields: -5 is no limit: a number from 1 to 100000 is right": {Fields: -5},
		"endpoints.httpapi: limits.nodes: 9000000 is no limit: a number from 1 to 5000000 is right": {
			Nodes: 9_000_000},
	} {
		file, _ := catalog.Builtin("amplitude")
		changed := *file
		changed.Endpoints = append([]catalog.EndpointFile(nil), file.Endpoints...)
		changed.Endpoints[0].Limits = wrong
		if _, err := catalog.Compile(&changed, nil, catalog.Names()); err == nil || err.Error() != limits {
			t.Errorf("%v, want %s", err, limits)
		}
	}
}

// TestSizes are read as they are written, and nothing else is one.
func TestSizes(t *testing.T) {
	for text, want := range map[string]catalog.Size{"0B": 0, "512B": 512, "64KiB": 64 << 10, "20MiB": 20 << 20,
		"2GiB": 2 << 30} {
		var s catalog.Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want || s.String() != text {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "20", "MiB", "-1B", "+1B", "1.5MiB", "1 MiB", "1mib", "1MB",
		"99999999999GiB", "0x1B", "١MiB"} {
		var s catalog.Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, s)
		}
	}
}
