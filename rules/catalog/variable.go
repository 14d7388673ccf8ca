package catalog

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// mostVariable is how long what stands for a name in a path may be at most, whatever a file says:
// a key, a version, the name of a file.
const mostVariable = 256

// Variable is what may stand in a path in place of a name in braces. Anything else leads nowhere: what a path holds is
// sent as it came, and so must be too narrow for what a page knows of a person.
type Variable struct {
	pattern *regexp.Regexp
	most    int
}

// Variables are the variables of a vendor's paths, by name.
type Variables map[string]*Variable

// newVariables makes the variables of a file ready.
func newVariables(files map[string]VariableFile) (Variables, error) {
	variables := Variables{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		v, err := newVariable(files[name])
		if err != nil {
			return nil, fmt.Errorf("variables.%s: %w", name, err)
		}
		variables[name] = v
	}
	return variables, nil
}

func newVariable(f VariableFile) (*Variable, error) {
	if f.Pattern == "" {
		return nil, errors.New("pattern is missing: a regular expression for the whole text, such as \"[0-9]+\"")
	}
	if f.Most < 1 || f.Most > mostVariable {
		return nil, fmt.Errorf("most: %d is no length: 1 to %d bytes are", f.Most, mostVariable)
	}
	pattern, err := regexp.Compile(`\A(?:` + f.Pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern: %q is no regular expression (RE2): %w", f.Pattern, err)
	}
	for _, anything := range []string{"jane.doe-example.com", "~a_B-9.z~~~~~~~~~~~~~~~~"} {
		if len(anything) <= f.Most && pattern.MatchString(anything) {
			return nil, fmt.Errorf("pattern: %q lets any text through: say what the vendor's values look like", f.Pattern)
		}
	}
	return &Variable{pattern, f.Most}, nil
}

// Fits tells whether a text may stand there.
func (v *Variable) Fits(text []byte) bool {
	return len(text) <= v.most && v.pattern.Match(text)
}
