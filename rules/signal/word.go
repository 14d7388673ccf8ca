package signal

import "bytes"

// Word is what one statement inside a vendor's payload says. Of several, the greatest holds: it is the strictest.
type Word uint8

// The words.
const (
	SaysNothing Word = iota
	SaysYes
	SaysUnclear // speaks of consent, and gives none
	SaysNo
)

// String returns the word that output uses.
func (w Word) String() string {
	switch w {
	case SaysYes:
		return "yes"
	case SaysUnclear:
		return "unclear"
	case SaysNo:
		return "no"
	default:
		return "nothing"
	}
}

// Preference reads true or false: a member of Segment's context.consent.categoryPreferences, or "consented" of a
// purpose in mParticle's consent_state.gdpr.
func Preference(text []byte) Word {
	switch string(text) {
	case "true":
		return SaysYes
	case "false":
		return SaysNo
	default:
		return SaysUnclear
	}
}

// SaleOptOut reads "consented" of mParticle's consent_state.ccpa.data_sale_opt_out: true is an opt-out, false grants
// nothing.
func SaleOptOut(text []byte) Word {
	switch string(text) {
	case "true":
		return SaysNo
	case "false":
		return SaysNothing
	default:
		return SaysUnclear
	}
}

// Lists puts RudderStack's allowedConsentIds and deniedConsentIds together for one id: denied wins.
func Lists(allowed, denied bool) Word {
	switch {
	case denied:
		return SaysNo
	case allowed:
		return SaysYes
	default:
		return SaysNothing
	}
}

// SegmentPreferenceEvent tells whether an event's name is the one under which Segment's consent tools report a change.
func SegmentPreferenceEvent(name []byte) bool {
	return string(name) == "Segment Consent Preference Updated"
}

// SnowplowEvent tells what a self-describing event of Snowplow is for consent.
type SnowplowEvent uint8

// The events: consent_preferences, whose eventType [SnowplowPreference] reads; consent_granted and consent_withdrawn,
// of trackers before version 3.
const (
	NoConsentEvent SnowplowEvent = iota
	PreferencesEvent
	GrantedEvent
	WithdrawnEvent
)

// ReadSnowplowSchema reads iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0. cmp_visible and
// consent_document record no choice.
func ReadSnowplowSchema(schema []byte) SnowplowEvent {
	rest, found := bytes.CutPrefix(schema, []byte("iglu:com.snowplowanalytics.snowplow/"))
	name, version, _ := bytes.Cut(rest, []byte("/jsonschema/"))
	if !found || !bytes.HasPrefix(version, []byte("1-")) {
		return NoConsentEvent
	}
	switch string(name) {
	case "consent_preferences":
		return PreferencesEvent
	case "consent_granted":
		return GrantedEvent
	case "consent_withdrawn":
		return WithdrawnEvent
	default:
		return NoConsentEvent
	}
}

// SnowplowPreference reads eventType and basisForProcessing of consent_preferences. With allow_selected the yes is for
// consentScopes alone. Under another basis than consent a yes is none; an empty one was not given.
func SnowplowPreference(eventType, basis []byte) Word {
	switch string(eventType) {
	case "allow_all", "allow_selected":
		if len(basis) > 0 && string(basis) != "consent" {
			return SaysUnclear
		}
		return SaysYes
	case "deny_all", "withdrawn":
		return SaysNo
	default: // pending, implicit_consent, expired, and what is not known
		return SaysUnclear
	}
}

// MatomoConsent reads the parameter consent of a hit: 1 is sent where the site asks for consent and it was given. Its
// absence says nothing.
func MatomoConsent(text []byte) Word {
	switch string(text) {
	case "":
		return SaysNothing
	case "1":
		return SaysYes
	default:
		return SaysUnclear
	}
}
