package proxy

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/memory"
)

// apart are the members of a hit's context that are filled and asked otherwise: a judgement has a test of its own
// (rules/reset_test.go), what the gate asks keeps what it asks of the judgement, what is leased is memory's to say, and
// a context that is spoiled is thrown away.
var apart = map[string]bool{"j": true, "judged": true, "gate": true, "lease": true, "answer": true, "spoiled": true}

// TestNothingOfAHitSurvivesItsContext: every member of a context that was given back is as it was when it was made, and
// what it keeps of memory holds zeros.
func TestNothingOfAHitSurvivesItsContext(t *testing.T) {
	h := new(hitContext)
	h.judged = judgedEvents{stands: h.j.Stands}
	h.lease.Begin(memory.NewBudget(1 << 20))
	h.answer.SetBody([]byte("of the vendor"))
	h.answer.Header.Set("X-Vendor", "of the vendor")
	h.gate = sendGate{events: &h.judged, leaving: 1}
	h.judged.subjects, h.judged.known, h.judged.visitors = h.j.Subjects, h.j.Objections, &h.visitors
	all := reflect.ValueOf(h).Elem()
	for i := range all.NumField() {
		if name := all.Type().Field(i).Name; !apart[name] {
			plant(writable(all.Field(i)), 4)
			if all.Field(i).IsZero() {
				t.Fatalf("%s is not filled: this test shows nothing of it", name)
			}
		}
	}
	h.giveBack()
	for i := range all.NumField() {
		name, v := all.Type().Field(i).Name, writable(all.Field(i))
		if apart[name] {
			continue
		}
		if name == "visitors" || name == "waits" { // made of slices alone, or nearly
			for k := range v.NumField() {
				checkForgotten(t, name+"."+v.Type().Field(k).Name, writable(v.Field(k)))
			}
			continue
		}
		checkForgotten(t, name, v)
	}
	if body := h.answer.Body(); len(body) > 0 || len(h.answer.Header.Peek("X-Vendor")) > 0 {
		t.Errorf("the vendor's answer: %q, %s", body, &h.answer.Header)
	}
	g := &h.judged
	if g.stands == nil || g.visitors != nil || g.subjects != nil || g.known != nil || g.log != nil || g.objections != nil {
		t.Errorf("what the gate asks: %+v", g)
	}
	if h.gate != (sendGate{}) {
		t.Errorf("the gate: %+v", h.gate)
	}
}

// checkForgotten reports a member that is not as it was when it was made; of a slice what it keeps of memory counts.
func checkForgotten(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	if v.Kind() != reflect.Slice {
		if !v.IsZero() {
			t.Errorf("%s holds %v", name, v)
		}
		return
	}
	for k := range v.Cap() {
		if one := v.Slice(0, v.Cap()).Index(k); v.Len() != 0 || !one.IsZero() {
			t.Errorf("%s[%d] of %d holds %v", name, k, v.Len(), one)
		}
	}
}

// writable is a member as one may set it, be it exported or not.
func writable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// plant puts something into a value, and into what that is made of, so many levels deep.
func plant(v reflect.Value, depth int) {
	if depth == 0 || v.Type() == reflect.TypeFor[fasthttp.RequestCtx]() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("planted")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			plant(v.Index(i), depth-1)
		}
	case reflect.Array:
		for i := range v.Len() {
			plant(v.Index(i), depth-1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Struct:
		for _, field := range v.Fields() {
			plant(writable(field), depth-1)
		}
	}
}
