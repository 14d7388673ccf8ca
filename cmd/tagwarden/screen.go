package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/config/strict"
)

// screen is the edge of the terminal: everything that a verb prints goes through one. Names, paths and values come from
// hits, recordings, policies and ledgers, and whoever wrote those must not write on somebody's terminal: what moves its
// cursor, turns the direction of a line round or cannot be seen is written as an escape. The escapes are JSON's own
// (\u001b, \u202e), so that a document in JSON stays one and says the same.
type screen struct {
	mu   sync.Mutex
	to   io.Writer
	rest [utf8.UTFMax]byte // the beginning of a character whose end is still to come
	held int               // bytes in rest
	lost error             // why something that was printed is nowhere; nil: it is all there
	text []byte            // used again
}

// Write writes text. Line ends and tabs pass: printf has looked at those in values before.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := b
	if s.held > 0 {
		text = append(append(s.text[:0], s.rest[:s.held]...), b...)
		s.held = 0
	}
	end := len(text) - unfinished(text)
	s.held = copy(s.rest[:], text[end:])
	if err := s.put(string(text[:end])); err != nil {
		return 0, err
	}
	return len(b), nil
}

// end writes a character that was never finished.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.put(string(s.rest[:s.held])) // a terminal that cannot be written to cannot be told so
	s.held = 0
}

func (s *screen) put(text string) error {
	if text == "" {
		return nil
	}
	s.text = appendVisible(s.text[:0], text, "\n\t")
	_, err := s.to.Write(s.text)
	s.loses(err)
	return err
}

// loses remembers the first failure. The mutex is held.
func (s *screen) loses(err error) {
	if err != nil && s.lost == nil && !errors.Is(err, syscall.EPIPE) { // who closed a pipe has what it wanted
		s.lost = err
	}
}

// failed is why something that was printed is nowhere.
func (s *screen) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// unfinished is how many bytes at the end are the beginning of a character.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if c := text[len(text)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// hostile tells whether a character does something to a terminal, or to how a line reads, or cannot be seen: control
// characters (C0, DEL, C1), line and paragraph separators, and format characters (Unicode category Cf: marks,
// embeddings and isolates of direction, zero-width characters, tags).
func hostile(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

// appendVisible appends text with everything hostile in it as escapes, but what passes. A byte that is no
// character is one that cannot be read (\ufffd).
func appendVisible(dst []byte, text, passes string) []byte {
	for i, r := range text {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(text[i:]); size > 1 {
				dst = utf8.AppendRune(dst, r)
			} else {
				dst = append(dst, `\ufffd`...)
			}
		case !hostile(r) || strings.ContainsRune(passes, r):
			dst = utf8.AppendRune(dst, r)
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r > 0xffff: // two units of UTF-16
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
	}
	return dst
}

// visible is a text with everything hostile in it as escapes, line ends and tabs as well.
func visible(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || hostile(r) }) < 0 {
		return text
	}
	return string(appendVisible(nil, text, ""))
}

// severalLines is a text of several lines that we wrote: its line ends pass. What stands in
// them of others' is escaped by the screen.
type severalLines string

// inLine is an argument of printf, which keeps to its place in the line.
type inLine struct{ of any }

// Format writes the argument as its verb says, and then as it may be shown. %q escapes by itself.
func (v inLine) Format(s fmt.State, verb rune) {
	text := fmt.Sprintf(fmt.FormatString(s, verb), v.of)
	if verb != 'q' {
		text = visible(text)
	}
	_, _ = io.WriteString(s, text)
}

// printf writes for people. What is given is shown as one line each, faults as a line a fault. A terminal that
// cannot be written to cannot be told so.
func printf(w io.Writer, format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case severalLines, int, int64, uint64, float64, bool:
		case error:
			args[i] = faulty(arg)
		default:
			args[i] = inLine{arg}
		}
	}
	_, _ = fmt.Fprintf(w, format, args...)
}

// faulty is an error's text: where there are several, each in a line of its own.
func faulty(err error) any {
	var all []string
	if faults, ok := errors.AsType[strict.Faults](err); ok && err.Error() == faults.Error() {
		for _, fault := range faults {
			all = append(all, visible(fault.Error()))
		}
	} else if joined, ok := err.(interface{ Unwrap() []error }); ok && err.Error() == errors.Join(
		joined.Unwrap()...).Error() {
		for _, one := range joined.Unwrap() {
			all = append(all, fmt.Sprint(faulty(one)))
		}
	} else {
		return visible(plainly(err))
	}
	return strings.Join(all, "\n")
}

// behind is the file behind a screen, nil where it is none.
func behind(w io.Writer) *os.File {
	if s, ok := w.(*screen); ok {
		w = s.to
	}
	f, _ := w.(*os.File)
	return f
}

// document is where a document is written that others read: a page, a table, a list to import elsewhere. Its text is
// its own and goes unchanged into files and pipes; on a terminal it is shown as everything is.
func (t *terminal) document() io.Writer {
	s, ok := t.out.(*screen)
	if f := behind(t.out); !ok || f != nil && isTerminal(f) {
		return t.out
	}
	return unchanged{s}
}

// unchanged writes past a screen, which remembers what could not be written.
type unchanged struct{ past *screen }

// Write writes bytes as they are.
func (u unchanged) Write(b []byte) (int, error) {
	n, err := u.past.to.Write(b)
	u.past.mu.Lock()
	defer u.past.mu.Unlock()
	u.past.loses(err)
	return n, err
}
