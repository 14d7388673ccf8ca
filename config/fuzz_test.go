package config

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
)

// fuzzed are the files that FuzzLoad writes anything into.
var fuzzed = []string{
	"tagwarden.yaml", "policy/purposes.yaml", "policy/activities.yaml", "policy/profiles.yaml",
	"policy/assessments/LIA-1.yaml",
	"policy/tests/first.yaml", "policy/vendors/mine.yaml", "policy/detectors.yaml", "policy/revocations.yaml",
}

// FuzzLoad: whatever a file holds, it is read or refused, and a fault in it says where.
func FuzzLoad(f *testing.F) {
	cases, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(cases, "testdata/base.txtar") {
		_, files := archive(f, name)
		for file, text := range files {
			if i := slices.Index(fuzzed, file); i >= 0 {
				f.Add(uint8(i), text)
			}
		}
	}
	f.Add(uint8(0), []byte("policy: [x]\nvendors: {? [a]: b}"))
	f.Add(uint8(2), []byte("activities: [{when: \"\\u2028\"}, {when: >\n  a\n  b}]"))
	f.Add(uint8(6), []byte("id: mine\nfields: {a: {fields: {a: {fields: {}}}}}"))
	base := base(f)
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		name := fuzzed[int(which)%len(fuzzed)]
		files := maps.Clone(base)
		files[name] = text
		loaded, err := compiled(files)
		if err == nil {
			if loaded.Policy == nil || loaded.Draft.Digest == "" {
				t.Fatal("neither a policy nor a fault")
			}
			return
		}
		faults, ok := errors.AsType[strict.Faults](err)
		if !ok || len(faults) == 0 {
			t.Fatalf("a %T: %v", err, err)
		}
		for _, fault := range faults {
			if fault.File == "" || fault.Msg == "" || fault.Line < 1 || fault.Column < 1 {
				t.Errorf("a fault without a place: %+v", fault)
			}
			if strings.Contains(fault.Msg, "BUG") {
				t.Errorf("%v", fault)
			}
		}
	})
}

// FuzzWhen: a condition compiles to something that gives an answer or an error, or is refused with a place.
func FuzzWhen(f *testing.F) {
	for _, text := range []string{`event.name == "x"`, `event.params["a"].matches(event.params["b"])`,
		"\"\\U0010FFFF\" in\nevent.params", `[[[[`, `event.params[event.name`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		condition, faults := compileWhen(text)
		if (condition == nil) != (len(faults) > 0) {
			t.Fatalf("%v and %v", condition, faults)
		}
		for _, fault := range faults {
			if fault.line < 1 || fault.column < 0 || fault.msg == "" {
				t.Errorf("%+v", fault)
			}
		}
		if condition == nil {
			return
		}
		var view rules.EventView = event{"x", map[string]string{"a": "aaaa", "b": "a*"}}
		if holds, err := condition.Holds(view); holds && err != nil {
			t.Error("holds, with an error")
		}
	})
}
