package minimise

import (
	"fmt"
	"slices"
	"strings"
)

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

// Set sets the parameter of that name (see [Params]) of the Spec's Kind. value is a string, an int or a []string, as
// the parameter's Type says. The error is a *[ParamError].
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

// canon returns a text that is the same for two Specs that mean the same: the minimiser and what is said of its
// parameters.
func (s *Spec) canon() string {
	text := []string{s.Kind.String()}
	for _, p := range s.Kind.row().params {
		switch at := p.at(s).(type) {
		case *int:
			if *at != 0 {
				text = append(text, fmt.Sprintf("%s=%d", p.Name, *at))
			}
		case **int:
			if *at != nil {
				text = append(text, fmt.Sprintf("%s=%d", p.Name, **at))
			}
		case *string:
			if *at != "" {
				text = append(text, fmt.Sprintf("%s=%q", p.Name, *at))
			}
		case *[]string:
			names := *at
			if !p.ordered {
				names = slices.Sorted(slices.Values(names))
			}
			if len(names) > 0 {
				text = append(text, fmt.Sprintf("%s=%q", p.Name, names))
			}
		}
	}
	return strings.Join(text, " ")
}
