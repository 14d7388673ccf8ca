package rules

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// Case is one test of a policy: a hit, what the visitor chose, and what is to become of it.
type Case struct {
	Question Question
	Choices  *Choices // in place of the hit's own signals; nil for those

	Permit string            // the activity that carries every event; "" where Deny is expected
	Deny   string            // the reason for which every event is denied
	Absent []string          // texts that occur nowhere in what is sent
	Sent   map[string]string // fields, by the vendor's own names, and the values they are sent with
}

// Choices are signals as a test gives them.
type Choices struct {
	Own         map[string]string // by consent category: granted or refused
	ConsentMode map[string]string // by storage type
	GPC, DNT    bool
}

// SignalsOf is what would have been read where a visitor chose so; a category that no purpose is in says nothing.
func (p *Policy) SignalsOf(c *Choices) *signal.Signals {
	s, err := p.signals(c)
	if err != nil {
		return new(signal.Signals)
	}
	return s
}

// signals turns choices into what would have been read.
func (p *Policy) signals(c *Choices) (*signal.Signals, error) {
	s := new(signal.Signals)
	add := func(kind signal.Kind, given map[string]string, category func(string) string) error {
		if given == nil {
			return nil
		}
		said := &s.Sources[s.N]
		s.N++
		said.Kind, said.State = kind, signal.Valid
		for name, choice := range given {
			n := slices.Index(p.categories, category(name))
			if n < 0 {
				return fmt.Errorf("signals: no purpose is in category %q", category(name))
			}
			if choice == "granted" {
				said.Granted |= 1 << n
			} else {
				said.Refused |= 1 << n
				said.Declined |= 1 << n
			}
		}
		said.Granted &^= said.Refused
		return nil
	}
	if c.GPC {
		s.GPC = signal.Valid
	}
	if c.DNT {
		s.DNT = signal.Valid
	}
	if err := add(signal.Own, c.Own, func(name string) string { return name }); err != nil {
		return nil, err
	}
	return s, add(signal.ConsentMode, c.ConsentMode, signal.DefaultCategory)
}

// Test runs a case and returns what is not as expected, in words; nothing where all is. An
// error means that the case cannot be run.
func (p *Policy) Test(c *Case) (failures []string, x *Explanation, err error) {
	q := c.Question
	if c.Choices != nil {
		if q.Signals, err = p.signals(c.Choices); err != nil {
			return nil, nil, err
		}
	}
	if x, err = p.Explain(&q); err != nil {
		return nil, nil, err
	}
	fail := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	switch {
	case x.Reason != "" && x.Reason != c.Deny:
		fail("the hit was refused: %s", x.Reason)
	case c.Permit != "" && len(x.Events) == 0:
		fail("the hit holds no events")
	}
	for _, e := range x.Events {
		switch {
		case c.Permit != "" && e.Decision != Permit.String():
			fail("event %d (%s) is denied: %s; expected it to travel on %s", e.Index, e.Name, e.Reason, c.Permit)
		case c.Permit != "" && e.Activity != c.Permit:
			fail("event %d (%s) travels on %s; expected %s", e.Index, e.Name, e.Activity, c.Permit)
		case c.Deny != "" && e.Decision == Permit.String():
			fail("event %d (%s) travels on %s; expected it to be denied: %s", e.Index, e.Name, e.Activity, c.Deny)
		case c.Deny != "" && e.Reason != c.Deny:
			fail("event %d (%s) is denied: %s; expected %s", e.Index, e.Name, e.Reason, c.Deny)
		}
		failures = append(failures, e.unsent(c.Sent, x.Shared)...)
	}
	text := x.sentText()
	for _, word := range c.Absent {
		if strings.Contains(text, strings.ToLower(word)) {
			fail("%q is in what is sent", word)
		}
	}
	return failures, x, nil
}

// unsent lists the fields that are not sent as expected.
func (e *ExplainedEvent) unsent(want map[string]string, shared []ExplainedField) (failures []string) {
	for name, value := range want {
		found := false
		got := "nothing"
		for _, f := range append(slices.Clone(e.Fields), shared...) {
			if f.Path == name || f.Path == "?"+name {
				found = found || f.Sent && f.After == value
				if f.Sent {
					got = fmt.Sprintf("%q", f.After)
				}
			}
		}
		if !found {
			failures = append(failures, fmt.Sprintf("field %s is sent as %s; expected %q", name, got, value))
		}
	}
	slices.Sort(failures)
	return failures
}

// sentText is everything that is sent, as it stands and with its percent escapes undone, in lower case.
func (x *Explanation) sentText() string {
	if x.Forward == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(x.Forward.URL + "\n" + x.Forward.Body)
	if body, err := base64.StdEncoding.DecodeString(x.Forward.BodyBase64); err == nil {
		b.Write(body)
	}
	for _, value := range x.Forward.Headers {
		b.WriteString("\n" + value)
	}
	text := b.String()
	for range 3 {
		next, err := url.PathUnescape(text)
		if err != nil || next == text {
			break
		}
		text = next
		b.WriteString("\n" + text)
	}
	return strings.ToLower(b.String())
}
