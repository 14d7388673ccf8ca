package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// errInterrupted is what somebody's Ctrl-C is.
var errInterrupted = errors.New("the import was interrupted")

// goOn says how far an import came that ended with an error, and with which command it goes on.
func (im *importing) goOn(err error) error {
	if errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	in := max(im.start, im.done)
	switch {
	case im.trial:
		return err
	case im.unreadable:
		im.t.hint("mend the file, and import it again: what is in already is not taken twice")
	case in == 0:
		im.t.hint("nothing of it is in yet; to begin anew:")
	default:
		im.t.hint("up to line %d it is in; to go on from there:", in)
	}
	if !im.unreadable {
		im.t.hint("%s", im.again())
	}
	return err
}

// again is the command that goes on with this import. What it reports goes to
// another file: that of this one is written.
func (im *importing) again() string {
	words := []string{"tagwarden", "objections", "import"}
	for i := 0; i < len(im.args); i++ {
		word := im.args[i]
		switch name, value, joined := strings.Cut(strings.TrimPrefix(word, "-"), "="); {
		case name != "-report" && name != "report" || word == name:
		case joined:
			word = "--report=" + unused(value)
		case i+1 < len(im.args):
			words = append(words, word)
			i++
			word = unused(im.args[i])
		}
		words = append(words, quoted(word))
	}
	return strings.Join(words, " ")
}

// unused is a name like another one that no file has.
func unused(name string) string {
	ending := filepath.Ext(name)
	for n := 1; ; n++ {
		free := name
		if n > 1 {
			free = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ending), n, ending)
		}
		if _, err := os.Lstat(free); err != nil {
			return free
		}
	}
}

// quoted is a word as a shell reads it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// quotedPath is a path as a shell reads it, and as no command takes it for a flag.
func quotedPath(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "." + string(filepath.Separator) + path
	}
	return quoted(path)
}
