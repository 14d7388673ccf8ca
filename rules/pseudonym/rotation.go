package pseudonym

import (
	"fmt"
	"time"
)

// Rotation says how long a pseudonym stays the same. The zero Rotation is the strictest, [Day].
type Rotation uint8

// The rotations. Periods are of UTC; weeks start on Monday (ISO 8601).
const (
	Day Rotation = iota
	Week
	Month
	Never

	numRotations
)

var rotationNames = [numRotations]string{"day", "week", "month", "never"}

// String returns the rotation's name as policy files write it.
func (r Rotation) String() string {
	if r < numRotations {
		return rotationNames[r]
	}
	return fmt.Sprintf("rotation(%d)", uint8(r))
}

// MarshalText writes the name.
func (r Rotation) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a name.
func (r *Rotation) UnmarshalText(text []byte) error {
	found, ok := ParseRotation(string(text))
	if !ok {
		return fmt.Errorf("%q is no rotation: day, week, month and never are", text)
	}
	*r = found
	return nil
}

// Rotations lists all of them.
func Rotations() []Rotation { return []Rotation{Day, Week, Month, Never} }

// ParseRotation returns the rotation of that name.
func ParseRotation(name string) (Rotation, bool) {
	for r, n := range rotationNames {
		if n == name {
			return Rotation(r), true
		}
	}
	return Day, false
}

const secondsPerDay = 24 * 60 * 60

// Period returns the number of the period that t is in: days since 1970-01-01, weeks since the Monday before it, months
// since year 0; 0 for [Never].
func (r Rotation) Period(t time.Time) int64 {
	switch r {
	case Day:
		return floorDiv(t.Unix(), secondsPerDay)
	case Week:
		return floorDiv(floorDiv(t.Unix(), secondsPerDay)+3, 7) // 1970-01-01 was a Thursday
	case Month:
		y, m, _ := t.UTC().Date()
		return int64(y)*12 + int64(m) - 1
	default:
		return 0
	}
}

// End returns the first moment after the period that t is in; the zero time for [Never].
func (r Rotation) End(t time.Time) time.Time {
	p := r.Period(t)
	switch r {
	case Day:
		return time.Unix((p+1)*secondsPerDay, 0).UTC()
	case Week:
		return time.Unix(((p+1)*7-3)*secondsPerDay, 0).UTC()
	case Month:
		return time.Date(int(floorDiv(p+1, 12)), time.Month((p+1)%12+1), 1, 0, 0, 0, 0, time.UTC)
	default:
		return time.Time{}
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
