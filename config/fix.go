package config

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Fix is a line that an earlier version took, and how it is written now.
type Fix struct {
	Line          int
	Before, After string // the line; After is "" and Gone where it goes
	Gone          bool
	Since         string // the version from which on it is written so
	Says          string // why
}

// Fixed is a file of which something is written otherwise now.
type Fixed struct {
	Path  string
	Text  []byte // as it is to be
	Fixes []Fix  // by line
}

// rewrite is something that is written otherwise since a version, and means the same: what takes a decision of people
// is not among them. It looks at one file, and changes lines.
type rewrite struct {
	since, says string
	of          func(name string) bool // the file's name in the policy folder; "" is the server file
	do          func(doc *strict.Document, lines *fixing)
}

// rewrites are all that there are, oldest version first. Assessments are not among them,
// whatever they say: people signed them.
var rewrites = []rewrite{
	{"0.1.0", "a vendor's role is a word", isVendorFile, roleOfProcessor},
	{"0.1.0", "merge beside endpoints never did anything: what travels together is said at an endpoint",
		isVendorFile, withoutMerge},
	{"0.1.0", "browsers leave a scheme's own port off", func(name string) bool { return name == "" }, originsWithoutPort},
}

// Fixes says what of the files of a source is written otherwise now, and how. Comments, order and all else stay as they
// are. Unread are the files that are no YAML, of which nobody knows: a check says what is wrong with them.
func (s *Source) Fixes() (all []Fixed, unread []string) {
	look := func(name, path string, text []byte) {
		f := &fixing{lines: strings.SplitAfter(string(text), "\n")}
		for _, r := range rewrites {
			var none strict.Faults
			doc := strict.Parse(path, []byte(strings.Join(f.lines, "")), &none)
			if doc == nil {
				unread = append(unread, path)
				return
			}
			if r.of(name) {
				f.by = r
				r.do(doc, f)
			}
		}
		if len(f.fixes) > 0 {
			slices.SortStableFunc(f.fixes, func(a, b Fix) int { return a.Line - b.Line })
			all = append(all, Fixed{Path: path, Text: []byte(strings.Join(f.lines, "")), Fixes: f.fixes})
		}
	}
	look("", s.Path, s.server)
	for _, name := range s.names("vendors") {
		look(name, s.display(name), s.policy[name])
	}
	return all, unread
}

func isVendorFile(name string) bool { return filepath.ToSlash(filepath.Dir(name)) == "vendors" }

// fixing is a file that is being changed, line by line: the number of each stays, also of one that goes.
type fixing struct {
	lines []string
	by    rewrite
	fixes []Fix
}

// change puts another text in the place of a line's.
func (f *fixing) change(line int, to string, gone bool) {
	was := strings.TrimRight(f.lines[line-1], "\r\n")
	end := f.lines[line-1][len(was):]
	if gone {
		f.lines[line-1] = ""
	} else {
		f.lines[line-1] = to + end
	}
	for i := range f.fixes {
		if one := &f.fixes[i]; one.Line == line { // it is changed once more
			one.After, one.Gone = to, gone
			return
		}
	}
	f.fixes = append(f.fixes, Fix{Line: line, Before: was, After: to, Gone: gone, Since: f.by.since, Says: f.by.says})
}

// scalar puts another value in the place of a node's on its line, quoted as it was.
// False: it does not stand there as it is.
func (f *fixing) scalar(node *yaml.Node, to string) bool {
	quote := ""
	switch node.Style {
	case yaml.DoubleQuotedStyle:
		quote = `"`
	case yaml.SingleQuotedStyle:
		quote = "'"
	case 0:
	default:
		return false
	}
	line := []rune(strings.TrimRight(f.lines[node.Line-1], "\r\n"))
	was := []rune(quote + node.Value + quote)
	at := node.Column - 1
	if at+len(was) > len(line) || string(line[at:at+len(was)]) != string(was) {
		return false
	}
	f.change(node.Line, string(line[:at])+quote+to+quote+string(line[at+len(was):]), false)
	return true
}

var (
	processorLine = regexp.MustCompile(`^(['"]?)processor(['"]?)\s*:\s*true(\s*(?:#.*)?)$`)
	mergeLine     = regexp.MustCompile(`^merge\s*:\s*(?:true|false)\s*(?:#.*)?$`)
)

// roleOfProcessor: processor: true is role: processor.
func roleOfProcessor(doc *strict.Document, f *fixing) {
	if !doc.Has("processor") || doc.Has("role") {
		return
	}
	key := doc.FindKey(strict.Path("processor"))
	if m := processorLine.FindStringSubmatch(strings.TrimRight(f.lines[key.Line-1], "\r\n")); m != nil {
		f.change(key.Line, "role: processor"+m[3], false)
	}
}

// withoutMerge: merge: true or false beside endpoints goes.
func withoutMerge(doc *strict.Document, f *fixing) {
	if !doc.Has("merge") {
		return
	}
	key := doc.FindKey(strict.Path("merge"))
	if mergeLine.MatchString(strings.TrimRight(f.lines[key.Line-1], "\r\n")) {
		f.change(key.Line, "", true)
	}
}

// originsWithoutPort: https://shop.example:443 is https://shop.example.
func originsWithoutPort(doc *strict.Document, f *fixing) {
	for _, id := range doc.Keys("sites") {
		if !doc.Has("sites", id, "origins") {
			continue
		}
		// The last of a line first: places of those before it stay.
		for _, node := range slices.Backward(doc.Find(strict.Path("sites", id, "origins")).Content) {
			for scheme, port := range map[string]string{"https://": ":443", "http://": ":80"} {
				without, has := strings.CutSuffix(node.Value, port)
				if has && strings.HasPrefix(node.Value, scheme) && node.Kind == yaml.ScalarNode {
					f.scalar(node, without)
				}
			}
		}
	}
}

// Same tells whether a file is still as it was read.
func (s *Source) Same(of *Fixed, now []byte) bool {
	if of.Path == s.Path {
		return bytes.Equal(now, s.server)
	}
	for name, text := range s.policy {
		if s.display(name) == of.Path {
			return bytes.Equal(now, text)
		}
	}
	return false
}
