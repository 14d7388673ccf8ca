package visitor

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzRequest: what is taken is JSON that encoding/json takes too, with no member that it would not know; what is
// refused says where without repeating what was sent.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"purposes":["ads"],"vendors":["ga4"],"all":true,"take_back":{"purposes":["x"],"vendors":[],"all":false},"ids":{"client_id:ga4":"0123456789"},"campaign":"c","lang":"en"}`,
		`{"all":true,"all":false}`, `{"take_back":{"all":true}}`, `{"ids":{"email":"a@b"}}`, `{"all":true}{}`, `[`, `{"a`,
		`{"purposes":[`, `{"purposes":["a",]}`, "\xff", `{"all":true,"ids":{"client_id":"\ud800-0123456789"}}`,
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
		if len(same.IDs) != len(r.ids) || same.Campaign != r.campaign || same.Lang != r.lang ||
			len(r.object)+len(r.takeBack) == 0 {
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

// TestWhereARequestIsWrong: a fault is told with the place it is at, also inside what is taken back.
func TestWhereARequestIsWrong(t *testing.T) {
	for text, at := range map[string]string{
		`{"purposes":["a b"]}`: "/purposes", `{"all":true,"purposes":7}`: "/purposes", `{"all":"yes"}`: "/all",
		`{"all":true,"more":1}`:                  "",
		`{"take_back":{"purposes":["a b"]}}`:     "/take_back/purposes",
		`{"all":true,"take_back":{"vendors":7}}`: "/take_back/vendors",
		`{"all":true,"take_back":{"all":"yes"}}`: "/take_back/all", `{"all":true,"take_back":{"ids":{}}}`: "/take_back",
		`{"all":true,"take_back":7}`:                                     "/take_back",
		`{"all":true,"ids":{"client_id:ga4":"undefined"}}`:               "/ids/client_id:ga4",
		`{"all":true,"ids":{"device_id":"ffffffff-ffff-ffff-ffff-fff"}}`: "/ids/device_id",
		`{"all":true,"ids":7}`:                                           "/ids", `{"all":true,"lang":7}`: "/lang",
		`{"all":true,"campaign":7}`: "/campaign",
	} {
		r, err := parseRequest([]byte(text))
		bad, ok := errors.AsType[*badRequest](err)
		if !ok || bad.at != at || r != nil {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
}

// TestBoundsOfARequest: so much is taken, and one more is not.
func TestBoundsOfARequest(t *testing.T) {
	scopes := func(n int) string { return `{"purposes":["az09.-_AZ"` + strings.Repeat(`,"z"`, n-1) + `]}` }
	id := func(n int) string {
		return `{"all":true,"ids":{"client_id:ga4":"` + strings.Repeat("0123456789abcdef", n/16+1)[:n] + `"}}`
	}
	for text, taken := range map[string]bool{
		scopes(maxScopes): true, scopes(maxScopes + 1): false, id(longestID): true, id(longestID + 1): false,
	} {
		if r, err := parseRequest([]byte(text)); (err == nil) != taken {
			t.Errorf("%d bytes: %+v, %v", len(text), r, err)
		}
	}
	one := base64.RawURLEncoding.EncodeToString(make([]byte, macSize))
	for n, want := range map[int]int{1: 1, 2 * maxIdentifiers: 2 * maxIdentifiers, 2*maxIdentifiers +
		1: 2 * maxIdentifiers} {
		if got := len(parseProofs(strings.Repeat(one+".", n))); got != want {
			t.Errorf("of %d proofs %d are read", n, got)
		}
	}
}
