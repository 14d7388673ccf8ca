package main

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tagwarden/tagwarden/config/namedfile"
)

// errNothing says that a flag was given an empty value, as "$UNSET" of a shell is.
var errNothing = errors.New("nothing is given: leave the flag out, or give it a value")

// errTwice says that a flag was given twice of which one value counts.
var errTwice = errors.New("it is given twice: once is right")

// severalTimes is in the help of flags that may be given more than once.
const severalTimes = "may be given again"

// given is the value of a flag that takes no empty one, and one alone unless its help says otherwise.
type given struct {
	flag.Value
	several bool
	all     []string // what was given
}

// Set takes a value.
func (g *given) Set(text string) error {
	switch {
	case text == "":
		return errNothing
	case len(g.all) > 0 && !g.several:
		return errTwice
	}
	g.all = append(g.all, text)
	return g.Value.Set(text)
}

// IsBoolFlag tells package flag whether the flag takes no value.
func (g *given) IsBoolFlag() bool {
	b, ok := g.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// once has each flag take what [given] does. Switches may be given again, which says nothing else.
func once(f *flag.FlagSet) {
	f.VisitAll(func(one *flag.Flag) {
		if !isSwitch(one) {
			one.Value = &given{Value: one.Value, several: strings.Contains(one.Usage, severalTimes)}
		}
	})
}

// onDisk says what is wrong with what a verb was given that has to lie on disk, and with words too many. False is that
// something is.
func onDisk(t *terminal, f *flag.FlagSet, rest []string) bool {
	verb, _, _ := strings.Cut(f.Name(), behindVerb)
	ok := true
	f.Visit(func(one *flag.Flag) {
		of, _ := takesOf(verb, one.Name)
		if values, is := one.Value.(*given); is {
			for _, name := range values.all {
				ok = ok && lies(t, verb+" "+dashed(one.Name), name, of)
			}
		}
	})
	takes := argumentsTaken(verb, rest)
	for i, word := range rest {
		of, any := takes.at(i)
		if !any && ok {
			t.fail("%s: %s is one word too many", verb, echoedOr(word, "what is given last"))
			t.hint("`tagwarden %s --help` says what it takes", verb)
			return false
		}
		ok = ok && lies(t, verb, word, of)
	}
	return ok
}

// lies tells whether what has to be there is, and says it where it is not. What may not
// be looked at is for whoever opens it.
func lies(t *terminal, who, name string, of takes) bool {
	if of.right == "" || of.place == fileOrIn && name == "-" {
		return true
	}
	info, err := os.Stat(name)
	what := ""
	switch {
	case name == "":
		what = "a name is missing"
	case errors.Is(err, fs.ErrPermission):
		return true
	case err != nil && isLink(name), errors.Is(err, syscall.ELOOP):
		what = namedfile.WhyUnread(name, err)
	case errors.Is(err, fs.ErrNotExist) && of.place == dirThere:
		what = "there is no such folder"
	case err != nil:
		what = "there is no such file"
	case info.IsDir() && (of.place == fileThere || of.place == fileOrIn):
		what = "it is a folder"
	case !info.IsDir() && of.place == dirThere:
		what = "it is a file"
	default:
		return true
	}
	right := of.right
	if inside := filepath.Join(name, defaultFile); info != nil && info.IsDir() && right == aServerFile.right &&
		!missing(inside) {
		right = inside + " is the server file in it"
	}
	t.fail("%s %s: %s; %s", who, shownName(name), what, right)
	return false
}

// isLink tells whether a name is that of a link, wherever that leads.
func isLink(name string) bool {
	_, err := os.Readlink(name)
	return err == nil
}

// shownName is a file's name as messages have it: an empty one would not be seen.
func shownName(name string) string {
	if strings.TrimSpace(name) == "" {
		return `"` + name + `"`
	}
	return name
}
