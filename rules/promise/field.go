package promise

import (
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// leaves is something that leaves: a field as it is, or one that is called, or holds, what is of one more class.
type leaves struct {
	*rules.Leaving
	classes rules.Classes
	action  *minimise.Action
	named   bool
	inside  bool // it is a parameter of an address that stands there
	obscure int  // how hard it is to show; 0 is a field of a name of its own that holds something of a visitor
}

// asItIs is something as catalog and profile say it.
func asItIs(l *rules.Leaving) leaves {
	of := leaves{Leaving: l, classes: l.Classes, action: l.Action}
	if l.Constant() || l.By == rules.ByPath {
		of.obscure++
	}
	if strings.Contains(l.Field, "*") {
		of.obscure += 2
	}
	return of
}

// namedToo is how much harder it is to show what shows by a name or a value alone.
const namedToo = 4

// calledSo is something that is called, or holds, what is of one more class.
func calledSo(l *rules.Leaving, class hit.Class, action *minimise.Action) leaves {
	of := asItIs(l)
	of.classes, of.action, of.named = l.Classes|rules.ClassesOf(class), action, true
	of.obscure += namedToo
	return of
}

// parts are the parameters that may leave within something that leaves, of those
// of which their name says what they are.
func (l *leaves) parts() (all []leaves) {
	if !l.reaches() {
		return nil
	}
	for _, p := range l.action.Parameters() {
		of := *l
		of.classes, of.action, of.inside = rules.ClassesOf(p.Class), p.Action, true
		of.obscure++
		all = append(all, of)
	}
	return all
}

// reaches tells whether anything of a value, or a constant that is no minimiser's, gets to the vendor.
func (l *leaves) reaches() bool {
	if l.action == nil {
		return l.Constant() || l.By == rules.ByPath
	}
	return l.action.Kind().Passes()
}

// looserThan tells whether more gets there than a minimiser leaves. A constant is as good as a replaced value, and a
// path goes as it came.
func (l *leaves) looserThan(m *Minimiser) bool {
	switch {
	case m == nil:
		return true
	case l.action != nil:
		return m.under(l.action)
	case l.Constant():
		return minimise.Replace.Rank() < m.kind.Rank()
	default:
		return minimise.Keep.Rank() < m.kind.Rank()
	}
}

// mayCover tells whether what a condition says of fields may hold, where an endpoint has fields of some names.
func (c *Condition) mayCover(l *leaves, paths map[string]bool) bool {
	if c.Classes != 0 && c.Classes&l.classes == 0 || !l.looserThan(c.LooserThan) {
		return false
	}
	if len(c.Fields) == 0 {
		return true
	}
	for _, name := range c.Fields {
		if covers(l.Field, name, paths) && (isUnder(name, l.Field) || l.classes != rules.ClassesOf(hit.Container)) {
			return true // a container of any name holds others, each of which is looked at by itself
		}
	}
	return false
}

// covers tells whether something of a name may stand in a field: where no field has that very name, in those that stand
// for names that nobody knows.
func covers(field, name string, paths map[string]bool) bool {
	return isUnder(name, field) || strings.ContainsAny(field, "*{") && !paths[name] && Fits(field, name)
}

// surelyCovers tells whether it holds, whatever a value is called.
func (c *Condition) surelyCovers(l *leaves) bool {
	if c.Classes != 0 && l.classes&^c.Classes != 0 || c.LooserThan != nil && !l.looserThan(c.LooserThan) {
		return false
	}
	if len(c.Fields) == 0 {
		return true
	}
	for _, name := range c.Fields {
		if isUnder(name, l.Field) {
			return true
		}
	}
	return false
}

// isUnder tells whether a field is the one of a name, or below it.
func isUnder(name, field string) bool {
	if below, is := strings.CutPrefix(field, name); is && (below == "" || below[0] == '.' || below[0] == '[') {
		return true
	}
	return strings.Contains(name, "*") && fits(name, field)
}

// Fits tells whether a name is one that a field of a catalog stands for: "*" in it is any text, {n} is a number. No
// field's name stands for a header.
func Fits(field, name string) bool {
	return field == name || strings.HasPrefix(field, "header ") == strings.HasPrefix(name, "header ") && fits(field, name)
}

func fits(field, name string) bool {
	parts := strings.Split(strings.ReplaceAll(field, "{n}", "*"), "*")
	first, rest := parts[0], parts[1:]
	name, is := strings.CutPrefix(name, first)
	if !is || len(rest) == 0 {
		return is && name == ""
	}
	for _, part := range rest[:len(rest)-1] {
		_, behind, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name = behind
	}
	return strings.HasSuffix(name, rest[len(rest)-1])
}
