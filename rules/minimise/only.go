package minimise

import (
	"slices"
	"strings"
)

// passesListed passes listed values.
var passesListed = minimiser{
	name: "only",
	done: "limited to a list (only)",
	params: []parameter{
		{Param: Param{Name: "values", Type: Names, Required: true, Short: true, About: "the values that pass"},
			at: func(s *Spec) any { return &s.Only }},
	},
	classes: every,
	compile: compileOnly,
	apply:   only,
	anyway:  true,
	measure: Listed,
	effect:  func(s *Spec) []phrase { return []phrase{{"", []string{"values", strings.Join(s.Only, ", ")}}} },
	words: Words{
		"": {
			"en": "sent only where it is one of these values: {values}",
			"de": "nur weitergegeben, wenn es einer dieser Werte ist: {values}",
			"fr": "transmission des seules valeurs suivantes : {values}",
		},
	},
}

func compileOnly(a *Action) error {
	if len(a.spec.Only) == 0 {
		return wrong("values", "must list at least one value, such as only: [card, invoice]")
	}
	a.spec.Only = slices.Clone(a.spec.Only)
	a.only = make(map[string]struct{}, len(a.spec.Only))
	for _, v := range a.spec.Only {
		a.only[v] = struct{}{}
	}
	return nil
}

// only passes listed values, byte for byte, and drops others.
func only(a *Action, dst []byte, v Value, _ *Env) ([]byte, Outcome) {
	if _, ok := a.only[string(v.Bytes)]; ok {
		return dst, Kept
	}
	return dst, Dropped
}
