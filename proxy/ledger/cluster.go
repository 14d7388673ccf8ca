package ledger

import (
	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"
)

// KindCluster is the kind of a [Cluster].
const KindCluster = "cluster"

// Cluster is a record of what became of the logs that a node shares with others: that it came to be one of a cluster's
// nodes, and that a log was begun anew. When it is written that is on disk.
type Cluster struct {
	Name  string // of the cluster
	Text  string // what happened
	Again bool   // it was recorded before
	node  string
}

var _ zapcore.ObjectMarshaler = (*Cluster)(nil)

// Cluster records it.
func (r *records) Cluster(of Cluster) error {
	of.node = r.opts.Node
	return r.put(synced, entry{KindCluster, &of})
}

// MarshalLogObject writes the record's members. What is empty is left out.
func (c *Cluster) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "node", c.node)
	addText(to, "cluster", c.Name)
	addWords(to, "text", c.Text)
	addTrue(to, "again", c.Again)
	return nil
}

// observeCluster remembers what a record says.
func (r *Recovered) observeCluster(record []byte) { r.Cluster = gjson.GetBytes(record, "cluster").Str }
