package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// finder collects the mutants of one file. A change leaves every name in use, so that most of them compile: a condition
// is not taken out but joined with false, a call is not deleted but put where it is never reached.
type finder struct {
	file   string
	text   []byte
	set    *token.FileSet
	consts constants
	heads  map[ast.Stmt]bool // stand in the head of a for, an if or a switch, where only one statement can
	found  []mutant
}

// findIn finds the mutants of a package's files, tests excepted.
func findIn(folder string, wanted func(name string) bool) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	consts := constants{folders: map[string]map[string]string{}}
	var all []mutant
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || !wanted(filepath.Base(file)) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := find(file, text, consts)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// find finds the mutants of one file.
func find(file string, text []byte, consts constants) ([]mutant, error) {
	f := &finder{file: file, text: text, set: token.NewFileSet(), consts: consts, heads: map[ast.Stmt]bool{}}
	parsed, err := parser.ParseFile(f.set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f.consts = consts.of(filepath.Dir(file), parsed)
	ast.Inspect(parsed, f.visit)
	return f.found, nil
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR // what a constant or a type is, is no behaviour that a line of a test comes by
	case *ast.FuncDecl:
		f.function(n)
	case *ast.IfStmt:
		f.heads[n.Init] = true
		f.replace("never", n.Cond, "false && ("+f.source(n.Cond)+")")
		f.replace("not", n.Cond, "!("+f.source(n.Cond)+")")
	case *ast.ForStmt:
		f.heads[n.Init], f.heads[n.Post] = true, true
		if n.Cond != nil {
			f.replace("never", n.Cond, "false && ("+f.source(n.Cond)+")")
		}
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.replace("neg", n, f.source(n.X))
		}
	case *ast.Ident:
		f.name(n, "", n.Name)
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok {
			f.name(n, x.Name, n.Sel.Name)
		}
		ast.Inspect(n.X, f.visit)
		return false // n.Sel alone is no name of this package
	case *ast.SwitchStmt:
		f.heads[n.Init] = true
		f.cases(n.Body, n.Tag == nil)
	case *ast.TypeSwitchStmt:
		f.cases(n.Body, false)
	case *ast.CommClause:
		f.heads[n.Comm] = true
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok && !f.heads[n] {
			f.replace("call", n, "if false { "+f.source(call)+" }")
		}
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE && !f.heads[n] {
			f.replace("assign", n, "if false { "+f.source(n)+" }")
		}
	case *ast.IncDecStmt:
		if !f.heads[n] {
			f.replace("assign", n, "if false { "+f.source(n)+" }")
		}
	case *ast.ReturnStmt:
		for _, result := range n.Results {
			f.returned(result)
		}
	case *ast.SliceExpr:
		for _, bound := range []ast.Expr{n.Low, n.High} {
			if bound != nil {
				f.replace("slice", bound, "("+f.source(bound)+")+1")
				f.replace("slice", bound, "("+f.source(bound)+")-1")
			}
		}
	}
	return true
}

// function empties a body: it returns zero values at once.
func (f *finder) function(n *ast.FuncDecl) {
	if n.Body == nil || len(n.Body.List) == 0 {
		return
	}
	var zeros []string
	if n.Type.Results != nil {
		for _, result := range n.Type.Results.List {
			for range max(1, len(result.Names)) {
				zeros = append(zeros, "*new("+f.source(result.Type)+")")
			}
		}
	}
	at := n.Body.Lbrace + 1
	f.add(mutant{
		kind: "empty", old: n.Name.Name + " { ... }", new: " if true { return " + strings.Join(zeros, ", ") + " };",
		from: f.offset(at), to: f.offset(at),
	}, n.Body.List[0].Pos())
}

// operators are what an operator becomes, and what kind of change that is.
var operators = map[token.Token][][2]string{
	token.LAND: {{"andor", "||"}},
	token.LOR:  {{"andor", "&&"}},
	token.EQL:  {{"eq", "!="}},
	token.NEQ:  {{"eq", "=="}},
	token.LSS:  {{"bound", "<="}, {"eq", ">="}},
	token.LEQ:  {{"bound", "<"}, {"eq", ">"}},
	token.GTR:  {{"bound", ">="}, {"eq", "<="}},
	token.GEQ:  {{"bound", ">"}, {"eq", "<"}},
}

