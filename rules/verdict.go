package rules

import "fmt"

// Decision is what becomes of an event. Its zero value denies.
type Decision uint8

// The decisions. Skip is only said of a rung that does not speak of the event.
const (
	Deny Decision = iota
	Permit
	Skip
)

// String returns the word that records and explain use.
func (d Decision) String() string {
	switch d {
	case Permit:
		return "permit"
	case Skip:
		return "skip"
	default:
		return "deny"
	}
}

// Reason says why. The list is closed; every reason but [Permitted] denies, the zero value, [Unjudged], included.
type Reason uint8

// The reasons.
const (
	Unjudged Reason = iota
	Permitted

	// Of a hit as a whole.
	UnknownHost
	UnknownPath
	WrongMethod
	MalformedHit
	OverLimit
	Failed       // a stage failed: a bug here, or a key that is missing
	Unrecorded   // the decision could not be written down
	OutOfMemory  // there was no room for it
	QueueFull    // it would wait for its vendor, and there is no room where events wait
	ShuttingDown // the server is ending
	ClockAhead   // the clock jumped, and nobody said that it is right
	Sealed       // a checksum or signature in it would be wrong for what is left

	// Of a rung that does not speak of the event.
	OtherSite
	OtherRegion
	OtherEvent
	OtherSender
	ConditionUnmet

	// Of a rung, or of an event.
	NoActivity
	ConditionFailed
	NoConsent
	ConsentRefused
	ConsentExpired
	BeforeChoice // the event is from before the act that would permit it, or was denied before that
	TCFVendor
	TCFRestriction
	TCFPurposeLI
	TCFVendorLI
	Objection
	ObjectionsUntaken // objections cannot be taken now, so that nothing travels that one may object to
	ObjectionsStale   // so it is where other nodes may know of objections that this one does not
	GPC
	DNT
	OptedOut
	NoLegalReference
	AssessmentMissing
	AssessmentUnapproved
	AssessmentUnreadable
	AssessmentForged
	AssessmentForeign
	AssessmentApproverRemoved
	AssessmentAmbiguous
	AssessmentChanged
	AssessmentFormOld
	AssessmentRevoked
	AssessmentPostdated
	AssessmentExpired
	// a stream cannot be minimised: it never travels on legitimate interest, where the profile does not
	// keep it, or where the hit names nobody
	OpaqueStream
	RequiredDropped // the profile drops a field without which the vendor refuses an event at this endpoint

	// Of an event that waited, and is judged again (see [Kept]).
	PolicyChanged   // what it was permitted on, or what shaped what would leave of it, is another now, or is gone
	FactsUnreadable // what it was judged by cannot be read

	numReasons
)

var reasonNames = [numReasons]string{
	Unjudged: "unjudged", Permitted: "permitted",
	UnknownHost: "unknown_host", UnknownPath: "unknown_path", WrongMethod: "wrong_method", MalformedHit: "malformed",
	OverLimit: "limit",
	Failed:    "failed", Unrecorded: "unrecorded", OutOfMemory: "memory", QueueFull: "queue_full",
	ShuttingDown: "shutting_down", ClockAhead: "clock_ahead", Sealed: "sealed",
	OtherSite: "other_site", OtherRegion: "other_region", OtherEvent: "other_event", OtherSender: "other_sender",
	ConditionUnmet: "condition_unmet",
	NoActivity:     "no_activity", ConditionFailed: "condition_failed", NoConsent: "no_consent",
	ConsentRefused: "consent_refused",
	ConsentExpired: "consent_expired", TCFVendor: "tcf_vendor", TCFRestriction: "tcf_restriction",
	TCFPurposeLI: "tcf_purpose_li",
	TCFVendorLI:  "tcf_vendor_li", Objection: "objection", ObjectionsUntaken: "objections_untaken",
	ObjectionsStale: "objections_stale", GPC: "gpc", DNT: "dnt",
	OptedOut: "opted_out", NoLegalReference: "no_legal_reference",
	AssessmentMissing: "assessment_missing", AssessmentUnapproved: "assessment_unapproved",
	AssessmentUnreadable: "assessment_unreadable",
	AssessmentForged:     "assessment_forged", AssessmentForeign: "assessment_foreign",
	AssessmentApproverRemoved: "assessment_approver_removed",
	AssessmentAmbiguous:       "assessment_ambiguous", AssessmentChanged: "assessment_changed",
	AssessmentFormOld: "assessment_form_old", AssessmentRevoked: "assessment_revoked",
	AssessmentPostdated: "assessment_postdated", AssessmentExpired: "assessment_expired", OpaqueStream: "opaque_stream",
	RequiredDropped: "required_dropped", BeforeChoice: "before_choice",
	PolicyChanged: "policy_changed", FactsUnreadable: "facts_unreadable",
}

// String returns the code that records, metrics and tests use.
func (r Reason) String() string {
	if r < numReasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// Reasons lists the codes, for schemas and for labels of metrics.
func Reasons() []string { return append([]string(nil), reasonNames[:]...) }

// Rung is one activity as it was judged for an event.
type Rung struct {
	Activity *Activity
	Decision Decision
	Reason   Reason
	When     When
}

// When says whether the condition of a rung was met (its `when`). Its zero value: it has none, it was not asked, or it
// failed, which the reason says.
type When uint8

// What became of a condition.
const (
	WhenUnasked When = iota
	WhenMet
	WhenUnmet
)

// Verdict is what was decided of one event. Its zero value denies.
type Verdict struct {
	Decision Decision
	Reason   Reason
	Activity *Activity // the one that carries the event; where it is denied, the last one judged, or nil
	first    int32     // its rungs in Judgement.rungs
	last     int32
}
