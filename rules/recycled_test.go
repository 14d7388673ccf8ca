package rules_test

import (
	"reflect"
	"strings"
	"testing"
)

// TestOneLargeHitMakesNoLaterOneLarge: of what a hit needed no buffer over 256 KiB is kept for the next.
func TestOneLargeHitMakesNoLaterOneLarge(t *testing.T) {
	t.Parallel()
	const most = 256 << 10
	g := judgingWorst(t)
	for _, w := range worstHits {
		t.Run(w.name, func(t *testing.T) {
			r := request(t, w.of(1<<20), w.vendor, yes)
			g.judge(&r)
			g.j.Reset()
			if large := kept(reflect.ValueOf(&g.j).Elem(), most, "j"); len(large) > 0 {
				t.Errorf("still there: %s", strings.Join(large, ", "))
			}
		})
	}
}

// kept lists the buffers below a value that are larger than so many bytes.
func kept(v reflect.Value, most int, at string) (large []string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			large = append(large, kept(v.Field(i), most, at+"."+v.Type().Field(i).Name)...)
		}
	case reflect.Slice:
		size := v.Cap() * int(v.Type().Elem().Size())
		if size > most {
			large = append(large, at)
		}
		if kind := v.Type().Elem().Kind(); kind == reflect.Struct || kind == reflect.Slice {
			for i := range v.Cap() {
				large = append(large, kept(v.Slice(0, v.Cap()).Index(i), most, at+"[]")...)
			}
		}
	default:
	}
	return large
}
