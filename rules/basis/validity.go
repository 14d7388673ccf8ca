package basis

import "fmt"

// Validity says whether an assessment carries processing. Its zero value does not; only Valid does.
type Validity uint8

// The validities.
const (
	Unapproved Validity = iota // no approver has signed it
	Changed                    // signed, but what it means has changed since
	Revoked                    // taken back, or older than a version already seen
	Expired                    // past its review_by
	Missing                    // no such assessment
	Valid

	numValidities
)

var validityNames = [numValidities]string{
	Unapproved: "unapproved", Changed: "changed", Revoked: "revoked", Expired: "expired", Missing: "missing", Valid: "valid",
}

// String returns the validity's name; the reason code of a denial is "assessment_" and this.
func (v Validity) String() string {
	if v < numValidities {
		return validityNames[v]
	}
	return fmt.Sprintf("validity(%d)", uint8(v))
}
