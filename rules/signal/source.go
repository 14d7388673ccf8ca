package signal

import "github.com/tagwarden/tagwarden/rules/signal/cmp"

// Kind names a source of signals: one that a site may list under `signals:`. Consent management platforms follow behind
// [Receipts], see [Platform].
type Kind uint8

// The sources. None is what nobody listed.
const (
	None Kind = iota
	GPC
	DNT
	ConsentMode
	Own
	TransparencyConsent // TCF
	PrivacyPlatform     // GPP
	USPrivacy
	AdditionalConsent
	Payload
	Receipts // of choices; see Receipt

	numKinds
)

var kindNames = [numKinds]string{
	None: "none", GPC: "gpc", DNT: "dnt", ConsentMode: "consent_mode", Own: "own", TransparencyConsent: "tcf",
	PrivacyPlatform: "gpp",
	USPrivacy:       "usp", AdditionalConsent: "ac", Payload: "payload", Receipts: "receipts",
}

// Platform is the source that a consent management platform is.
func Platform(c cmp.Platform) Kind { return numKinds + Kind(c) }

// CMP is the consent management platform that the source is, if it is one.
func (k Kind) CMP() (cmp.Platform, bool) { return cmp.Platform(k - numKinds), k >= numKinds }

// String returns the name that server files and records use.
func (k Kind) String() string {
	if c, ok := k.CMP(); ok {
		return c.String()
	}
	return kindNames[k]
}

// ParseKind reads a name that [Kind.String] gives.
func ParseKind(name string) (Kind, bool) {
	for k, of := range kindNames {
		if of == name && Kind(k) != None {
			return Kind(k), true
		}
	}
	c, known := cmp.Parse(name)
	return Platform(c), known
}

// Kinds lists all sources, in the order of their numbers.
func Kinds() (all []Kind) {
	for k := GPC; k < numKinds; k++ {
		all = append(all, k)
	}
	for c := range cmp.All {
		all = append(all, Platform(c))
	}
	return all
}

// Source is one line of a site's `signals:`: where a visitor's choice is found and what it means.
type Source struct {
	Kind Kind

	// Categories maps the source's own ids (ad_storage ... for consent_mode, C0002 ... for onetrust) to
	// consent categories. Nil takes the defaults.
	Categories map[string]string

	// Services maps ids of a platform's services to vendors, by their ids in the policy. Nil takes what banners commonly
	// call a vendor's service ([Declaration.Services]).
	Services map[string]string

	// For CMPs: what the site changed of how its cookies are called, and which revision of its banner counts. For TCF, GPP
	// and AC: a cookie of the site's that holds the string, beside those with the usual names.
	Settings cmp.Settings

	// For Own: exactly one of the places is set.
	Cookie string // a cookie's name
	Header string // a header's name
	Query  string // a parameter of the query
	Body   string // a gjson path into each event's JSON

	JSON     string   // the value is JSON (percent-decoded first): the gjson path of the choice in it
	Pairs    string   // the value is pairs: what stands between two, and what between a name and its value, a byte each
	Name     string   // of the choice among the pairs
	Date     Date     // where it says when the visitor chose
	Category string   // the consent category that it is about
	Granted  []string // values that count as a yes
	Refused  []string // values that count as a no; any other is malformed
}
