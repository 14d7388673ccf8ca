package promise

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// counter is a way as people read it.
func (w *way) counter(p *proof, of *Promise) *Counter {
	c := &Counter{
		Site: w.hit.site.ID, Region: w.hit.region.String(), Activity: w.activity, Endpoint: w.flow.Endpoint.ID,
		Event: w.hit.event, Field: w.leaves.Field, Action: w.leaves.action, By: w.leaves.By, Named: w.leaves.named,
		Inside: w.leaves.inside,
		Line:   w.flow.Line(w.leaves.Leaving), Nowhere: len(of.Never.Countries) > 0 && len(p.places[w.activity]) == 0,
	}
	if c.Event == "" {
		c.Event = firstEvent(w.activity)
	}
	class := classOf(of, w.leaves)
	switch c.Class = class.String(); {
	case w.leaves.named && w.leaves.inside:
		c.Line = w.flow.LineAs(w.leaves.Leaving, hit.URL)
	case w.leaves.named:
		c.Line = w.flow.LineAs(w.leaves.Leaving, class)
	}
	return c
}

// classOf is the class of what leaves that the promise is about.
func classOf(of *Promise, l *leaves) hit.Class {
	classes := l.classes
	if l.named { // what it is called says more of it than where it stands
		classes &^= l.Classes
	}
	if wanted := l.classes & of.Never.Classes; wanted != 0 {
		classes = wanted
	} else if of.Unless != nil && of.Unless.Classes != 0 && classes&^of.Unless.Classes != 0 {
		classes &^= of.Unless.Classes
	}
	for c := range classes.All {
		return c
	}
	return hit.Unknown
}

// firstEvent is the name of an event of an activity.
func firstEvent(a *rules.Activity) string {
	for _, name := range rules.Kinds(a.Events()) {
		if a.Speaks(name) {
			return name
		}
	}
	return ""
}

// String says in words what happens: "activity ga4-consent sends email (field user_data.email of endpoint collect) to
// ga4 unchanged (keep)".
func (c *Counter) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "activity %s sends %s (%s of endpoint %s%s) to %s%s", c.Activity.ID, c.Class, c.field(), c.Endpoint,
		c.naming(), c.Activity.Recipient.ID, c.done())
	fmt.Fprintf(&b, ", on %s, of %s from site %s, of visitors in %s", c.Activity.Basis, EventWords(c.Event), c.Site,
		regionWords(c.Region))
	return b.String()
}

// field is the field in words.
func (c *Counter) field() string {
	switch {
	case c.By == rules.ByPath, c.By == rules.ByStream, strings.HasPrefix(c.Field, "header "):
		return "the " + c.Field
	case c.By == rules.ByCarry:
		return "the visitor's address, as " + c.Field
	default:
		return "field " + c.Field
	}
}

// naming says where it is that by its name or value alone.
func (c *Counter) naming() string {
	switch {
	case c.Inside:
		return ", as a parameter of an address in it"
	case !c.Named:
		return ""
	case c.Class == hit.URL.String():
		return ", where an address stands in it"
	default:
		return ", where the site calls it so"
	}
}

// done says what is done to it.
func (c *Counter) done() string {
	switch c.By {
	case rules.BySet:
		return " as a constant (set)"
	case rules.ByConstant:
		return " as the catalog writes it"
	case rules.ByState:
		return " as a statement of the visitor's choices (state)"
	case rules.ByPath:
		return " as it came"
	case rules.ByStream:
		return " whole"
	case rules.ByAction, rules.ByCarry:
	}
	done, _, _ := strings.Cut(c.Action.Kind().Done(), " (")
	return ", " + done + " (" + c.Does() + ")"
}

// Does is what is done, as profiles name it with parameters: "truncate v4=24 v6=48"; what is no minimiser's by a word.
func (c *Counter) Does() string {
	switch c.By {
	case rules.BySet:
		return "set"
	case rules.ByConstant:
		return "constant"
	case rules.ByState:
		return "state"
	case rules.ByPath:
		return "path"
	default:
		_, written, _ := strings.Cut(c.Action.Canon(), ": ")
		return written
	}
}

// EventWords names an event, or events of a beginning, in words.
func EventWords(name string) string {
	switch beginning := strings.TrimRight(name, "…"); {
	case name == "":
		return "no event"
	case beginning == "":
		return "any event"
	case beginning != name:
		return "events " + beginning + "*"
	default:
		return "event " + name
	}
}

func regionWords(region string) string {
	if region == "" {
		return "an unknown region"
	}
	return region
}
