package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kind is what a finding looks like: a word of a closed list.
type Kind string

// What somebody did, as far as it can be told.
const (
	Changed    Kind = "changed"    // what stands there is something else
	Removed    Kind = "removed"    // something is missing, and what came behind it is there
	Swapped    Kind = "swapped"    // it is all there, in another order
	CutShort   Kind = "cut_short"  // something is missing at an end
	Inserted   Kind = "inserted"   // something stands there that does not belong there
	Unreadable Kind = "unreadable" // it is not what its name says
	Unsigned   Kind = "unsigned"   // nobody signed it whose key was given
	Unknown    Kind = "unknown"    // a file that is none of a ledger's
	Unrecorded Kind = "unrecorded" // no record says that it was done
)

// Finding is something that is not as the log's server wrote it.
type Finding struct {
	Kind   Kind   `json:"kind"`
	File   string `json:"file"`             // its name in the folder
	Offset int64  `json:"offset"`           // in the file, in bytes, unpacked; -1: nowhere in particular
	First  uint64 `json:"first"`            // the first bad record is this one, or one of those before End
	End    uint64 `json:"end"`              // equal to First: the finding is about no record
	Other  uint64 `json:"other,omitempty"`  // of two that were swapped: the other one
	Count  uint64 `json:"count,omitempty"`  // how many were removed or inserted
	Packed bool   `json:"packed,omitempty"` // the file is packed, and Offset counts what it unpacks to
	What   string `json:"what"`             // in a sentence
}

// aboutRecord tells whether a finding is about a record.
func (f *Finding) aboutRecord() bool { return f.End > f.First }

// Exact tells whether the finding names one record.
func (f *Finding) Exact() bool { return f.End == f.First+1 }

// String says where it is, and what.
func (f *Finding) String() string {
	var b strings.Builder
	switch {
	case f.Exact():
		fmt.Fprintf(&b, "record %d: ", f.First)
	case f.aboutRecord():
		fmt.Fprintf(&b, "records %d to %d: ", f.First, f.End-1)
	}
	b.WriteString(f.File)
	if f.Offset >= 0 {
		fmt.Fprintf(&b, ", byte %d", f.Offset)
		if f.Packed {
			b.WriteString(" unpacked")
		}
	}
	fmt.Fprintf(&b, ": %s: %s", strings.ReplaceAll(string(f.Kind), "_", " "), f.What)
	return b.String()
}

// Report is what verifying came to.
type Report struct {
	Origin  string   `json:"origin"`
	Key     string   `json:"key"`       // that was verified with
	Own     bool     `json:"key_own"`   // it lay in the folder that it was to prove something about
	Size    uint64   `json:"signed"`    // how many records the newest checkpoint is of
	Root    string   `json:"root"`      // of its tree
	Signed  []string `json:"signed_by"` // whose signatures of it were checked
	Records uint64   `json:"records"`   // that are there, with those whose lines are gone
	// Unsigned are how many came behind the newest checkpoint, which proves nothing of them yet.
	Unsigned uint64 `json:"unsigned"`
	Erased   uint64 `json:"erased"` // their lines were deleted because they were old, and a record says so
	// ErasedLines are how many lines were erased of segments that are there, and a record says so.
	ErasedLines uint64 `json:"erased_lines"`

	Aside    uint64 `json:"aside"` // their lines are damaged and were set aside, and a record says so
	Segments int    `json:"segments"`
	Packed   int    `json:"packed"`
	Bytes    int64  `json:"bytes"` // that were read, unpacked

	Findings []Finding `json:"findings"`
	Notes    []string  `json:"notes,omitempty"` // what is no fault
}

// First is the finding of the first bad record; nil: none is about a record.
func (r *Report) First() *Finding {
	for i := range r.Findings {
		if r.Findings[i].aboutRecord() {
			return &r.Findings[i]
		}
	}
	return nil
}

// about tells whether something was found about some of these records.
func (r *Report) about(first, end uint64) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.aboutRecord() && f.First < end && f.End > first
	})
}

// add adds a finding.
func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// note adds what is no fault.
func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// sort puts findings about records first, by their numbers.
func (r *Report) sort() {
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if about := a.aboutRecord(); about != b.aboutRecord() {
			if about {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.End, b.End))
	})
}
