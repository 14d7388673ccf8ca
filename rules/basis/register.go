package basis

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// WarningDays is how many days before an assessment's review is due warnings start.
const WarningDays = 30

// Marks are the days before a review at which people are told, the earliest first.
func Marks() []int { return []int{WarningDays, 14, 7, 1} }

// Overdue is the mark that is reached when a review is past.
const Overdue = -1

// Mark returns the last mark that is reached with so many days left; false where none is.
func Mark(days int) (mark int, reached bool) {
	if days < 0 {
		return Overdue, true
	}
	for _, m := range Marks() {
		if days <= m {
			mark, reached = m, true
		}
	}
	return mark, reached
}

// Past is what happened to assessments and promises before: facts of the ledger that no document can undo.
type Past struct {
	Revoked map[string]int  // by id: the highest version that was revoked; it and all before it are void
	Seen    map[string]int  // by id: the highest version that was in force; older ones are void
	Keys    map[string]bool // that signed what was in force, as Approver.Key names them
	// the highest version of the promises that was in force, of those that were signed; not to be changed
	Promised Promised
}

// Void tells whether a version is worth nothing, whatever its document says.
func (p *Past) Void(id string, version int) bool {
	return version <= p.Revoked[id] || version < p.Seen[id]
}

// Equal tells whether both say the same.
func (p *Past) Equal(of *Past) bool {
	a, b := &p.Promised, &of.Promised
	return maps.Equal(p.Revoked, of.Revoked) && maps.Equal(p.Seen, of.Seen) && maps.Equal(p.Keys, of.Keys) &&
		a.Version == b.Version && a.At.Equal(b.At) && a.Controller == b.Controller && a.By == b.By &&
		maps.Equal(a.Promises, b.Promises)
}

// Entry is an assessment with the digests of its meaning.
type Entry struct {
	Assessment *Assessment
	Digest     Digest
	First      Digest // in the first form
	// what an approval signs from now on: Digest, but where the approval is of before the name was covered
	Whole Digest
	// what one of before signed: without the controller's name; zero where the document says newer things
	Unnamed Digest
}

// NewEntry digests an assessment with what stands around it. An approval of before the controller's name was covered
// says so by the digest that it names; what says something that was not known then cannot have one.
func NewEntry(a *Assessment, around Surroundings) Entry {
	whole := a.Digest(around)
	entry := Entry{Assessment: a, Digest: whole, First: a.FirstDigest(around), Whole: whole}
	if len(a.newer()) > 0 {
		return entry
	}
	around.Controller = ""
	entry.Unnamed = a.Digest(around)
	if strings.Contains(a.Approval, "\nsha256 "+entry.Unnamed.String()) {
		entry.Digest = entry.Unnamed
	}
	return entry
}

// Register knows the assessments of a policy and what each is worth at a time. It never changes, so it may be read from
// many goroutines; a nil Register has none.
type Register struct {
	records map[string]record
	ids     []string // sorted
}

// record is an assessment as the register keeps it: signatures are verified once, what is left to ask is the time.
type record struct {
	assessment *Assessment
	validity   Validity // leaving the time aside
	approved   Validity // likewise, were it approved now: Valid, or what no approval mends
	from       time.Time
	expires    time.Time
}

// NewRegister builds a register. An id that stands for two assessments is worth nothing.
func NewRegister(entries []Entry, approvers []Approver, past Past) *Register {
	r := &Register{records: make(map[string]record, len(entries))}
	for _, entry := range entries {
		a := entry.Assessment
		if _, twice := r.records[a.ID]; twice {
			r.records[a.ID] = record{assessment: a, validity: Ambiguous, approved: Ambiguous}
			continue
		}
		validity, approved := Verify(entry, approvers, past.Keys), Valid
		if past.Void(a.ID, a.Version) {
			approved = Revoked
			if validity == Valid || validity == FormOld {
				validity = Revoked
			}
		}
		r.records[a.ID] = record{a, validity, approved, a.Decided.start(), a.ReviewBy.End()}
		r.ids = append(r.ids, a.ID)
	}
	slices.Sort(r.ids)
	return r
}

// AsApproved is the register as it would be were every assessment in it approved now, as it stands. What no approval
// mends stays: a revocation, an id that stands for two, the days from which on and through which an assessment holds.
func (r *Register) AsApproved() *Register {
	if r == nil {
		return nil
	}
	as := &Register{records: make(map[string]record, len(r.records)), ids: r.ids}
	for id, found := range r.records {
		found.validity = found.approved
		as.records[id] = found
	}
	return as
}

// Validity says what the assessment is worth at a time. It holds from its decided day on, where it names one,
// through the end of its review_by day, UTC. It does not allocate.
func (r *Register) Validity(id string, at time.Time) Validity {
	if r == nil {
		return Missing
	}
	found, ok := r.records[id]
	if !ok {
		return Missing
	}
	switch {
	case found.validity != Valid:
		return found.validity
	case !at.Before(found.expires):
		return Expired
	case at.Before(found.from):
		return Postdated
	default:
		return Valid
	}
}

// ValidityAfter is Validity at a time that the clock says, where it said a later one before: what had expired by then
// stays expired.
func (r *Register) ValidityAfter(id string, at, latest time.Time) Validity {
	v := r.Validity(id, at)
	if v == Valid && latest.After(at) && !latest.Before(r.records[id].expires) {
		return Expired
	}
	return v
}

// Approved tells whether the assessment is approved and not void, whatever the time.
func (r *Register) Approved(id string) bool {
	return r != nil && r.records[id].assessment != nil && r.records[id].validity == Valid
}

// Version returns the version of the assessment, 0 where there is none of that id.
func (r *Register) Version(id string) int {
	if a := r.Assessment(id); a != nil {
		return a.Version
	}
	return 0
}

// Assessment returns the document, nil where there is none of that id. It is not to be changed.
func (r *Register) Assessment(id string) *Assessment {
	if r == nil {
		return nil
	}
	return r.records[id].assessment
}

// IDs lists the assessments, sorted.
func (r *Register) IDs() []string {
	if r == nil {
		return nil
	}
	return slices.Clone(r.ids)
}

// DaysLeft counts the days, in UTC, until the assessment's review_by: 0 on that last good day, less after it.
// False where there is none of that id.
func (r *Register) DaysLeft(id string, at time.Time) (int, bool) {
	a := r.Assessment(id)
	if a == nil {
		return 0, false
	}
	return DayOf(at).DaysUntil(a.ReviewBy), true
}

// Due is an assessment whose review is near or past.
type Due struct {
	ID       string
	ReviewBy Day
	Days     int // left; less than 0 where it is past
}

// Due lists the assessments that have [WarningDays] or fewer left at a time, the most urgent first.
func (r *Register) Due(at time.Time) []Due {
	var due []Due
	for _, id := range r.IDs() {
		if days, _ := r.DaysLeft(id, at); days <= WarningDays {
			due = append(due, Due{id, r.records[id].assessment.ReviewBy, days})
		}
	}
	slices.SortFunc(due, func(a, b Due) int {
		if a.Days != b.Days {
			return a.Days - b.Days
		}
		return strings.Compare(a.ID, b.ID)
	})
	return due
}
