package minimise

import "strings"

// minimiser is all there is to know of one: a row of the table, written in the minimiser's own file. Nothing that a
// row's functions reach may read the table, which could not be made then; an Action holds its row.
type minimiser struct {
	name    string // as profiles and assessments write it
	done    string // what was done to a value, where a change of policy is told: "hashed"
	params  []parameter
	classes classes // what it is for; where that depends on a parameter, any of it

	// compile reads the parameters, fills in defaults and makes what apply needs. nil: there are none to read. That the
	// class is one of classes is looked at behind it.
	compile func(a *Action) error
	// apply is Action.Append for a value that says something. nil drops.
	apply func(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome)
	// stricter tells whether a, of this minimiser, lets through no more than b, of any that does not keep, for every
	// value. nil: nobody can tell.
	stricter func(a, b *Action) bool

	// anyway: a value that says nothing is treated like any other, and one that comes out the same counts as rewritten.
	anyway bool
	// inText: texts pass, and addresses among their words are treated as the profile treats addresses.
	inText bool
	// noData: nothing of the value is left.
	noData bool
	// measure is what it is to a record of processing.
	measure Measure

	// words are what people are told.
	words Words
	// effect chooses among the words by a Spec with its defaults. nil: those of "".
	effect func(s *Spec) []phrase
	// unsaid lists, in English, parameters of which the words say nothing.
	unsaid func(s *Spec) []string
	// written is the name with the parameter that matters to the law, as profiles write them. nil: the name.
	written func(s *Spec) string
	// shortLived tells whether an identifier changes by itself within months. nil: it does not.
	shortLived func(s *Spec) bool
}

// Words are what people are told of a minimiser, by key and by language (en, de, fr). Values stand in the place of
// {names}; what begins with a separator goes on behind another.
type Words map[string]map[string]string

// phrase is one of the Words, with names and values in turn.
type phrase struct {
	key    string
	values []string
}

// Measure is what a minimiser is in a record of processing. The zero Measure is none.
type Measure uint8

// The measures.
const (
	NoMeasure     Measure = iota // nothing of the value is left
	Unchanged                    // the value goes as it came, but for other personal data that are found in it
	Searched                     // what is found of personal data, or named, is taken out of the value
	Pseudonymised                // another value under a secret key stands for it: it tells visitors apart, and names none
	Hashed                       // a hash without a key stands for it: who knows the value knows the hash
	Truncated                    // the value is cut to a shorter form of itself
	Generalised                  // a coarser value stands for it, which many share
	Shared                       // the value goes only where many have it
	Listed                       // the value goes only where it is on a list
	Replaced                     // a constant stands for it

	// NumMeasures is the number of measures.
	NumMeasures
)

// WordsOf returns what people are told of a minimiser.
func WordsOf(k Kind) Words { return k.row().words }

// Done says what was done to a value: "hashed".
func (k Kind) Done() string { return k.row().done }

// Measure is what the minimiser is in a record of processing.
func (k Kind) Measure() Measure { return k.row().measure }

// Passes tells whether anything of a value is left.
func (k Kind) Passes() bool { return !k.row().noData }

// row is the minimiser's row of the table; that of Drop where there is none.
func (k Kind) row() *minimiser {
	if k < NumKinds {
		return table[k]
	}
	return table[Drop]
}

// ShortLived tells whether an identifier that is treated like this changes by itself within months.
func (s *Spec) ShortLived() bool {
	m := s.Kind.row()
	return m.shortLived != nil && m.shortLived(s)
}

// Written is the Spec as a profile writes it, with the parameter that matters to the law: "pseudonymise with rotate:
// week", "keep".
func (s *Spec) Written() string {
	if m := s.Kind.row(); m.written != nil {
		return m.written(s)
	}
	return s.Kind.String()
}

// Unsaid lists what [Action.Effect] leaves out of the parameters, in English: "scope purpose".
func (a *Action) Unsaid() []string {
	if m := a.Kind().row(); m.unsaid != nil {
		s := a.Spec()
		return m.unsaid(&s)
	}
	return nil
}

// Effect says what becomes of a value, in a language of [Words]; "" where the language is none of them.
func (a *Action) Effect(language string) string {
	m, s := a.Kind().row(), a.Spec()
	phrases := []phrase{{}}
	if m.effect != nil {
		phrases = m.effect(&s)
	}
	var text strings.Builder
	for _, p := range phrases {
		said := m.words[p.key][language]
		for i := 0; i+1 < len(p.values); i += 2 {
			said = strings.ReplaceAll(said, "{"+p.values[i]+"}", p.values[i+1])
		}
		text.WriteString(said)
	}
	return text.String()
}
