package cmp

import (
	"reflect"
	"testing"
)

// TestNothingOfAHitIsLeftInTheScratch: what it held points into bytes of a hit, which are another's after it. Every list
// is empty to its last place.
func TestNothingOfAHitIsLeftInTheScratch(t *testing.T) {
	var s Scratch
	s.found = append(s.found, cookie{value: []byte("value")})
	s.st.TC = []byte("text")
	s.Reset()
	for i, v := 0, reflect.ValueOf(s.found[:cap(s.found)]); i < v.Len(); i++ {
		if !v.Index(i).IsZero() {
			t.Errorf("found holds %v", v.Index(i))
		}
	}
	if s.st.TC != nil || len(s.found) != 0 {
		t.Errorf("left: %+v, %d", s.st, len(s.found))
	}
}
