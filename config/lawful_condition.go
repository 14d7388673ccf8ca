package config

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// condition refuses a condition on legitimate interest that reads what its assessment does not list.
func (c law) condition(a *Activity, at []any) {
	const rule = "lawful/li-condition"
	assessment := c.assessment(a.Assessment)
	if assessment == nil || c.loaded.fields[a.Vendor] == nil {
		return // which is said elsewhere
	}
	names, known := whenReads(a.When)
	if !known {
		c.refuse(c.activities, at, rule,
			"activity %s rests on legitimate interest, and which fields its condition reads is not to be seen: name each, as "+
				"in event.params[\"name\"]", a.ID)
	}
	for _, name := range names {
		classes := c.loaded.fields[a.Vendor].read(name)
		if len(classes) == 0 {
			c.refuse(c.activities, at, rule,
				"activity %s rests on legitimate interest, and its condition reads %q, which the catalog entry of %s does not "+
					"know: read a field of a class that data: of %s lists", a.ID, name, a.Vendor, assessment.ID)
		}
		for _, class := range classes {
			if !class.KeptByDefault() && !assessed(assessment, class) {
				c.refuse(c.activities, at, rule,
					"activity %s rests on legitimate interest, and its condition reads %q, of class %s, which data: of %s does "+
						"not list: have it assessed, or take the condition out", a.ID, name, class, assessment.ID)
			}
		}
	}
}

// assessed tells whether anything but dropping was assessed for a class.
func assessed(a *basis.Assessment, class hit.Class) bool {
	said, listed := a.Data[class.String()]
	kind, known := minimise.ParseKind(said)
	return listed && known && kind != minimise.Drop
}

// read lists the classes of what a condition may find under a name: a field of that path, one whose last key it is,
// or where there is none, one that stands for names of a site's own.
func (f vendorFields) read(name string) []hit.Class {
	var classes, others []hit.Class
	for i := range f {
		path := f[i].Path
		switch last := path[strings.LastIndexByte(path, '.')+1:]; {
		case path == name || last == name:
			classes = append(classes, f[i].Class)
		case standsFor(path, name) || standsFor(last, name):
			others = append(others, f[i].Class)
		}
	}
	if len(classes) == 0 {
		classes = others
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// standsFor tells whether a name of the catalog with a wildcard in it stands for a name.
func standsFor(wild, name string) bool {
	before, after, found := strings.Cut(wild, "*")
	if !found {
		before, after, found = strings.Cut(wild, "{n}")
	}
	return found && len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) &&
		strings.HasSuffix(name, after)
}

// whenReads lists the names of parameters that a condition reads, sorted; known is false where it may read others.
func whenReads(text string) (names []string, known bool) {
	checked, issues := whenEnv().Compile(text)
	if issues.Err() != nil {
		return nil, false
	}
	native := checked.NativeRep()
	known = true
	all := func(e ast.NavigableExpr) bool { return isParams(native, e) }
	for _, e := range ast.MatchDescendants(ast.NavigateAST(native), all) {
		name, ok := memberRead(e)
		if known = known && ok; ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), known
}

// memberRead is the member that is asked for of event.params.
func memberRead(params ast.NavigableExpr) (name string, ok bool) {
	above, ok := params.Parent()
	if !ok {
		return "", false
	}
	if above.Kind() == ast.SelectKind {
		return above.AsSelect().FieldName(), true
	}
	if above.Kind() != ast.CallKind || len(above.AsCall().Args()) != 2 {
		return "", false
	}
	key := above.AsCall().Args()[1]
	if above.AsCall().FunctionName() == operators.In {
		key = above.AsCall().Args()[0]
	}
	if key.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := key.AsLiteral().(types.String)
	return string(text), ok
}
