package basis

import (
	"reflect"
	"testing"
	"time"
)

// TestPastEqual: a fact that is another makes another past, whichever it is; none and an empty list say the same.
func TestPastEqual(t *testing.T) {
	t.Parallel()
	full := func() Past {
		return Past{
			Revoked: map[string]int{"a": 1}, Seen: map[string]int{"b": 2}, Keys: map[string]bool{"c": true},
			Promised: Promised{
				Version: 3, At: time.Unix(4, 0), Controller: "Shop SARL", By: "privacy+00000000", Promises: map[string]Digest{"d": {5}},
			},
		}
	}
	one, same := full(), full()
	if same.Promised.At = same.Promised.At.UTC(); !one.Equal(&same) {
		t.Error("the same facts are not equal")
	}
	none, empty := Past{}, Past{Seen: map[string]int{}, Promised: Promised{Promises: map[string]Digest{}}}
	if !none.Equal(&empty) {
		t.Error("no facts and empty lists are not equal")
	}
	var without func(of reflect.Value, path string)
	without = func(of reflect.Value, path string) {
		for i := range of.NumField() {
			field, name := of.Field(i), path+"."+of.Type().Field(i).Name
			if field.Type() == reflect.TypeFor[Promised]() {
				without(field, name)
				continue
			}
			kept := reflect.New(field.Type()).Elem()
			kept.Set(field)
			if field.SetZero(); one.Equal(&same) || same.Equal(&one) {
				t.Errorf("without %s it is equal", name)
			}
			field.Set(kept)
		}
	}
	without(reflect.ValueOf(&same).Elem(), "Past")
}
