package minimise

// replaces writes a constant.
var replaces = minimiser{
	name: "replace",
	done: "replaced",
	params: []parameter{
		{Param: Param{Name: "with", Type: Text, Required: true, Short: true, About: "the constant"},
			at: func(s *Spec) any { return &s.Replace }},
	},
	classes:  every,
	apply:    replace,
	stricter: func(_, b *Action) bool { return b.kind != Replace },
	anyway:   true,
	noData:   true,
	measure:  Replaced,
	effect:   func(s *Spec) []phrase { return []phrase{{"", []string{"value", s.Replace}}} },
	words: Words{
		"": {
			"en": "replaced by a fixed value: {value}",
			"de": "ersetzt durch einen festen Wert: {value}",
			"fr": "remplacement par une valeur fixe : {value}",
		},
	},
}

// replace writes the constant; it stays a number where the value was one and the constant is one.
func replace(a *Action, dst []byte, v Value, _ *Env) ([]byte, Outcome) {
	base := len(dst)
	dst = append(dst, a.spec.Replace...)
	if v.Kind == NumberValue && isNumber(dst[base:]) {
		return dst, RewrittenNumber
	}
	return dst, Rewritten
}