func (f *finder) binary(n *ast.BinaryExpr) {
	for _, to := range operators[n.Op] {
		// The whole expression is shown; only its operator is replaced.
		from, end := f.offset(n.OpPos), f.offset(n.OpPos)+len(n.Op.String())
		left, right := string(f.text[f.offset(n.Pos()):from]), string(f.text[end:f.offset(n.End())])
		f.replace(to[0], n, left+to[1]+right)
	}
}

// name swaps a boolean, and a constant for the one that stands beside it in its declaration.
func (f *finder) name(n ast.Expr, of, name string) {
	switch {
	case of == "" && name == "true":
		f.replace("bool", n, "false")
	case of == "" && name == "false":
		f.replace("bool", n, "true")
	default:
		if other := f.consts.beside(of, name); other != "" {
			f.replace("const", n, other)
		}
	}
}

// cases takes out each case of a switch, and each value of a case that lists several. A condition is joined with false
// instead.
func (f *finder) cases(body *ast.BlockStmt, conditions bool) {
	for _, statement := range body.List {
		clause := statement.(*ast.CaseClause)
		before := len(f.found)
		switch {
		case len(clause.List) == 0: // default
		case conditions:
			for _, condition := range clause.List {
				f.replace("case", condition, "false && ("+f.source(condition)+")")
			}
		case len(clause.List) == 1:
			f.replaceSpan("case", clause.Pos(), clause.End(), f.source(clause), "")
		default:
			for i, value := range clause.List[1:] {
				f.replaceSpan("case", clause.List[i].End(), value.End(), f.source(value), "")
			}
			f.replaceSpan("case", clause.List[0].Pos(), clause.List[1].Pos(), f.source(clause.List[0]), "")
		}
		if len(clause.Body) > 0 { // a profile counts what a case leads to, not the case
			for i := range f.found[before:] {
				f.at(&f.found[before+i], clause.Body[0].Pos())
			}
		}
	}
}

// returned swallows an error that is returned.
func (f *finder) returned(result ast.Expr) {
	switch x := result.(type) {
	case *ast.Ident:
		if strings.HasPrefix(strings.ToLower(x.Name), "err") {
			f.replace("err", x, "nil")
		}
	case *ast.CallExpr:
		if isErrorf(x) {
			f.replace("err", x, "func() error { _ = "+f.source(x)+"; return nil }()")
		}
	}
}

// isErrorf reports whether a call makes an error by its text.
func isErrorf(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && (x.Name == "fmt" && s.Sel.Name == "Errorf" || x.Name == "errors" && s.Sel.Name == "New")
}

func (f *finder) source(n ast.Node) string {
	return string(f.text[f.offset(n.Pos()):f.offset(n.End())])
}

func (f *finder) offset(at token.Pos) int { return f.set.Position(at).Offset }

func (f *finder) replace(kind string, n ast.Node, by string) {
	f.replaceSpan(kind, n.Pos(), n.End(), f.source(n), by)
}

func (f *finder) replaceSpan(kind string, from, to token.Pos, old, by string) {
	f.add(mutant{kind: kind, old: old, new: by, from: f.offset(from), to: f.offset(to)}, from)
}

func (f *finder) add(m mutant, at token.Pos) {
	m.file, m.text = f.file, f.text
	m.line = f.set.Position(at).Line
	f.at(&m, at)
	f.found = append(f.found, m)
}

// at is the place that is looked for in the coverage.
func (f *finder) at(m *mutant, at token.Pos) {
	position := f.set.Position(at)
	m.counted.line, m.counted.column = position.Line, position.Column
}

// kinds says in words what a kind of mutant changes.
var kinds = map[string]string{
	"andor":  "&& and || swapped",
	"assign": "an assignment left out",
	"bool":   "true and false swapped",
	"bound":  "< and <= swapped",
	"call":   "a call left out",
	"case":   "a case left out",
	"const":  "a constant swapped for its neighbour",
	"edit":   "written by hand",
	"empty":  "a function emptied",
	"eq":     "a comparison turned round",
	"err":    "an error swallowed",
	"neg":    "a negation left out",
	"never":  "a condition that never holds",
	"not":    "a condition negated",
	"slice":  "a bound of a slice moved by one",
}
