package basis

import "fmt"

// Validity says whether an assessment carries processing. Its zero value does not; only [Valid] does.
type Validity uint8

// The validities.
const (
	Unapproved      Validity = iota // no approver has signed it
	Unreadable                      // its approval is cut short, or damaged
	Forged                          // its approval bears an approver's name and key, and is not theirs
	Foreign                         // signed with a key that is no approver's
	ApproverRemoved                 // signed with a key that was an approver's once
	Ambiguous                       // more than one approval, or more than one assessment of that id
	Changed                         // signed, but what it means has changed since
	FormOld                         // signed in a form that did not cover all that an approval covers
	Revoked                         // taken back, or older than a version already seen
	Postdated                       // decided on a day that has not come yet
	Expired                         // past its review_by
	Missing                         // no such assessment
	Valid

	numValidities
)

var validityNames = [numValidities]string{
	Unapproved: "unapproved", Unreadable: "unreadable", Forged: "forged", Foreign: "foreign",
	ApproverRemoved: "approver_removed",
	Ambiguous:       "ambiguous", Changed: "changed", FormOld: "form_old", Revoked: "revoked", Postdated: "postdated",
	Expired: "expired", Missing: "missing", Valid: "valid",
}

var validitySays = [numValidities]string{
	Unapproved: "nobody has approved it: whoever has read it does, by `tagwarden lia approve`",
	Unreadable: "its approval is cut short or damaged: have it approved anew",
	Forged: "its approval bears the name of an approver whose key did not make it: find out who wrote it, and " +
		"have it approved anew",
	Foreign:         "it is signed with a key that is none of the approvers' in the server file: have an approver sign it",
	ApproverRemoved: "who signed it is no approver any more: have one who is sign it anew",
	Ambiguous:       "there is more than one approval, or more than one assessment of its id: keep one",
	Changed: "it, one of its purposes, of its recipients or of the activities that rest on it, or the controller's " +
		"name, was changed after it was signed: count its version up and have it approved anew, or take the change back",
	FormOld: "it was signed in the form of an earlier version, which covered neither the activities that rest on it, " +
		"nor what its purposes say beside their texts, nor vendor files: read them, and have it approved anew " +
		"(`tagwarden lia approve`); its version may stay",
	Revoked:   "it was revoked, or a later version was in force before: count its version up and have it approved anew",
	Postdated: "the day on which it was decided has not come yet",
	Expired:   "its review is overdue: review it, count its version up, set review_by anew and have it approved",
	Missing:   "there is no such assessment",
	Valid:     "an approver signed it, and nothing of it has changed since; whether its reasoning holds is not checked",
}

// String returns the validity's name; the reason code of a denial is "assessment_" and this.
func (v Validity) String() string {
	if v < numValidities {
		return validityNames[v]
	}
	return fmt.Sprintf("validity(%d)", uint8(v))
}

// Says explains the validity in a sentence: what is so, and what would make it right.
func (v Validity) Says() string {
	if v < numValidities {
		return validitySays[v]
	}
	return ""
}
