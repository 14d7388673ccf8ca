package minimise

// ParamType says what a parameter's value is in YAML.
type ParamType uint8

// The types.
const (
	Enum  ParamType = iota // one of Param.Values
	Int                    // a whole number from Param.Min to Param.Max
	Text                   // any text
	Names                  // a list of texts
)

// Param is a parameter of a minimiser, for messages and for the schema.
type Param struct {
	Name     string
	Type     ParamType
	Values   []string // Enum
	Min, Max int      // Int
	Default  string   // what holds where it is not given, "" where nothing does
	Required bool
	Short    bool // the value alone may stand for the mapping: `truncate: hour`, `only: [a, b]`
	About    string
}

// parameter is a parameter with where a Spec keeps it: at returns an *int, **int, *string or *[]string.
type parameter struct {
	Param

	at      func(s *Spec) any
	ordered bool // Names: what stands first counts first
}

// Params are the parameters of each minimiser; those without any are written as a word alone (`keep`). pseudonymise, url and rare may
// be, too: then the defaults hold.
var Params = func() (all [NumKinds][]Param) {
	for k := range parametersOf {
		for _, p := range parametersOf[k] {
			all[k] = append(all[k], p.Param)
		}
	}
	return all
}()

// parametersOf are the parameters of each minimiser.
var parametersOf = [NumKinds][]parameter{
	Pseudonymise: {
		{Param: Param{Name: "scope", Type: Enum, Values: []string{"vendor", "purpose"}, Default: "vendor", About: "within what the same identifier gets the same pseudonym"},
			at: func(s *Spec) any { return &s.Pseudonymise.Scope }},
		{Param: Param{Name: "rotate", Type: Enum, Values: []string{"day", "week", "month", "never"}, Default: "day", About: "when it gets another one (UTC; weeks start on Monday)"},
			at: func(s *Spec) any { return &s.Pseudonymise.Rotate }},
		{Param: Param{Name: "bits", Type: Int, Min: 8, Max: 128, About: "bits that are kept, so that several visitors share a pseudonym; not given: nothing is cut"},
			at: func(s *Spec) any { return &s.Pseudonymise.Bits }},
	},
	Derive: {
		{Param: Param{Name: "id", Type: Enum, Values: []string{"daily_visitor"}, Required: true, Short: true, About: "what is put in place of a stored identifier"},
			at: func(s *Spec) any { return &s.Derive }},
	},
	Hash: {
		{Param: Param{Name: "function", Type: Enum, Values: []string{"sha256"}, Required: true, Short: true, About: "the hash that vendors match by"},
			at: func(s *Spec) any { return &s.Hash }},
	},
	Truncate: {
		{Param: Param{Name: "to", Type: Enum, Values: []string{"minute", "hour", "day"}, Short: true, About: "times: what they are cut to"},
			at: func(s *Spec) any { return &s.Truncate.To }},
		{Param: Param{Name: "v4", Type: Int, Min: 0, Max: 24, About: "bits of an IPv4 address that stay; not given: IPv4 addresses are dropped"},
			at: func(s *Spec) any { return &s.Truncate.V4 }},
		{Param: Param{Name: "v6", Type: Int, Min: 0, Max: 64, About: "bits of an IPv6 address that stay; not given: IPv6 addresses are dropped"},
			at: func(s *Spec) any { return &s.Truncate.V6 }},
		{Param: Param{Name: "decimals", Type: Int, Min: 0, Max: 6, About: "decimals that stay: 2 are about a kilometre"},
			at: func(s *Spec) any { return &s.Truncate.Decimals }},
		{Param: Param{Name: "chars", Type: Int, Min: 1, Max: 10000, About: "characters that stay, after scrubbing"},
			at: func(s *Spec) any { return &s.Truncate.Chars }},
	},
	Generalise: {
		{Param: Param{Name: "to", Type: Enum, Values: []string{"family", "origin", "primary", "bucket", "major", "region", "country", "year"}, Required: true, Short: true, About: "family: user agents; origin: addresses; primary: languages; bucket: screens and numbers; major: client hints; region: time zones; country: places; year: birth dates"},
			at: func(s *Spec) any { return &s.Generalise }},
	},
	URL: {
		{Param: Param{Name: "query", Type: Names, About: "parameters that stay: names, a trailing * for any ending, or a class: class:campaign, class:search_term, and, on consent, class:click_id; secrets and ids of subscribers and visitors never do"},
			at: func(s *Spec) any { return &s.URL.Query }},
		{Param: Param{Name: "ids", Type: Enum, Values: []string{"template", "cut", "keep"}, Default: "template", About: "ids in the path: written as :id, the path cut there, or kept"},
			at: func(s *Spec) any { return &s.URL.IDs }},
		{Param: Param{Name: "templates", Type: Names, About: "a site's own paths, such as /account/:id/orders"},
			at: func(s *Spec) any { return &s.URL.Templates }, ordered: true},
		{Param: Param{Name: "path", Type: Enum, Values: []string{"full", "first", "none"}, Default: "full", About: "how much of the path stays"},
			at: func(s *Spec) any { return &s.URL.Path }},
		{Param: Param{Name: "fragment", Type: Enum, Values: []string{"drop", "route"}, Default: "drop", About: "route: kept where it is a path (#/cart)"},
			at: func(s *Spec) any { return &s.URL.Fragment }},
	},
	Only: {
		{Param: Param{Name: "values", Type: Names, Required: true, Short: true, About: "the values that pass"},
			at: func(s *Spec) any { return &s.Only }},
	},
	Rare: {
		{Param: Param{Name: "k", Type: Int, Min: 2, Max: MaxK, Default: "50", About: "networks (IPv4 /24, IPv6 /32) from which a value must come on one day for it to pass"},
			at: func(s *Spec) any { return &s.Rare.K }},
		{Param: Param{Name: "days", Type: Int, Min: 1, Max: MaxDays, Default: "7", About: "how many days back one such day may lie, today included"},
			at: func(s *Spec) any { return &s.Rare.Days }},
		{Param: Param{Name: "with", Type: Names, About: "classes of fields of the same event: then the combination with those must come from k networks"},
			at: func(s *Spec) any { return &s.Rare.With }},
	},
	Replace: {
		{Param: Param{Name: "with", Type: Text, Required: true, Short: true, About: "the constant"},
			at: func(s *Spec) any { return &s.Replace }},
	},
}

// ParamOf returns the minimiser's parameter of that name.
func ParamOf(k Kind, name string) (Param, bool) {
	p, ok := parameterOf(k, name)
	return p.Param, ok
}

func parameterOf(k Kind, name string) (parameter, bool) {
	if k < NumKinds {
		for _, p := range parametersOf[k] {
			if p.Name == name {
				return p, true
			}
		}
	}
	return parameter{}, false
}

func paramNames(k Kind) []string {
	var names []string
	if k < NumKinds {
		for _, p := range Params[k] {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		return []string{"none"}
	}
	return names
}
