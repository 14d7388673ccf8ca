package cmp

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// left says where anything stands in a value that is not zero: lists are looked at to the last place that they have room for.
func left(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Func: // a method of the scratch itself
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

// TestNothingOfAHitIsLeftInTheScratch: what it held points into bytes of a hit, which are another's after it, or is a copy of them.
// Every list is empty to its last place, whatever platforms read one after another, and each part has something to forget.
func TestNothingOfAHitIsLeftInTheScratch(t *testing.T) {
	t.Parallel()
	all := signaltest.Seeds[struct{ Cookies map[string]string }](t, "cmp_cookies.jsonl")
	all = append(all, struct{ Cookies map[string]string }{map[string]string{
		"OptanonConsent": "groups=C1:1&genVendors=V1:1,V2:x", "usprivacy": "1%59NN", "TC_PRIVACY": "1@2", "klaro": `{"a":`,
	}})
	var s Scratch
	parts := map[string]func() bool{
		"found": func() bool { return len(s.list) > 0 }, "decoded": func() bool { return len(s.text) > 0 },
		"answers": func() bool { return len(s.said) > 0 && len(s.items) > 0 }, "record": func() bool { return s.spoke },
		"beside": func() bool { return s.beside.USP != nil }, "marks": func() bool { return s.marks != [4]uint64{} },
	}
	for i := range all {
		var header read.CookieHeader
		for name, value := range all[i].Cookies {
			header = append(header, name+"="+value+"; "...)
		}
		for c := range All {
			c.Read(header, Settings{Cookie: "x"}, &s)
			c.Read(header, Settings{Revision: 1}, &s)
			for part, full := range parts {
				if full() {
					delete(parts, part)
				}
			}
			if s.Reset(); s.visit == nil {
				t.Error("the scratch forgot what it reads jars with")
			}
			left(t, "Scratch", reflect.ValueOf(&s).Elem())
		}
	}
	for part := range parts {
		t.Errorf("%s held nothing", part)
	}
}
