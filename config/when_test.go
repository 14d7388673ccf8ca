package config

import (
	"strings"
	"sync"
	"testing"
)

// event is an event for conditions.
type event struct {
	name   string
	params map[string]string
}

func (e event) Name() string             { return e.name }
func (e event) Param(name string) string { return e.params[name] }

func TestWhen(t *testing.T) {
	t.Parallel()
	e := event{"purchase", map[string]string{"currency": "EUR", "value": "42", "empty": "", "größe": "1"}}
	for text, want := range map[string]string{
		`event.name == "purchase"`:                                         "true",
		`event.name in ["view", "purchase"]`:                               "true",
		`event.name.startsWith("pur") && event.name.matches("^[a-z]+$")`:   "true",
		`event.params["debug"] == ""`:                                      "true",
		`event.params["currency"] == "EUR"`:                                "true",
		`event.params.currency != "EUR"`:                                   "false",
		`event.params["größe"] == "1"`:                                     "true",
		`"currency" in event.params`:                                       "true",
		`"absent" in event.params`:                                         "false",
		`"empty" in event.params`:                                          "false",
		`int(event.params["value"]) > 40`:                                  "true",
		`int(event.params["absent"]) > 40`:                                 "error",
		`event.params["absent"] == "" || int(event.params["absent"]) > 40`: "true",
		`event.params[event.name] == ""`:                                   "true",
		`size(event.params["currency"]) == 3`:                              "true",
		`true`:                                                             "true",
		`1/0 == 1`:                                                         "error",
	} {
		condition, faults := compileWhen(text)
		if len(faults) > 0 {
			t.Errorf("%s: %v", text, faults)
			continue
		}
		got := "error"
		if holds, err := condition.Holds(e); err == nil && holds {
			got = "true"
		} else if err == nil {
			got = "false"
		} else if holds {
			t.Errorf("%s: holds, with the error %v", text, err)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestWhenRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                                 "Syntax error",
		`event.name`:                       "gives string",
		`event.params`:                     "gives map",
		`event.params == {"a": "b"}`:       "one member at a time",
		`{"a": "b"} == event.params`:       "one member at a time",
		`size(event.params) == 1`:          "one member at a time",
		`[event.params] == [event.params]`: "one member at a time",
		`event.params in [event.params]`:   "one member at a time",
		`event.params["a"] > 3`:            "int(event.params",
		`event.params["a"] = "b"`:          "a condition compares",
		`event.nme == ""`:                  "known here: event.name",
		`event.params.exists(k, k == "a")`: "undeclared reference",
		`has(event.params.a)`:              "undeclared reference",
		`event.name == "` + strings.Repeat("x", maxWhenBytes) + `"`:  "at most 2048",
		strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200): "",
	} {
		condition, faults := compileWhen(text)
		if len(faults) == 0 || condition != nil {
			t.Errorf("%.60s: accepted", text)
			continue
		}
		var all strings.Builder
		for _, f := range faults {
			if f.line < 1 || f.column < 0 {
				t.Errorf("%.60s: at %d:%d", text, f.line, f.column)
			}
			all.WriteString(f.msg + "\n")
		}
		if !strings.Contains(all.String(), want) {
			t.Errorf("%.60s: %s, want %q in it", text, all.String(), want)
		}
	}
}

// TestWhenIsBounded: a condition that costs too much is an error, which denies.
func TestWhenIsBounded(t *testing.T) {
	t.Parallel()
	condition, faults := compileWhen(
		`event.params["long"].matches("(a+)+b(c|d)*e") || event.params["long"].contains("zz")`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	holds, err := condition.Holds(event{params: map[string]string{"long": strings.Repeat("a", 1<<20)}})
	if holds || err == nil {
		t.Errorf("%v, %v", holds, err)
	}
}

func TestWhenConcurrently(t *testing.T) {
	t.Parallel()
	condition, faults := compileWhen(`event.params["n"] == event.name`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := strings.Repeat("x", i)
			for range 200 {
				if holds, err := condition.Holds(event{name, map[string]string{"n": name}}); err != nil || !holds {
					t.Errorf("%v, %v", holds, err)
					return
				}
				if holds, err := condition.Holds(event{name, map[string]string{"n": "y"}}); err != nil || holds {
					t.Errorf("%v, %v", holds, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkWhen(b *testing.B) {
	condition, faults := compileWhen(`event.params["debug"] == "" && event.name != "test"`)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	b.ReportAllocs()
	e := event{name: "page_view"}
	for b.Loop() {
		if _, err := condition.Holds(e); err != nil {
			b.Fatal(err)
		}
	}
}
