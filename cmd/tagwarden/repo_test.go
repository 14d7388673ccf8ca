package main_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/modfile"
)

// The conventions of this repository, as tests: what a reviewer would otherwise have to look for.

const (
	root   = "../.." // seen from here
	module = "github.com/tagwarden/tagwarden"
)

// folders are the top-level folders: there are no others.
var folders = []string{"cmd", "proxy", "rules", "config", "bench", "docker"}

// rootFiles are the files beside them: there are no others but those whose name begins with a dot.
var rootFiles = []string{"ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
	"SECURITY.md", "go.mod", "go.sum"}

// longest is how many lines a file may have.
const longest = 400

// long are the files that may be longer, each with its reason.
var long = map[string]string{}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredFolders(t)
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() && !strings.HasPrefix(name, ".") && !slices.Contains(folders, name) && !slices.Contains(ignored, name) {
			t.Errorf("%s/ is a top-level folder: the folders are %s", name, strings.Join(folders, ", "))
		}
		if !e.IsDir() && !strings.HasPrefix(name, ".") && !slices.Contains(rootFiles, name) && !slices.Contains(ignored, name) {
			t.Errorf("%s lies beside the top-level folders: the files are %s", name, strings.Join(rootFiles, ", "))
		}
	}
}

// words is what every package may import, whatever else its rule says: a number of things, put into words.
const words = "rules/plural"

func TestImportsPointOneWay(t *testing.T) {
	for _, f := range sources(t) {
		if f.isTest {
			continue // what a test needs to show something is its own affair
		}
		at := slices.IndexFunc(mayImport, func(r imports) bool { return matches(r.of, f.folder) })
		if at < 0 {
			t.Errorf("%s: no rule says what %s may import", f.name, f.folder)
			continue
		}
		rule := mayImport[at]
		for _, imported := range f.imports() {
			if imported == module {
				t.Errorf("%s imports the module's root, which is no package", f.name)
			}
			ours, found := strings.CutPrefix(imported, module+"/")
			if found && ours != words && !slices.ContainsFunc(rule.may, func(p string) bool { return matches(p, ours) }) {
				t.Errorf("%s imports %s: %s", f.name, ours, rule.reason)
			}
		}
	}
}

// forTests are packages that tests alone may import: the product holds nothing of them.
var forTests = []string{"rules/curious", "rules/signal/internal/...", "proxy/internal/...", "proxy/cluster/natstest",
	"config/internal/..."}

func TestWhatIsForTestsIsImportedByTestsAlone(t *testing.T) {
	found := map[string]bool{}
	for _, f := range sources(t) {
		for _, imported := range f.imports() {
			ours, _ := strings.CutPrefix(imported, module+"/")
			at := slices.IndexFunc(forTests, func(p string) bool { return matches(p, ours) })
			if at < 0 {
				continue
			}
			if found[forTests[at]] = true; !f.isTest && !matches(forTests[at], f.folder) {
				t.Errorf("%s imports %s, which is for tests", f.name, ours)
			}
		}
	}
	for _, p := range forTests {
		if !found[p] {
			t.Errorf("no test imports %s: it is for nobody", p)
		}
	}
}

// TestRulesArePure: rules and below do no I/O and read no clock. What they are told is all they know.
func TestRulesArePure(t *testing.T) {
	forbidden := []string{"os", "os/...", "net", "net/http/...", "syscall", "log/...", "io/ioutil", "math/rand/...",
		"crypto/rand", "runtime/...", "testing/...",
		"github.com/valyala/fasthttp/..."}
	clocks := []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick",
		"time.NewTimer", "time.NewTicker"}
	for _, f := range sources(t) {
		forTest := slices.ContainsFunc(forTests, func(p string) bool { return matches(p, f.folder) })
		if f.isTest || forTest || !matches("rules/...", f.folder) {
			continue
		}
		for _, imported := range f.imports() {
			if slices.ContainsFunc(forbidden, func(p string) bool { return matches(p, imported) }) {
				t.Errorf("%s imports %s: rules and below do no I/O", f.name, imported)
			}
		}
		f.selections(func(at token.Position, what string) {
			if slices.Contains(clocks, what) {
				t.Errorf("%s:%d uses %s: rules and below read no clock, time is given", f.name, at.Line, what)
			}
		})
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, f := range sources(t) {
		if lines := strings.Count(f.text, "\n"); lines > longest && long[f.name] == "" {
			t.Errorf("%s has %d lines: %d at most, or a line of reason in this test", f.name, lines, longest)
		}
	}
	for name, reason := range long {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil || strings.Count(string(text), "\n") <= longest {
			t.Errorf("%s is no longer long (%s): take it off the list", name, reason)
		}
	}
}

func TestYAMLIsReadByOneLibrary(t *testing.T) {
	for _, f := range sources(t) {
		for _, imported := range f.imports() {
			if strings.HasPrefix(imported, "gopkg.in/yaml") {
				t.Errorf("%s imports %s, which is no longer maintained: go.yaml.in/yaml/v3 is the same", f.name, imported)
			}
		}
	}
}

