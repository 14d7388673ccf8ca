package recompute

import (
	"fmt"
	"strings"
)

// Kind is what a finding is about: a word of a closed list.
type Kind string

// What can be found.
const (
	DespiteObjection   Kind = "forwarded_despite_objection"
	DespiteRestriction Kind = "forwarded_despite_restriction"
	DespiteKeptOptOut  Kind = "forwarded_despite_opt_out"
	DecisionNotValid   Kind = "decision_not_valid"
	AssessmentInvalid  Kind = "assessment_not_valid"
	JudgedOtherwise    Kind = "judged_otherwise"
	OutsideProfile     Kind = "field_outside_profile"
	PromiseBroken      Kind = "promise_broken"
	ThoughDenied       Kind = "forwarded_though_denied"
	WithoutDecision    Kind = "without_decision"
	DecidedTwice       Kind = "decided_twice"
	EndedTwice         Kind = "ended_twice"
	WithoutOutcome     Kind = "without_outcome"
	Missing            Kind = "records_missing"
	Unreadable         Kind = "records_unreadable"
	KeptTooLong        Kind = "kept_too_long"
	WithoutToken       Kind = "read_without_token"
)

// law is what a kind of findings breaks: the rule in a sentence, and the article where there is one.
type law struct{ rule, article string }

var laws = map[Kind]law{
	DespiteObjection: {"an event of somebody who objected does not leave, once that is recorded and asked for again",
		"Art. 21(1) and (3) GDPR"},
	DespiteRestriction: {"what somebody had restricted is not processed", "Art. 18(1) and (2) GDPR"},
	DespiteKeptOptOut: {"an opt-out by the browser's signal that is kept ends what one may opt out of, unless a consent " +
		"is younger",
		"Cal. Civ. Code § 1798.135, and the laws of other states that regions.yaml names"},
	DecisionNotValid: {"what goes on though somebody objected goes on by a person's decision that stands then",
		"Art. 21(1) GDPR"},
	AssessmentInvalid: {"what rests on a legitimate interest has an assessment that is approved, and neither over nor " +
		"revoked",
		"Art. 6(1)(f) GDPR"},
	JudgedOtherwise: {"an event's ladder, judged again by what is recorded under the policy of then, comes to the same",
		"Art. 5(2) GDPR"},
	OutsideProfile:  {"no field leaves but those that the profile of the event's activity keeps", "Art. 5(1)(c) GDPR"},
	PromiseBroken:   {"what a policy promises never to happen does not happen", "Art. 5(1)(a) and (2) GDPR"},
	ThoughDenied:    {"what was denied is not sent", "Art. 6(1) GDPR"},
	WithoutDecision: {"nothing is sent but what was decided and recorded before", "Art. 5(2) GDPR"},
	DecidedTwice:    {"an event is decided once", "Art. 5(2) GDPR"},
	EndedTwice:      {"an event ends once", ""},
	WithoutOutcome: {"of each event that may leave it is recorded what became of it, or it waits still",
		"Art. 5(2) GDPR"},
	Missing: {"no record is missing but those of which a record says so", "Art. 5(2) GDPR"},
	Unreadable: {"every record can be read but those that were set aside, of which a record says so",
		"Art. 5(2) GDPR"},
	KeptTooLong: {"records are kept no longer than the configuration says", "Art. 5(1)(e) GDPR"},
	WithoutToken: {"who reads the log with a token has one of which it is recorded that it was made, and which is " +
		"neither taken back nor over", "Art. 5(1)(f) GDPR"},
}

// Kinds lists what can be found.
func Kinds() []Kind {
	return []Kind{
		DespiteObjection, DespiteRestriction, DespiteKeptOptOut, DecisionNotValid, AssessmentInvalid, JudgedOtherwise,
		OutsideProfile, PromiseBroken, ThoughDenied, WithoutDecision, DecidedTwice, EndedTwice, WithoutOutcome,
		Missing, Unreadable,
		KeptTooLong, WithoutToken,
	}
}

// Rule is what a kind of findings breaks, in a sentence, and the article where there is one.
func (k Kind) Rule() (rule, article string) { return laws[k].rule, laws[k].article }

// Finding is something that is not as it has to be.
type Finding struct {
	Kind    Kind     `json:"kind"`
	Records []uint64 `json:"records"`           // that show it, the one that it is about first
	End     uint64   `json:"end,omitempty"`     // of several records in a row from the first on, behind the last
	Hit     uint64   `json:"hit,omitempty"`     // of the event
	Event   *uint32  `json:"event,omitempty"`   // its index in the hit
	What    string   `json:"what"`              // in a sentence
	Promise *Breach  `json:"promise,omitempty"` // that is broken
	Rule    string   `json:"rule"`
	Article string   `json:"article,omitempty"`

	act, look uint64 // between these two records it has to be known what was taken back; 0: that does not matter
}

// String says where it is, and what.
func (f *Finding) String() string {
	var b strings.Builder
	if f.End > f.Records[0]+1 {
		fmt.Fprintf(&b, "records %d to %d", f.Records[0], f.End-1)
	} else {
		fmt.Fprintf(&b, "record %d", f.Records[0])
		for _, other := range f.Records[1:] {
			fmt.Fprintf(&b, ", %d", other)
		}
	}
	fmt.Fprintf(&b, ": %s: %s", strings.ReplaceAll(string(f.Kind), "_", " "), f.What)
	return b.String()
}

// mostFindings is how many findings a report holds; further ones are counted.
const mostFindings = 10_000

// found adds a finding.
func (w *walk) found(f Finding) {
	f.Rule, f.Article = f.Kind.Rule()
	w.report.Found[f.Kind]++
	if len(w.report.Findings) >= mostFindings {
		w.report.More++
		return
	}
	w.report.Findings = append(w.report.Findings, f)
}
