package signal

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// TestNothingOfAHitIsLeftInTheScratch: what it held points into bytes of a hit, which are another's after it. Every list
// is empty to its last place.
func TestNothingOfAHitIsLeftInTheScratch(t *testing.T) {
	var s Scratch
	s.found = append(s.found, cookie{value: []byte("value")})
	s.st.TC = []byte("text")
	a := Ask{Scratch: &s}
	a.jar = append(a.jar, read.Cookie{Name: []byte("name"), Value: []byte("value")})
	a.Reset()
	for name, list := range map[string]any{"found": s.found[:cap(s.found)], "jar": a.jar[:cap(a.jar)]} {
		for i, v := 0, reflect.ValueOf(list); i < v.Len(); i++ {
			if !v.Index(i).IsZero() {
				t.Errorf("%s holds %v", name, v.Index(i))
			}
		}
	}
	if s.st.TC != nil || len(s.found) != 0 || len(a.jar) != 0 {
		t.Errorf("left: %+v, %d, %d", s.st, len(s.found), len(a.jar))
	}
}
