package signaltest

import (
	"reflect"
	"testing"
)

// Empty reports whatever is left in what a pointer points to: lists are looked at to the last place that they have room
// for, functions are not.
func Empty(t *testing.T, where string, of any) {
	t.Helper()
	left(t, where, reflect.ValueOf(of).Elem())
}

// left says where anything stands in a value that is not zero.
func left(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Func: // a method that was bound
	case reflect.Struct:
		for i := range v.NumField() {
			left(t, where+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i, whole := 0, v.Slice(0, v.Cap()); i < whole.Len(); i++ {
			if !whole.Index(i).IsZero() {
				t.Errorf("%s[%d] of %d holds %v", where, i, v.Len(), whole.Index(i))
				return
			}
		}
		if v.Len() > 0 {
			t.Errorf("%s has %d", where, v.Len())
		}
	default:
		if !v.IsZero() {
			t.Errorf("%s is %v", where, v)
		}
	}
}
