package main_test

import (
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// uncounted are messages that may say a number of things without [plural.Of]: the file and the words, with
// the reason why the number is never one.
var uncounted = map[string]string{
	"proxy/firstlog.go: changes":                          "no message: nodes compare it with what other versions wrote",
	"proxy/firstlog.go: acts":                             "no message: nodes compare it with what other versions wrote",
	"proxy/visitor/words/en.yaml: seconds":                "at least two are said",
	"proxy/ledger/mend.go: files":                         "it is no number that stands there: files whose names end so",
	"proxy/natslink/stream.go: bytes":                     "a limit of a stream, in bytes: it is set, and no stream of one byte is made",
	"config/cnil/words/en.yaml: events":                   "it is said of more than mostKinds events",
	"config/notice/record/en.yaml: processing activities": "of one activity count_one says it",
	"config/assess/words/en.yaml: days":                   "of one day review_tomorrow says it",
	"config/cnil/words/en.yaml: lines":                    "the lines are those of the authority's list, which are many",
	"proxy/visitor/words/en.yaml: months":                 "a cookie of the preference centre lasts 13",
}

// TestCountedThings: every message of the product that says how many there are of something goes through rules/plural,
// so that none says "1 events". Limits are constants, and larger than one; what is said to exceed one is so, too.
func TestCountedThings(t *testing.T) {
	t.Parallel()
	all := sources(t)
	constants := map[string]bool{} // by folder or package, and name
	for _, f := range all {
		for _, name := range f.constants() {
			constants[f.folder+"."+name], constants[f.syntax.Name.Name+"."+name] = true, true
		}
	}
	seen, messages := map[string]bool{}, 0
	report := func(place, key, message string) {
		if seen[key] = true; uncounted[key] == "" {
			t.Errorf("%s: %q says a number of things as if it were never one: plural.Of(n, thing) puts both into words",
				place, message)
		}
	}
	for _, f := range all {
		if f.isTest || strings.HasPrefix(f.folder, "bench") || strings.HasSuffix(f.folder, "test") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			for _, m := range messagesOf(n) {
				messages++
				for _, c := range m.counts() {
					if !f.isLimit(c.n, constants) {
						report(f.set.Position(n.Pos()).String(), f.name+": "+c.things, m.text)
					}
				}
			}
			return true
		})
	}
	if messages < 1000 {
		t.Errorf("only %d messages were found: this test looks in the wrong place", messages)
	}
	placeholders(t, report)
	for key := range uncounted {
		if !seen[key] {
			t.Errorf("%s: no such message is there any more: take the exception away", key)
		}
	}
}

// placeholder stands in a text or a template for something that is put in.
var placeholder = regexp.MustCompile(`\{[a-z]+\}|\{\{-? ?[^{}]+\}\}`)

// plain are placeholders that stand for a number already in words, or for no number.
var plain = regexp.MustCompile(
	`\{\{-? ?(counted|records|say|day|if|else|end|with|range|template) ?.*\}\}|\{(day|name|id|events|controller)\}`)