// TestTestsRun: a test that is skipped shows nothing, and one that sleeps shows it by luck.
// Time is injected, or testing/synctest's.
func TestTestsRun(t *testing.T) {
	for _, f := range sources(t) {
		if !f.isTest {
			continue
		}
		f.selections(func(at token.Position, what string) {
			receiver, name, _ := strings.Cut(what, ".")
			skips := slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) &&
				slices.Contains([]string{"t", "b", "f", "tb"}, receiver)
			if skips || what == "time.Sleep" || what == "testing.Short" {
				t.Errorf("%s:%d calls %s", f.name, at.Line, what)
			}
		})
	}
}

func TestPackagesAreDescribed(t *testing.T) {
	described := map[string]bool{}
	for _, f := range sources(t) {
		if f.isTest || strings.Contains(f.folder, "testdata") {
			continue
		}
		comment := f.syntax.Doc.Text()
		wanted := "Package " + f.syntax.Name.Name
		if f.syntax.Name.Name == "main" {
			wanted = "Command " + path.Base(f.folder)
		}
		described[f.folder] = described[f.folder] || strings.HasPrefix(comment, wanted+" ")
	}
	for folder, is := range described {
		if !is {
			t.Errorf("%s: a package comment is missing: what it is, why, and one promise", folder)
		}
	}
}

// TestDocumentsNameWhatIsThere: a path of this repository that a document names
// exists. "<id>" and "*" stand for anything.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	named := regexp.MustCompile("(?m)(?:^|[\\s`(\\[\"'|])(?:\\./)?((?:" + strings.Join(folders, "|") +
		"|\\.ci|\\.golangci)/[\\w./*<>{},-]*|[A-Z]+\\.md|Makefile|LICENSE)")
	documents, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "cmd", "tagwarden", "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("there are no pages: %v", err)
	}
	documents = append(documents, pages...)
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			name := strings.TrimRight(match[1], ".,:;/")
			name = strings.TrimSuffix(name, "/...")
			pattern := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(name, "*")
			if strings.ContainsAny(pattern, "{}") {
				continue
			}
			found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
			if err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", filepath.Base(document), name)
			}
		}
	}
}

// TestDependenciesHaveReasons: every direct dependency has a line in ARCHITECTURE.md that says what it is for.
func TestDependenciesHaveReasons(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if mod.Module.Mod.Path != module {
		t.Errorf("go.mod is of %s", mod.Module.Mod.Path)
	}
	reasons, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		if !slices.ContainsFunc(strings.Split(string(reasons), "\n"), func(line string) bool {
			_, after, found := strings.Cut(line, shortName(r.Mod.Path))
			return found && len(strings.Trim(after, "`|: -)")) > 10
		}) {
			t.Errorf("go.mod requires %s: ARCHITECTURE.md has no line that says what for", r.Mod.Path)
		}
	}
}

// shortName is how a module is called in a text: without github.com/ and without its major version.
func shortName(path string) string {
	return strings.TrimPrefix(regexp.MustCompile(`/v\d+$`).ReplaceAllString(path, ""), "github.com/")
}

// source is a Go file of this repository.
type source struct {
	name   string // from the repository's root, with slashes
	folder string
	text   string
	isTest bool
	syntax *ast.File
	set    *token.FileSet
}

// sources are the Go files of ours.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files were found: this test looks in the wrong place", len(all))
	}
	return all
}

// parsed reads them, once for all tests.
var parsed = sync.OnceValues(func() (all []source, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f := source{name: filepath.ToSlash(relative), text: string(text), isTest: strings.HasSuffix(name, "_test.go"),
			set: token.NewFileSet()}
		f.folder = path.Dir(f.name)
		if f.syntax, err = parser.ParseFile(f.set, f.name, text,
			parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return err
		}
		all = append(all, f)
		return nil
	})
	return all, err
})

func (f *source) imports() []string {
	paths := make([]string, 0, len(f.syntax.Imports))
	for _, i := range f.syntax.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// selections calls with every x.y in the file, where x is a name.
func (f *source) selections(each func(at token.Position, what string)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				each(f.set.Position(s.Pos()), x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
}

// matches tells whether a folder is one that a pattern means: "x", "x/*" (directly in x)
// or "x/..." (x and below); "..." is all.
func matches(pattern, folder string) bool {
	if pattern == "..." {
		return true
	}
	if above, ok := strings.CutSuffix(pattern, "/..."); ok {
		return folder == above || strings.HasPrefix(folder, above+"/")
	}
	if above, ok := strings.CutSuffix(pattern, "/*"); ok {
		return path.Dir(folder) == above
	}
	return pattern == folder
}

// ignoredFolders are those that .gitignore keeps out of the repository: they may lie about.
func ignoredFolders(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		names = append(names, strings.Trim(strings.TrimSpace(line), "/"))
	}
	return names
}
