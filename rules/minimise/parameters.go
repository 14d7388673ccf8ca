package minimise

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed parameters.yaml
var parametersText []byte

// ParametersText returns the text of parameters.yaml: it is part of what decides.
func ParametersText() []byte { return parametersText }

// nameSet is a set of names of parameters, lower case.
type nameSet struct {
	names    map[string]struct{}
	prefixes []string
}

func (s *nameSet) has(name []byte) bool {
	if _, ok := s.names[string(name)]; ok {
		return true
	}
	for _, p := range s.prefixes {
		if len(name) > len(p) && string(name[:len(p)]) == p {
			return true
		}
	}
	return false
}

func (s *nameSet) add(name string) {
	if head, open := strings.CutSuffix(name, "*"); open {
		s.prefixes = append(s.prefixes, head)
		return
	}
	if s.names == nil {
		s.names = map[string]struct{}{}
	}
	s.names[name] = struct{}{}
}

// passing says when a class of parameters may be passed.
type passing uint8

const (
	neverPasses passing = iota
	passes
	passesOnConsent
)

// parameterClass is a class of parameters.
type parameterClass struct {
	nameSet
	passing passing
}

// parameters is parameters.yaml, read; it never changes. never are the names of all
// classes that a list cannot name one by one.
var parameters, never = readParameters(parametersText)

// readParameters reads the file. What is wrong in it is a bug, which a test finds.
func readParameters(text []byte) (map[string]*parameterClass, *nameSet) {
	var file map[string]struct {
		Passable string
		Names    []string
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		panic("BUG: parameters.yaml: " + err.Error())
	}
	classes, never := map[string]*parameterClass{}, new(nameSet)
	for name, class := range file {
		c := new(parameterClass)
		switch class.Passable {
		case "":
		case "true":
			c.passing = passes
		case "consent":
			c.passing = passesOnConsent
		default:
			panic(fmt.Sprintf("BUG: parameters.yaml: %s: passable %q", name, class.Passable))
		}
		for _, n := range class.Names {
			c.add(n)
			if c.passing != passes {
				never.add(n)
			}
		}
		classes[name] = c
	}
	return classes, never
}

// ParameterClasses lists the classes of parameters that an allow-list may name, as class:NAME.
func ParameterClasses() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if parameters[name].passing != neverPasses {
			all = append(all, name)
		}
	}
	return all
}

// NeedsConsent tells whether an allow-list names a class of parameters that may be passed on consent alone.
func (s *URLSpec) NeedsConsent() bool {
	return slices.ContainsFunc(s.Query, func(entry string) bool {
		c := parameters[strings.TrimPrefix(entry, "class:")]
		return strings.HasPrefix(entry, "class:") && c != nil && c.passing == passesOnConsent
	})
}

// PassesParameters lists what of an allow-list passes parameters of a class (campaign, click_id ...), as it is written
// there: names, beginnings of names, and the class itself. A class that is not known has none.
func (s *URLSpec) PassesParameters(class string) (entries []string) {
	of := parameters[class]
	if of == nil {
		return nil
	}
	for _, entry := range s.Query {
		name := strings.ToLower(entry)
		head, open := strings.CutSuffix(name, "*")
		switch named, isClass := strings.CutPrefix(name, "class:"); {
		case isClass && named == class, !isClass && !open && of.has([]byte(name)), !isClass && open && of.meets(head):
			entries = append(entries, entry)
		}
	}
	return entries
}

// meets tells whether a name of the set begins like that, or that like an open name of the set.
func (s *nameSet) meets(head string) bool {
	for name := range s.names {
		if strings.HasPrefix(name, head) {
			return true
		}
	}
	return slices.ContainsFunc(s.prefixes, func(p string) bool {
		return strings.HasPrefix(p, head) || strings.HasPrefix(head, p)
	})
}