// placeholders looks at English texts and templates beside the code.
func placeholders(t *testing.T, report func(place, key, message string)) {
	for _, folder := range []string{"proxy", "config"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if err == nil && d.Name() == "testdata" {
					return filepath.SkipDir
				}
				return err
			}
			if !slices.Contains([]string{".html", ".txt", ".md"}, filepath.Ext(name)) && d.Name() != "en.yaml" {
				return nil
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for i, line := range strings.Split(string(text), "\n") {
				for _, at := range placeholder.FindAllStringIndex(line, -1) {
					if things, are := things(line[at[1]:]); are && !plain.MatchString(line[at[0]:at[1]]) {
						where := strings.TrimPrefix(filepath.ToSlash(name), root+"/")
						report(where+":"+strconv.Itoa(i+1), where+": "+things, strings.TrimSpace(line))
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// message is a text that something formats or puts together, and what it is given.
type message struct {
	text string
	args []ast.Expr
}

// count is a number in a message, and the things behind it.
type count struct {
	n      ast.Expr
	things string
}

// messagesOf are the messages that a node writes: a call with a format among its arguments, or a number before a text.
func messagesOf(n ast.Node) (all []message) {
	switch n := n.(type) {
	case *ast.CallExpr:
		for i, arg := range n.Args {
			if text, is := literal(arg); is && strings.Contains(text, "%") {
				all = append(all, message{text, n.Args[i+1:]})
			}
		}
	case *ast.BinaryExpr:
		text, is := literal(n.Y)
		if before, more := n.X.(*ast.BinaryExpr); is && n.Op == token.ADD && !more {
			all = numbered(all, n.X, text)
		} else if is && n.Op == token.ADD {
			all = numbered(all, before.Y, text)
		}
	}
	return all
}

// numbered adds a text that stands behind a number which strconv writes.
func numbered(all []message, before ast.Expr, text string) []message {
	call, is := before.(*ast.CallExpr)
	if !is || len(call.Args) == 0 {
		return all
	}
	f, is := call.Fun.(*ast.SelectorExpr)
	if !is || !slices.Contains([]string{"Itoa", "FormatInt", "FormatUint"}, f.Sel.Name) {
		return all
	}
	return append(all, message{"%d" + strings.ReplaceAll(text, "%", "%%"), call.Args[:1]})
}

// literal is a text that is written in one or several pieces.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, isX := literal(e.X)
		y, isY := literal(e.Y)
		return x + y, isX && isY && e.Op == token.ADD
	}
	return "", false
}

// verbs are the places of a format.
var verbs = regexp.MustCompile(`%[-+# 0]*[\d.]*(\[(\d+)\])?[a-zA-Z%]`)

// counts are the numbers in a message behind which a plural stands. Where the message says how many there may
// be, there are more of them than that.
func (m *message) counts() (all []count) {
	next := 0
	for _, at := range verbs.FindAllStringSubmatchIndex(m.text, -1) {
		verb, behind := m.text[at[0]:at[1]], m.text[at[1]:]
		if strings.HasSuffix(verb, "%") {
			continue
		}
		if at[4] >= 0 {
			n, _ := strconv.Atoi(m.text[at[4]:at[5]])
			next = n - 1
		}
		things, are := things(behind)
		if strings.HasPrefix(behind, " %ss") {
			things, are = "%ss", true
		}
		number := strings.HasSuffix(verb, "d") || strings.ContainsAny(verb[len(verb)-1:], "sv") && counted.MatchString(things)
		if are && number && next < len(m.args) && !strings.Contains(behind, "at most") {
			all = append(all, count{m.args[next], things})
		}
		next++
	}
	return all
}

// counted are things that a number is said of even where it is written as a text.
var counted = regexp.MustCompile(
	`\b(acts|bytes|changes|days|events|fields|files|hits|lines|messages|nodes|places|records|segments|subjects|times|vendors)$`)

// lower is a word of a message.
var lower = regexp.MustCompile(`^ [a-z-]+`)

// things is the plural that comes next in a text, with what describes it: at most three words.
func things(text string) (string, bool) {
	said := ""
	for range 3 {
		word := lower.FindString(text)
		if word == "" || noThing[word[1:]] {
			return "", false
		}
		said += word
		if strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") {
			return said[1:], true
		}
		text = text[len(word):]
	}
	return "", false
}

// noThing are words that name no things, and describe none.
var noThing = wordsOf(`a above ago ahead all alone among an and another apart are as at away be been before behind below beside both but by came can
	cannot come comes did do does down else ended ends fare follows for from given goes gone had has have he holds if in into is it its itself keeps
	left less lies may means more names no none nor not of off on once only or other others out over says set several since so
	stands such than that the them themselves then there these they this those to together under until up us vouches waits was were
	what when where which while who whose will with within without would yes yet`)

func wordsOf(text string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		all[word] = true
	}
	return all
}

// constants are the constants that a file declares.
func (f *source) constants() (names []string) {
	for _, d := range f.syntax.Decls {
		if d, is := d.(*ast.GenDecl); is && d.Tok == token.CONST {
			for _, spec := range d.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// bound is what a parameter is called that is given a limit.
var bound = regexp.MustCompile(`^(most|least|longest|shortest|deepest)`)

// conversions change a number's type, and not the number.
var conversions = wordsOf(`int int32 int64 uint uint32 uint64`)

// isLimit tells whether a number is one of the code's limits: a constant, or a parameter that is called one.
func (f *source) isLimit(n ast.Expr, constants map[string]bool) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return constants[f.folder+"."+n.Name] || bound.MatchString(n.Name)
	case *ast.SelectorExpr:
		of, is := n.X.(*ast.Ident)
		return is && constants[of.Name+"."+n.Sel.Name]
	case *ast.BinaryExpr:
		return f.isLimit(n.X, constants) && f.isLimit(n.Y, constants)
	case *ast.CallExpr:
		of, is := n.Fun.(*ast.Ident)
		return is && conversions[of.Name] && f.isLimit(n.Args[0], constants)
	}
	return false
}
