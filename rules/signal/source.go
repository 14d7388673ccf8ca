package signal

// Kind names a source of signals: one that a site may list under `signals:`.
type Kind uint8

// The sources. None is what nobody listed.
const (
	None Kind = iota
	GPC
	DNT
	ConsentMode
	Own

	numKinds
)

var kindNames = [numKinds]string{None: "none", GPC: "gpc", DNT: "dnt", ConsentMode: "consent_mode", Own: "own"}

// String returns the name that server files and records use.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "unknown"
}

// Source is one line of a site's `signals:`: where a visitor's choice is found and what it means.
type Source struct {
	Kind Kind

	// Categories maps the source's own ids (ad_storage, analytics_storage ... for consent_mode) to consent categories. Nil takes the defaults.
	Categories map[string]string

	// For Own: exactly one of the places is set.
	Cookie string // a cookie's name
	Header string // a header's name
	Query  string // a parameter of the query
	Body   string // a gjson path into each event's JSON

	JSON     string   // the value is JSON (percent-decoded first): the gjson path of the choice in it
	Category string   // the consent category that it is about
	Granted  []string // values that count as a yes
	Refused  []string // values that count as a no; any other is malformed
}
