package ledger

import (
	"sync"
	"sync/atomic"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// records puts records into the files: whatever else a ledger does stands on it.
type records struct {
	opts    Options
	files   durable.Files // over watched
	watched *watched
	writer  *segment.Writer
	encoder sync.Pool // of *encoder
	lines   sync.Pool // of *Lines: what hits write their records in
	salts   salts

	shapes, rungs names // used under the writer's mutex

	refusal atomic.Pointer[refusal] // why nothing is taken though the writer would
	forGood atomic.Pointer[refusal] // and never will be

	stop chan struct{} // closed when the ledger ends
}

// newRecords makes ready to record, over a disk that notes what the ledger itself does to its files.
func newRecords(o Options) *records {
	w := &watched{Disk: o.Disk}
	o.Disk = w
	r := &records{opts: o, files: durable.Files{Disk: w}, watched: w, stop: make(chan struct{})}
	r.encoder.New, r.lines.New = func() any {
		return newEncoder()
	}, func() any { return &Lines{line: line{fronts: new(fronts)}} }
	r.shapes, r.rungs, r.salts.source = newNames(o.Shapes), newNames(o.Shapes), o.Rand
	return r
}

// note records what happened to the server.
func (r *records) note(n Note) error {
	n.node = r.opts.Node
	return r.put(written, entry{n.Kind, &n})
}
