package proxy

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestWaitFor(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 400_000_000, time.UTC)
	for text, want := range map[string]int{
		"0": 0, "7": 7, "007": 7, "86400": 86400, "86401": 86400, "99999999999999999999": 86400,
		"Sat, 28 Nov 2026 12:00:30 GMT": 30, "Saturday, 28-Nov-26 12:00:30 GMT": 30, "Sat Nov 28 12:00:30 2026": 30,
		"Sat, 28 Nov 2026 11:00:00 GMT": 0, "Sat, 28 Nov 2126 12:00:00 GMT": 86400,
		"": -1, "-1": -1, "+7": -1, "7.5": -1, "7s": -1, "7, 8": -1, "soon": -1, "2026-11-28T12:00:30Z": -1,
		"7\x00": -1, "\u0667": -1,
	} {
		got, ok := waitFor([]byte(text), now)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// paths are those of Amplitude and Mixpanel.
var paths = [][]string{{"bad", "*", "[]"}, {"silenced", "[]"}, {"records", "[]", "index"}}

func TestRenumber(t *testing.T) {
	sent := []int{1, 2, 5} // of a batch of six
	for body, want := range map[string]string{
		`{"code":400}`: `{"code":400}`,
		`{"bad":{"time":[0,2],"f":[]},"silenced":[1],"n":1.50,"e":"<&>"}`: `{"bad":{"f":[],"time":[1,5]},"e":"<&>","n":1.50,"silenced":[2]}`,
		`{"records":[{"index":2,"message":"x","at":0},{"message":"y"}]}`:  `{"records":[{"at":0,"index":5,"message":"x"},{"message":"y"}]}`,
		`{"bad":null,"silenced":null,"records":[null,{"index":null}]}`:    `{"bad":null,"records":[null,{"index":null}],"silenced":null}`,
		`{"bad":{"time":[3]}}`:                      "", // no such event
		`{"bad":{"time":[-1]}}`:                     "",
		`{"bad":{"time":[0.5]}}`:                    "",
		`{"bad":{"time":[1e0]}}`:                    "",
		`{"bad":{"time":["0"]}}`:                    "",
		`{"bad":{"time":[[0]]}}`:                    "",
		`{"bad":{"time":0}}`:                        "",
		`{"bad":[0]}`:                               "",
		`{"silenced":{"0":0}}`:                      "",
		`{"records":[{"index":"0"}]}`:               "",
		`{"silenced":[99999999999999999999999999]}`: "",
		`[{"bad":{"time":[0]}}]`:                    "",
		`"bad"`:                                     "",
		`{"bad"`:                                    "",
	} {
		got, ok := renumber([]byte(body), paths, sent)
		if ok != (want != "") || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", body, got, ok, want)
		}
	}
}

// FuzzRenumber: every number at the paths is one of the SDK's batch, and nothing else is changed.
func FuzzRenumber(f *testing.F) {
	for _, seed := range []string{`{"bad":{"time":[0,2]},"silenced":[1],"records":[{"index":2}],"x":[0,1.0,"a"]}`,
		`{"bad":{"a":[0],"a":[7]}}`, `[]`, `{"silenced":[9]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sent := []int{1, 2, 5}
		got, ok := renumber(body, paths, sent)
		if !ok {
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q is no JSON", got)
		}
		back := []int{-1, 0, 1, -1, -1, 2}
		again, ok := renumber(got, paths, back)
		same, _ := renumber(body, paths, []int{0, 1, 2})
		if !ok || !bytes.Equal(again, same) {
			t.Fatalf("%q became %q, and that %q", body, got, again)
		}
	})
}
