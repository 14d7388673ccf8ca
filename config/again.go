package config

import "github.com/tagwarden/tagwarden/rules/basis"

// Again returns what [Compile] makes of a source, with what the ledger knows of assessments: l itself, where it was
// compiled of the same and nothing else is known since.
func Again(l *Loaded, source *Source, past basis.Past) (*Loaded, error) {
	if source.Digest == l.Source.Digest && source.Dir == l.Source.Dir && source.archived == l.Source.archived &&
		past.Equal(&l.past) {
		return l, nil
	}
	return Compile(source, past)
}
