package ledger

import (
	"errors"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Rebuild makes the summary of a segment again, record by record, as sealing does: for whoever checks one.
type Rebuild struct {
	b      *summaryBuilder
	memory *Recovered
	edge   tree.Edge
	err    error
}

// NewRebuild begins the summary of the segment that begins with a record. Before is that of the segment before it; nil:
// there is none.
func NewRebuild(first uint64, before *Summary) *Rebuild {
	r := &Rebuild{memory: nothing()}
	if before != nil {
		r.edge, r.memory = *before.Edge, before.Memory.clone()
	}
	r.b = newSummary(first, r.memory, &r.edge)
	return r
}

// Add adds a record: its line, nil where it was set aside, erased or is gone, and its entry in the tree. It gives the
// nodes of tiles that became complete, until the next call.
func (r *Rebuild) Add(line []byte, entry tree.Entry) []tree.Node {
	if err := r.b.add(line, entry); err != nil && r.err == nil {
		r.err = err
	}
	return r.b.nodes
}

// Edge is the tree's right edge behind what was added.
func (r *Rebuild) Edge() *tree.Edge { return &r.edge }

// Extent is what else a summary says of a segment.
type Extent struct {
	Records uint64 // with those that were set aside
	Bytes   int64  // up to the end of the last one
	Torn    int64  // bytes behind it
	Aside   int    // how many were set aside
	Plain   bool   // its lines have no checksums
}

// Summary is the summary of what was added. The error says which record could not be understood.
func (r *Rebuild) Summary(of Extent) (*Summary, error) {
	s := r.b.summary(scanned{n: of.Records, bytes: of.Bytes, torn: of.Torn, aside: of.Aside, plain: of.Plain})
	return s, r.err
}

// ErrNoFormat says that the line that makes older versions refuse a folder is another one.
var ErrNoFormat = errors.New("it does not hold the line that makes older versions refuse the folder")

// CheckFormat tells whether a file is the one that makes older versions refuse a ledger's folder.
func CheckFormat(text []byte) error {
	if string(text) != formatLine {
		return ErrNoFormat
	}
	return nil
}

// KindOf is the kind of a record; nil where it says none.
func KindOf(record []byte) []byte { return kindOf(record) }
