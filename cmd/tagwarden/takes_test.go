package main

import (
	"bytes"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// everyVerb yields all verbs as they are called, those of verbs included, with their flags.
func everyVerb(t *testing.T, each func(called string, v *verb, flags map[string]*flag.Flag)) {
	t.Helper()
	asked := &terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now}
	for _, v := range verbs() {
		below := verbsBelow()[v.name]
		if below == nil {
			each(v.name, &v, flagsOf(asked, &v, nil))
		}
		for _, of := range below {
			each(v.name+" "+of.name, &of, flagsOf(asked, &of, nil))
		}
		if v.name == "promises" {
			each("promises approve", &v, flagsOf(asked, &v, []string{"approve"}))
		}
	}
}

// TestWhatFlagsTakeIsKnown: of every flag of every verb, and of no other.
func TestWhatFlagsTakeIsKnown(t *testing.T) {
	t.Parallel()
	flags, called := map[string]bool{}, map[string]bool{}
	everyVerb(t, func(name string, _ *verb, of map[string]*flag.Flag) {
		called[name] = true
		for of, f := range of {
			flags["--"+of], flags[name+" --"+of] = true, true
			_, words := f.Value.(*oneOf)
			if _, known := takesOf(name, of); !known && !words && !isSwitch(f) {
				t.Errorf("%s: what --%s takes is not known", name, of)
			}
		}
	})
	for name := range flagTakes {
		if !flags[name] {
			t.Errorf("no verb has a flag %s", name)
		}
	}
	for _, name := range texts {
		if _, twice := flagTakes["--"+name]; twice || !flags["--"+name] {
			t.Errorf("--%s: no verb has it, or something else is said of it", name)
		}
	}
	for verb := range argumentsOfVerbs {
		if !called[verb] {
			t.Errorf("there is no verb %q", verb)
		}
	}
	for i := range meaningless {
		of := &meaningless[i]
		for _, name := range slices.Concat(of.flags, of.with, of.without) {
			if !strings.HasPrefix(name, "=") && !flags[of.verb+" --"+name] {
				t.Errorf("%s has no flag --%s", of.verb, name)
			}
		}
	}
}

// TestCompletesEverything: what is offered for each word that a verb takes, and for each value of its flags, by a
// server file that init wrote. UPDATE_GOLDEN=1 writes the file anew.
func TestCompletesEverything(t *testing.T) {
	t.Parallel()
	shop := filepath.Join(t.TempDir(), "shop")
	var said bytes.Buffer
	if code := run(t.Context(), &terminal{out: &said, err: &said, now: time.Now}, []string{"init", shop}); code != fine {
		t.Fatal(said.String())
	}
	var all strings.Builder
	offer := func(words ...string) {
		got := complete(&terminal{now: time.Now}, append(slices.Clone(words), ""))
		if len(got) > 6 {
			got = append(got[:5:5], "...")
		}
		line := strings.Join(words, " ") + " | " + strings.Join(got, " ")
		all.WriteString(strings.TrimSpace(strings.ReplaceAll(line, " --config "+shop+"/tagwarden.yaml", "")) + "\n")
	}
	offer()
	offer("help")
	everyVerb(t, func(called string, _ *verb, flags map[string]*flag.Flag) {
		words := strings.Fields(called)
		offer(append([]string{"help"}, words...)...)
		if flags["config"] != nil {
			words = append(words, "--config", shop+"/tagwarden.yaml")
		}
		for i, before := 0, []string(nil); i < 3; i++ {
			offer(append(slices.Clone(words), before...)...)
			next, more := argumentsTaken(called, before).at(i)
			if !more {
				break
			}
			word := "x"
			if next.list != nil {
				if list := next.list(&configured{shop + "/tagwarden.yaml"}); len(list) > 0 {
					word = list[len(list)-1]
				}
			}
			before = append(before, word)
		}
		for _, name := range slices.Sorted(maps.Keys(flags)) {
			if !isSwitch(flags[name]) {
				offer(append(slices.Clone(words), dashed(name))...)
			}
		}
	})
	const file = "testdata/completed.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != all.String() {
		t.Errorf("it is not as in %s: %v\n%s", file, err, all.String())
	}
}
