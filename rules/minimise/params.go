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

// Params are the parameters of each minimiser; those without any are written as a word alone (`keep`). pseudonymise,
// url and rare may be, too: then the defaults hold.
var Params = func() (all [NumKinds][]Param) {
	for k := range table {
		for _, p := range table[k].params {
			all[k] = append(all[k], p.Param)
		}
	}
	return all
}()

// ParamOf returns the minimiser's parameter of that name.
func ParamOf(k Kind, name string) (Param, bool) {
	p, ok := parameterOf(k, name)
	return p.Param, ok
}

func parameterOf(k Kind, name string) (parameter, bool) {
	p := paramIn(k.row().params, name)
	return p, p.Name != ""
}

// paramIn returns the parameter of that name in a minimiser's own list.
func paramIn(list []parameter, name string) parameter {
	for _, p := range list {
		if p.Name == name {
			return p
		}
	}
	return parameter{}
}

func paramNames(k Kind) []string {
	var names []string
	for _, p := range k.row().params {
		names = append(names, p.Name)
	}
	if names == nil {
		return []string{"none"}
	}
	return names
}
