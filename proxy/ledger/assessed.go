package ledger

import "go.uber.org/zap/zapcore"

// Kinds of records about assessments. What they say holds for good, whatever becomes of the policy folder.
const (
	KindApproval   = "approval"   // a version came into force for the first time: assessment, version, meaning, key
	KindRevocation = "revocation" // a version, and all before it, was taken back: assessment, version, key, because
	// people were told that a review is near, or overdue: assessment, version, review_by, days, told
	KindDue = "review_due"
)

// Assessed is a record about an assessment. It holds nothing of a visitor.
type Assessed struct {
	Kind       string
	Assessment string
	Version    int
	Meaning    string // digest of what was approved, hex
	Form       int    // of that digest: what it covers (basis.Form); 0 where the record does not say it
	Key        string // who signed it, "privacy+3f2a0c11"; "" where nobody did
	Because    string
	ReviewBy   string // a day
	Days       int    // the mark that was reached: 30, 14, 7, 1; -1 where the review is overdue
	Told       string // who: "log", or "log, webhook"
	Again      bool   // it was recorded before, and is repeated so that it outlives the records that are deleted
}

var _ zapcore.ObjectMarshaler = (*Assessed)(nil)

// Assessed records what happened to an assessment. That people were told of a review is kept in memory where it cannot
// be written; what is to come into force by being recorded is not.
func (l *Ledger) Assessed(a Assessed) error {
	if a.Kind == KindDue {
		return l.put(kept, entry{a.Kind, &a})
	}
	return l.put(synced, entry{a.Kind, &a})
}

// MarshalLogObject writes the record's members. What is empty is left out.
func (a *Assessed) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "assessment", a.Assessment)
	to.AddInt("assessment_version", a.Version)
	addText(to, "meaning", a.Meaning)
	if a.Form > 0 {
		to.AddInt("approval_form", a.Form)
	}
	addText(to, "key", a.Key)
	addWords(to, "because", a.Because)
	if a.Kind == KindDue {
		addText(to, "review_by", a.ReviewBy)
		to.AddInt("days", a.Days)
		addWords(to, "told", a.Told)
	}
	addTrue(to, "again", a.Again)
	return nil
}
