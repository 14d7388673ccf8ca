package proxy

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestReloadRefusesWhatItDoesNotChange: each key that is documented so is refused by name, what is
// below it as well, and no other key is.
func TestReloadRefusesWhatItDoesNotChange(t *testing.T) {
	t.Parallel()
	documented := 0
	var look func(path, refused string, in reflect.Type, of func(*config.Server) reflect.Value)
	look = func(path, refused string, in reflect.Type, of func(*config.Server) reflect.Value) {
		for i := range in.NumField() {
			field := in.Field(i)
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if key == "" || key == "-" {
				continue
			}
			at, refused := strings.TrimPrefix(path+"."+key, "."), refused
			if strings.Contains(field.Tag.Get("doc"), "A reload does not change") {
				documented, refused = documented+1, at
			}
			value := func(s *config.Server) reflect.Value { return of(s).Field(i) }
			if field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == in.PkgPath() {
				look(at, refused, field.Type, value)
				continue
			}
			var old, fresh config.Server
			other(t, at, value(&fresh))
			switch err := unchangeable(&old, &fresh); {
			case refused == "" && err != nil:
				t.Errorf("%s: %v, and its documentation does not say so", at, err)
			case refused != "" && (err == nil || !strings.HasPrefix(err.Error(), refused+" changed: only a restart")):
				t.Errorf("%s: %v, and the documentation of %s says that a reload does not change it", at, err, refused)
			}
		}
	}
	look("", "", reflect.TypeFor[config.Server](), func(s *config.Server) reflect.Value {
		return reflect.ValueOf(s).Elem()
	})
	if documented < 14 {
		t.Errorf("%d keys are documented so", documented)
	}
}

// other makes a value another one than the zero of its type.
func other(t *testing.T, at string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("other")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64, reflect.Uint8:
		v.SetUint(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.Zero(v.Type().Key()), reflect.Zero(v.Type().Elem()))
	case reflect.Float64:
		v.SetFloat(0.7)
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				other(t, at, field)
				return
			}
		}
		t.Fatalf("%s: of its type %v there is one value alone", at, v.Type())
	default:
		t.Fatalf("%s: what is another value of %v is not known here", at, v.Type())
	}
}
