package main

import (
	"bytes"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// said runs a verb, and is what it said to whom it failed.
func said(t *testing.T, called string, args ...string) (text string, code int) {
	t.Helper()
	var out bytes.Buffer
	one := &terminal{in: strings.NewReader(""), out: &out, err: &out, now: time.Now}
	code = run(t.Context(), one, append(strings.Fields(called), args...))
	return out.String(), code
}

// TestNoFlagTakesNothing: an empty value, as of a variable that is not set, is refused by every flag of every verb,
// and so is a second one where one counts.
func TestNoFlagTakesNothing(t *testing.T) {
	t.Parallel()
	everyVerb(t, func(called string, _ *verb, flags map[string]*flag.Flag) {
		for name, f := range flags {
			if isSwitch(f) {
				continue
			}
			if text, code := said(t, called, dashed(name), ""); code != usage ||
				!strings.Contains(text, dashed(name)+": nothing is given") {
				t.Errorf("%s %s \"\": %d %s", called, dashed(name), code, text)
			}
			value, ok := valid[name]
			if one, words := f.Value.(*oneOf); words {
				value, ok = one.all[0], true
			}
			if own, is := validFor[called+" --"+name]; is {
				value = own
			} else if !ok {
				value = "1"
			}
			text, code := said(t, called, dashed(name), value, dashed(name), value)
			if twice := strings.Contains(text, dashed(name)+": it is given twice"); twice == strings.Contains(f.Usage,
				severalTimes) || code != usage {
				t.Errorf("%s %s %s twice: %d %s", called, dashed(name), value, code, text)
			}
		}
	})
}

// valid are values that flags take, where 1 is none.
var valid = map[string]string{
	"choice": "none", "column": "email=1", "cookie": "a=b", "country": "DE", "decision": "permit", "expires": "90d",
	"format": "csv", "id": "email=a@b.example", "period": "day",
	"receipt": "analytics=granted", "role": "analyst", "since": "7d", "until": "7d", "from": "7d", "to": "7d",
	"where": "a=b", "outcome": "delivered",
	"subject": strings.Repeat("0", 32),
}

// validFor are those of one verb's flag alone.
var validFor = map[string]string{"lia render --format": "md", "objections export --since": "1"}

// TestFilesThatAreNotThere: of every file and folder that a verb reads it is said which flag or verb it was given to,
// which it is, and what would be right, and the verb ends with the code of usage.
func TestFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "no", "such.thing")
	for _, c := range placesRead(t) {
		for name, what := range map[string]string{file: "there is no such f", dir: "it is a folder",
			"/dev/null": "it is a file", "": "a name is missing"} {
			folder := c.of.place == dirThere
			switch {
			case name == dir && (folder || c.of.place == anyThere), name == "/dev/null" && !folder, name == "" && c.flag != "":
				continue
			}
			text, code := said(t, c.called, slices.Concat(c.before, []string{name})...)
			who := strings.TrimSpace(strings.Join(append(strings.Fields(c.called), c.flag), " "))
			if code != usage || !strings.Contains(text, "tagwarden: "+who+" "+shownName(name)+": "+what) ||
				!strings.Contains(text, c.of.right) {
				t.Errorf("%s %s: %d %s", who, name, code, text)
			}
			if strings.Contains(text, "no such file or directory") || strings.Contains(text, "open ") ||
				strings.Contains(text, "stat ") {
				t.Errorf("%s %s: as the system says it: %s", who, name, text)
			}
		}
	}
}

// placeRead is a place that a verb reads.
type placeRead struct {
	called string
	flag   string // that it is given by; "": it stands behind the verb
	before []string
	of     takes
}

// placesRead are all of them.
func placesRead(t *testing.T) (all []placeRead) {
	t.Helper()
	everyVerb(t, func(called string, _ *verb, flags map[string]*flag.Flag) {
		for name := range flags {
			if of, _ := takesOf(called, name); of.right != "" {
				all = append(all, placeRead{called, dashed(name), []string{dashed(name)}, of})
			}
		}
		for _, first := range []string{"", "gtm", "check"} {
			var before []string
			if first != "" {
				before = []string{first}
			}
			if of, _ := argumentsTaken(called, before).at(len(before)); of.right != "" && (first == "") == (called != "import" &&
				called != "catalog") {
				all = append(all, placeRead{called, "", before, of})
			}
		}
	})
	if len(all) < 100 {
		t.Fatalf("%d places are read, which are too few", len(all))
	}
	return all
}

// TestFlagsThatMeanNothing: a flag that would be ignored is refused, and when it means something is said.
func TestFlagsThatMeanNothing(t *testing.T) {
	t.Parallel()
	for i := range meaningless {
		of := &meaningless[i]
		others := []string{""}
		if len(of.without) > 0 {
			others = of.without
		}
		for _, name := range of.flags {
			for _, other := range others {
				args := []string{dashed(name)}
				everyVerb(t, func(called string, _ *verb, flags map[string]*flag.Flag) {
					if called == of.verb {
						args = append(args, valueFor(called, name, flags)...)
						if other != "" {
							args = append(append(args, dashed(other)), valueFor(called, other, flags)...)
						}
					}
				})
				if text, code := said(t, of.verb, args...); code != usage || !strings.Contains(text, dashed(name)+": "+of.says) {
					t.Errorf("%s %q: %d %s", of.verb, args, code, text)
				}
			}
		}
	}
}

// valueFor is a value that a flag takes; none for a switch.
func valueFor(called, name string, flags map[string]*flag.Flag) []string {
	f := flags[name]
	one, words := f.Value.(*oneOf)
	value := valid[name]
	if own, is := validFor[called+" --"+name]; is {
		value = own
	}
	of, _ := takesOf(called, name)
	switch {
	case isSwitch(f):
		return nil
	case words:
		value = one.all[len(one.all)-1]
	case of.place == fileThere || of.place == fileOrIn || of.place == anyThere:
		value = "main.go"
	case of.place == dirThere:
		value = "testdata"
	case value == "":
		value = "1"
	}
	return []string{value}
}

// TestWordsTooMany: of words that no verb takes it is said which one it is.
func TestWordsTooMany(t *testing.T) {
	t.Parallel()
	everyVerb(t, func(called string, _ *verb, _ map[string]*flag.Flag) {
		of := argumentsOfVerbs[called]
		if of.many || called == "catalog" {
			return
		}
		var args []string
		for _, one := range of.each {
			args = append(args, map[place]string{fileThere: "main.go", dirThere: "testdata"}[one.place])
		}
		if text, code := said(t, called, append(args, "superfluous")...); code != usage ||
			!strings.Contains(text, `"superfluous"`) {
			t.Errorf("%s: %d %s", called, code, text)
		}
	})
}
