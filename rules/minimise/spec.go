package minimise

import (
	"fmt"
	"slices"
	"strings"
)

// Spec is what a line of a profile says: plain data, filled by who reads the profile. The zero Spec drops. Only the fields of its Kind
// may be set.
type Spec struct {
	Kind         Kind
	Pseudonymise PseudonymiseSpec
	Derive       string // "daily_visitor"
	Hash         string // "sha256"
	Truncate     TruncateSpec
	Generalise   string // "family", "origin", "primary", "bucket", "major", "region", "country", "year"
	URL          URLSpec
	Only         []string // values that pass; at least one
	Rare         RareSpec
	Replace      string // the constant
}

// PseudonymiseSpec says how a pseudonym is made.
type PseudonymiseSpec struct {
	Scope  string // "vendor" (also ""), or "purpose": then another one for each purpose of the vendor
	Rotate string // "day" (also ""), "week", "month", "never"
	Bits   int    // at most 2^bits different pseudonyms; 0 does not cut
}

// RareSpec says which values are too rare to pass.
type RareSpec struct {
	K    int      // networks that must share a value on one day; 0 is 50
	Days int      // how many days back one such day may lie, today included; 0 is 7
	With []string // classes of fields of the same event: then the combination with those must be shared
}

// TruncateSpec says how far a value is cut. What is nil or "" is not said.
type TruncateSpec struct {
	To       string // times: "minute", "hour", "day"
	V4       *int   // IPv4: bits that stay, 0 to 24; not said: IPv4 addresses are dropped
	V6       *int   // IPv6: bits that stay, 0 to 64; not said: IPv6 addresses are dropped
	Decimals *int   // numbers: decimals that stay, 0 to 6
	Chars    *int   // text: characters that stay, 1 to 10000
}

// URLSpec says what stays of an address.
type URLSpec struct {
	Query     []string // names of parameters that stay, in any case; a trailing "*" stands for any ending
	IDs       string   // ids in the path: "template" (also ""): ":id"; "cut": the path ends there; "keep": they stay, e-mails and tokens don't
	Templates []string // a site's own paths, tried in order: "/account/:id/orders"; ":x" is written for any segment, "*" keeps it
	Path      string   // "full" (also ""), "first" (one segment), "none"
	Fragment  string   // "drop" (also ""), or "route": kept where it starts with "/" or "!/", and treated like a path
}

// ParamError says which parameter of a minimiser is wrong, and what would be right.
type ParamError struct {
	Param string // its name, "" where the minimiser itself is wrong for the class
	Msg   string
}

// Error returns the message, the parameter's name in front.
func (e *ParamError) Error() string {
	if e.Param == "" {
		return e.Msg
	}
	return e.Param + ": " + e.Msg
}

func wrong(param, format string, args ...any) error {
	return &ParamError{Param: param, Msg: fmt.Sprintf(format, args...)}
}

// Set sets the parameter of that name (see Params) of the Spec's Kind. value is a string, an int or a []string, as the parameter's
// Type says. The error is a *ParamError.
func (s *Spec) Set(param string, value any) error {
	p, ok := parameterOf(s.Kind, param)
	if !ok {
		return wrong(param, "%v has no such parameter; it has %s", s.Kind, strings.Join(paramNames(s.Kind), ", "))
	}
	switch p.Type {
	case Int:
		n, ok := value.(int)
		if !ok || n < p.Min || n > p.Max {
			return wrong(param, "must be a whole number from %d to %d", p.Min, p.Max)
		}
	case Names:
		if _, ok := value.([]string); !ok {
			return wrong(param, "must be a list of texts")
		}
	default:
		text, ok := value.(string)
		if !ok {
			return wrong(param, "must be a text")
		}
		if p.Type == Enum && !slices.Contains(p.Values, text) {
			return wrong(param, "must be one of %s", strings.Join(p.Values, ", "))
		}
	}
	switch at := p.at(s).(type) {
	case *int:
		*at = value.(int)
	case **int:
		*at = new(value.(int))
	case *string:
		*at = value.(string)
	case *[]string:
		*at = value.([]string)
	}
	return nil
}

// canon returns a text that is the same for two Specs that mean the same: the minimiser and what is said of its parameters.
func (s *Spec) canon() string {
	text := s.Kind.String()
	if s.Kind >= NumKinds {
		return text
	}
	for _, p := range parametersOf[s.Kind] {
		switch at := p.at(s).(type) {
		case *int:
			if *at != 0 {
				text += fmt.Sprintf(" %s=%d", p.Name, *at)
			}
		case **int:
			if *at != nil {
				text += fmt.Sprintf(" %s=%d", p.Name, **at)
			}
		case *string:
			if *at != "" {
				text += fmt.Sprintf(" %s=%q", p.Name, *at)
			}
		case *[]string:
			names := *at
			if !p.ordered {
				names = slices.Sorted(slices.Values(names))
			}
			if len(names) > 0 {
				text += fmt.Sprintf(" %s=%q", p.Name, names)
			}
		}
	}
	return text
}
