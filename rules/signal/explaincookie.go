package signal

import (
	"fmt"
	"time"
)

// alone is a jar with one cookie.
type alone struct{ name, value []byte }

func (a alone) Cookies(yield func(name, value []byte) bool) { yield(a.name, a.value) }

// ExplainCookie says in plain words what a cookie says, one thing a line, and how it was found: Absent where no platform's cookie is
// called so. The value is as on the wire.
func ExplainCookie(name string, value []byte) ([]string, State) {
	set := Settings{Revision: -1}
	jar := alone{[]byte(name), value}
	for c := range CMPs {
		if _, ok := c.dialect().slot(jar.name, &set); ok {
			var s Scratch
			st, items := c.Read(jar, set, &s)
			return append([]string{name + " is a cookie of " + c.String()}, c.explain(&st, items)...), st.State
		}
	}
	var s Scratch
	s.takeBeside(jar.name, value)
	lines := s.beside.explainStrings()
	if s.beside.iab(name) != nil && len(lines) == 0 {
		return []string{name + " holds nothing that can be read"}, Malformed
	}
	if len(lines) == 0 {
		return []string{name + " is no cookie that is known here"}, Absent
	}
	return append([]string{name + " holds a string of the IAB or of Google"}, lines...), Valid
}

func (c CMP) explain(st *Statement, items []Item) []string {
	if st.State == Malformed {
		lines := []string{"it cannot be read, so nothing in it counts"}
		if st.Objection {
			lines = append(lines, "it is an objection all the same")
		}
		return lines
	}
	d := c.dialect()
	var lines []string
	switch {
	case st.Objection:
		lines = append(lines, "it is an objection, which holds whatever else is said")
	case d.elsewhere:
		lines = append(lines, "what the visitor chose is not in cookies: the page has to send it")
	case st.Opaque:
		lines = append(lines, fmt.Sprintf("only %s can read it: what the visitor chose is unknown", c))
	case st.Decided == Unknowable:
		lines = append(lines, "it does not tell what the visitor chose")
	case st.Decided == Decides:
		lines = append(lines, "it records a choice of the visitor")
	case d.hint != "":
		lines = append(lines, "no choice of the visitor is in it by itself: a grant counts where "+d.hint)
	default:
		lines = append(lines, "no choice of the visitor is recorded, so no grant counts")
	}
	if st.AtMilli != 0 {
		lines = append(lines, "dated "+time.UnixMilli(st.AtMilli).UTC().Format(time.RFC3339))
	}
	for _, item := range items {
		answer := "no"
		switch {
		case item.Granted && st.Decided == Decides && !st.Objection:
			answer = "yes"
		case item.Granted:
			answer = "yes, which does not count by itself"
		}
		lines = append(lines, fmt.Sprintf("%s %q: %s", item.List, item.ID, answer))
	}
	for _, f := range [...]struct {
		what string
		flag Flag
	}{
		{"Global Privacy Control, as the platform noted it", st.GPC},
		{"cookies allowed, which says nothing of tracking", st.CookiesAllowed},
		{"the answer to everything together", st.Consent},
		{"sale of data", st.US[0]},
		{"sharing of data", st.US[1]},
		{"targeted advertising", st.US[2]},
	} {
		if f.flag != Unsaid {
			lines = append(lines, f.what+": "+f.flag.String())
		}
	}
	for _, f := range [...]struct {
		what string
		text []byte
	}{
		{"region", st.Region}, {"method", st.Method}, {"model", st.Model},
	} {
		if len(f.text) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %q", f.what, f.text))
		}
	}
	return append(lines, st.explainStrings()...)
}

func (st *Statement) explainStrings() (lines []string) {
	for _, f := range [...]struct {
		what string
		text []byte
	}{
		{"TC string", st.TC}, {"additional consent string", st.AC}, {"US privacy string", st.USP},
		{"GPP string", st.GPP}, {"GPP sections in force", st.GPPSID},
	} {
		if len(f.text) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %q", f.what, f.text))
		}
	}
	return lines
}
