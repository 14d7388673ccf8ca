package catalog

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// extra makes a name known that only a policy speaks of. Its class is that of the wildcard which covers it in a form,
// or custom; objections are looked up by what its name says it is.
func (b *builder) extra(root int32, name string) error {
	if inside := b.inside(root, name); inside != "" {
		return fmt.Errorf("fields: %q stands in a field that is opened, and what is in it goes by its own name: write %q",
			name, inside)
	}
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

// inside is what a path goes by that leads into a field which is opened; "" where it leads into none.
func (b *builder) inside(root int32, path string) string {
	for i := range len(path) {
		if path[i] != '.' || i == len(path)-1 {
			continue
		}
		if at := b.opened(root, path[:i]); at != hit.None && b.states[at].inner != 0 {
			if inner := b.inside(b.states[at].inner, path[i+1:]); inner != "" {
				return inner
			}
			return path[i+1:]
		}
	}
	return ""
}

// opened is where a path leads that is not opened on its way, or hit.None.
func (b *builder) opened(root int32, path string) int32 {
	if to, ok := b.states[root].flat[path]; ok {
		return to
	}
	for i := range b.states[root].globs {
		if g := &b.states[root].globs[i]; g.digits && g.matches([]byte(path)) {
			return g.to
		}
	}
	return hit.None
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
