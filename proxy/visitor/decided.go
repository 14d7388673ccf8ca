package visitor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/calendar"
)

// Grounded is what may go on despite an objection, where a person decides that for who objected: an activity whose
// assessment names compelling grounds (Art. 21(1) GDPR).
type Grounded struct {
	Activity string // its id
	Vendor   string // the recipient's id
	Purposes []string
	Grounds  string
}

// GoingOn is a Grounded that goes on by such a decision.
type GoingOn struct {
	Activity     string
	Since, Until time.Time
	Because      string
}

// decided is what a page says of decisions: what has stopped while an objection is examined, and what goes on.
type decided struct {
	Examined    []examined
	GoesOn      []goingOn
	Responsible string // who decides
	Authority   string // where to complain

	lifted []Grounded
}

// examined is what has stopped, and the grounds that might outweigh the objection.
type examined struct {
	Titles  []Text
	Grounds string
}

// goingOn is what goes on, and why.
type goingOn struct {
	Titles                []Text
	Since, Until, Because string
}

// decided says what became of scopes in force that compelling grounds are named against. What is neither in force nor
// named in goesOn is not spoken of.
func (w *wording) decided(inForce []string, goesOn []GoingOn) decided {
	d := decided{
		Responsible: cmp.Or(w.said.Controller.Name, w.said.Name), Authority: cmp.Or(w.said.Authority, w.Say("authority")),
	}
	for i := range w.said.Grounded {
		of := &w.said.Grounded[i]
		at := slices.IndexFunc(goesOn, func(g GoingOn) bool { return g.Activity == of.Activity })
		if at >= 0 {
			g := &goesOn[at]
			d.lifted = append(d.lifted, *of)
			d.addGoing(goingOn{
				w.titled(of.Purposes), calendar.Day(w.tag.String(), g.Since),
				calendar.Day(w.tag.String(), g.Until.Add(-time.Second)), strings.TrimRight(g.Because, ". "),
			})
			continue
		}
		if of.stopped(inForce) {
			d.addExamined(examined{w.titled(of.Purposes), of.Grounds})
		}
	}
	return d
}

// addGoing adds what goes on, with what goes on for the same reason.
func (d *decided) addGoing(one goingOn) {
	for i := range d.GoesOn {
		if of := &d.GoesOn[i]; of.Because == one.Because && of.Since == one.Since && of.Until == one.Until {
			of.Titles = merged(of.Titles, one.Titles)
			return
		}
	}
	d.GoesOn = append(d.GoesOn, one)
}

// addExamined adds what has stopped, with what the same grounds are named for.
func (d *decided) addExamined(one examined) {
	for i := range d.Examined {
		if of := &d.Examined[i]; of.Grounds == one.Grounds {
			of.Titles = merged(of.Titles, one.Titles)
			return
		}
	}
	d.Examined = append(d.Examined, one)
}

func merged(titles, more []Text) []Text {
	for _, title := range more {
		if !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
	}
	return titles
}

// stopped tells whether scopes in force end it.
func (g *Grounded) stopped(inForce []string) bool {
	return slices.ContainsFunc(inForce, func(scope string) bool {
		scope = strings.TrimPrefix(scope, restriction)
		return scope == all || scope == vendorScope+g.Vendor || slices.Contains(g.Purposes, scope)
	})
}

// left are the scopes of which something has stopped: without purposes that go on
// by decisions, wherever they take place.
func (d *decided) left(l *Language, inForce []string) []string {
	if len(d.lifted) == 0 {
		return inForce
	}
	return slices.DeleteFunc(slices.Clone(inForce), func(scope string) bool {
		p := l.purpose(strings.TrimPrefix(scope, restriction))
		if p == nil {
			return false
		}
		return !slices.ContainsFunc(p.Flows, func(f Flow) bool {
			return f.When.Open() && !slices.ContainsFunc(d.lifted, func(g Grounded) bool {
				return g.Vendor == f.Vendor && slices.Contains(g.Purposes, p.ID)
			})
		})
	})
}
