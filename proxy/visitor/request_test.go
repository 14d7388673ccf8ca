package visitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// FuzzRequest: what is taken is JSON that encoding/json takes too, with no member that it would not know; what is refused says where without
// repeating what was sent.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"purposes":["ads"],"vendors":["ga4"],"all":true,"take_back":{"purposes":["x"],"vendors":[],"all":false},"ids":{"client_id:ga4":"0123456789"},"campaign":"c","lang":"en"}`,
		`{"all":true,"all":false}`, `{"take_back":{"all":true}}`, `{"ids":{"email":"a@b"}}`, `{"all":true}{}`, `[`, `{"a`, `{"purposes":[`, `{"purposes":["a",]}`, "\xff", `{"all":true,"ids":{"client_id":"\ud800-0123456789"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRequest(text)
		if err != nil {
			bad, ok := errors.AsType[*badRequest](err)
			if !ok || bad.what == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		type scopes struct {
			Purposes []string `json:"purposes"`
			Vendors  []string `json:"vendors"`
			All      bool     `json:"all"`
		}
		var same struct {
			scopes
			TakeBack scopes            `json:"take_back"`
			IDs      map[string]string `json:"ids"`
			Campaign string            `json:"campaign"`
			Lang     string            `json:"lang"`
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&same); err != nil {
			t.Fatalf("%q is taken, and %v", text, err)
		}
		if len(same.IDs) != len(r.ids) || same.Campaign != r.campaign || same.Lang != r.lang || len(r.object)+len(r.takeBack) == 0 {
			t.Fatalf("%q is read as %+v", text, r)
		}
		for _, id := range r.ids {
			if same.IDs[id.Name] != id.Value || !random(id.Name) || !unguessable(id.Value) {
				t.Fatalf("%q gives %q", text, id.Name)
			}
		}
		for _, scope := range append(r.object, r.takeBack...) {
			if !named(scope) {
				t.Fatalf("%q is a scope", scope)
			}
		}
	})
}
