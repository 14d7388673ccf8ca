package proxy

import (
	"errors"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestReadTwice: what was read is taken where two readings agree, and nothing where either fails or they differ.
func TestReadTwice(t *testing.T) {
	failed := errors.New("input/output error")
	one, same, other := &config.Source{Digest: "1"}, &config.Source{Digest: "1"}, &config.Source{Digest: "2"}
	for what, c := range map[string]struct {
		sources [2]*config.Source
		errs    [2]error
		taken   bool
	}{
		"the same twice":     {[2]*config.Source{one, same}, [2]error{}, true},
		"another":            {[2]*config.Source{one, other}, [2]error{}, false},
		"the first is none":  {[2]*config.Source{one, same}, [2]error{failed, nil}, false},
		"the second is none": {[2]*config.Source{one, same}, [2]error{nil, failed}, false},
	} {
		n := -1
		got, err := readTwice("file", func(path string) (*config.Source, error) {
			n++
			return c.sources[n], c.errs[n]
		})
		if c.taken != (err == nil && got == same) || !c.taken && (err == nil || got != nil) {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
}
