// Package read is what readers of signals share, whoever's they are: how a source was found, the cookies of a hit,
// bounds of what is looked at. Nothing in it knows a platform or a consent string.
package read

// State says how a source was found.
type State uint8

// The states.
const (
	Absent State = iota
	Valid
	Malformed
)

// String returns the word that records use.
func (s State) String() string {
	switch s {
	case Valid:
		return "valid"
	case Malformed:
		return "malformed"
	default:
		return "absent"
	}
}

// Older is the older of two times; 0 is none.
func Older(a, b int64) int64 {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}
