package minimise

// Kind is a minimiser. The zero Kind is [Drop].
type Kind uint8

// The minimisers.
const (
	Drop Kind = iota
	Keep
	Pseudonymise
	Derive
	Hash
	Truncate
	Generalise
	URL
	Scrub
	Only
	Rare
	Replace

	// NumKinds is the number of minimisers.
	NumKinds
)

// table holds the minimisers. A new one is a file with its row, and a line here, above and in loosestFirst; one with
// parameters keeps them in a field of Spec.
var table = [NumKinds]*minimiser{
	Drop:         &drops,
	Keep:         &keeps,
	Pseudonymise: &pseudonymises,
	Derive:       &derives,
	Hash:         &hashes,
	Truncate:     &truncates,
	Generalise:   &generalises,
	URL:          &cleansAddresses,
	Scrub:        &scrubs,
	Only:         &passesListed,
	Rare:         &passesShared,
	Replace:      &replaces,
}

// loosestFirst orders the minimisers by how much they let through in general.
var loosestFirst = [NumKinds]Kind{
	Keep, Scrub, URL, Only, Hash, Pseudonymise, Rare, Truncate, Generalise, Derive, Replace, Drop,
}

// Spec is what a line of a profile says: plain data, filled by who reads the profile. The zero Spec drops. Only the
// fields of its Kind may be set.
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
