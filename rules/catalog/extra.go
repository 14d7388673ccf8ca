package catalog

import (
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// extra makes a name known that only a policy speaks of. Its class is that of the wildcard which covers it in a form, or
// custom; objections are looked up by what its name says it is.
func (b *builder) extra(root int32, name string) error {
	if b.find(root, name) != hit.None {
		return nil
	}
	class := hit.Custom
	for i := range b.states[root].globs {
		g := &b.states[root].globs[i]
		if field := b.states[g.to].field; field != hit.None && g.matches([]byte(name)) {
			class = b.fields[field].Class
			break
		}
	}
	f := Field{Class: class.String()}
	says, many := b.says(name)
	if says.Identifies() && says != class {
		f.Also = []string{says.String()}
	}
	if err := b.add(root, name, f, "fields"); err != nil {
		return err
	}
	of := &b.fields[len(b.fields)-1]
	if of.Says, of.word = says, hit.OfSite; many {
		of.word = hit.OfNobody
	}
	return nil
}

// says is what the last part of a path is called, and whether that is of many.
func (b *builder) says(path string) (class hit.Class, many bool) {
	path = strings.TrimRight(path, "[]*.")
	at := strings.LastIndexAny(path, ".[")
	if b.names == nil {
		return hit.Unknown, false
	}
	return b.names.Read([]byte(path[:max(0, at)]), []byte(path[at+1:]), false)
}
