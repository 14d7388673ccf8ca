package signal

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// TestNothingOfAHitIsLeftInAnAsk: what it held points into bytes of a hit, which are another's after it. The jar is empty to
// its last place.
func TestNothingOfAHitIsLeftInAnAsk(t *testing.T) {
	a := Ask{Scratch: new(cmp.Scratch)}
	a.jar = append(a.jar, read.Cookie{Name: []byte("name"), Value: []byte("value")})
	a.Reset()
	for i, v := 0, reflect.ValueOf(a.jar[:cap(a.jar)]); i < v.Len(); i++ {
		if !v.Index(i).IsZero() {
			t.Errorf("jar holds %v", v.Index(i))
		}
	}
	if len(a.jar) != 0 {
		t.Errorf("left: %d", len(a.jar))
	}
}
