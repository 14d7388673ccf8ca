package cmp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Explained is what one source says, one thing a line.
type Explained struct {
	Source string // a platform's name, or the cookie's
	State  read.State
	Lines  []string
	String []byte // of IAB's or Google's, where the cookie is that and nothing else; [Explain] does not decode it
}

// Explain says in plain words what cookies say: those of one platform together, as they count together.
func Explain(jar read.Jar) []Explained {
	var all []Explained
	known := map[string]bool{}
	set := Settings{Revision: -1}
	for c := range All {
		var of []string
		for name := range jar.Cookies {
			if _, ok := c.dialect().slot(name, &set); ok && !slices.Contains(of, string(name)) {
				of = append(of, string(name))
				known[string(name)] = true
			}
		}
		if of == nil {
			continue
		}
		var s Scratch
		st, items := c.Read(jar, set, &s)
		lines := append([]string{"in " + strings.Join(of, ", ")}, c.explain(&st, items, &s.beside)...)
		all = append(all, Explained{c.String(), st.State, lines, nil})
	}
	var s Scratch
	for name, value := range jar.Cookies {
		if known[string(name)] {
			continue
		}
		into := s.beside.named(name)
		if into == nil {
			all = append(all, Explained{string(name), read.Absent, []string{"no cookie that is known here"}, nil})
			continue
		}
		s.beside = IABStrings{}
		s.beside.keep(&s.decoded, name, value)
		if lines := s.beside.explainStrings(&IABStrings{}); len(lines) > 0 {
			x := Explained{string(name), read.Valid, lines, nil}
			if into != &s.beside.GPPSID {
				x.String = bytes.Clone(*into)
			}
			all = append(all, x)
		} else {
			all = append(all, Explained{string(name), read.Malformed, []string{"holds nothing that can be read"}, nil})
		}
	}
	return all
}

func (c Platform) explain(st *Statement, items []Item, beside *IABStrings) []string {
	if st.State == read.Malformed {
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
	if st.LastMilli != 0 && st.LastMilli != st.AtMilli {
		lines = append(lines, "changed last "+time.UnixMilli(st.LastMilli).UTC().Format(time.RFC3339))
	}
	if st.EndMilli != 0 {
		lines = append(lines, "over by its own word "+time.UnixMilli(st.EndMilli).UTC().Format(time.RFC3339))
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
	if st.Decided == Decides && st.AcceptedOnly {
		lines = append(lines, "what is not named was refused")
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
	return append(lines, st.explainStrings(beside)...)
}

// explainStrings lists the strings that are there, without those of cookies beside.
func (st *IABStrings) explainStrings(beside *IABStrings) (lines []string) {
	for _, f := range [...]struct {
		what         string
		text, beside []byte
	}{
		{"TC string", st.TC, beside.TC}, {"additional consent string", st.AC, beside.AC},
		{"US privacy string", st.USP, beside.USP},
		{"GPP string", st.GPP, beside.GPP}, {"GPP sections in force", st.GPPSID, beside.GPPSID},
	} {
		if len(f.text) > 0 && !bytes.Equal(f.text, f.beside) {
			lines = append(lines, fmt.Sprintf("%s: %q", f.what, f.text))
		}
	}
	return lines
}
