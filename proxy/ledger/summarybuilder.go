package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// summaryBuilder makes the summary of a segment, record by record.
type summaryBuilder struct {
	of     Summary
	memory *Recovered // goes on with the segment's records
	edge   *tree.Edge // likewise; nil: whoever asks for the summary adds it
	digest hash.Hash
	nodes  []tree.Node // that became complete
	entry  tree.Entry  // room for the last one
	latest [19]byte    // the second of To, as records say it
}

func newSummary(first uint64, memory *Recovered, edge *tree.Edge) *summaryBuilder {
	b := &summaryBuilder{memory: memory, edge: edge, digest: sha256.New()}
	b.of = Summary{Format: summaryFormat, First: first, Lines: LinesChecked}
	return b
}

// add adds a record; its line is nil where it was set aside.
func (b *summaryBuilder) add(line []byte, entry tree.Entry) error {
	b.entry = entry
	if b.edge != nil {
		b.nodes = b.edge.Append(b.entry[:], b.nodes[:0])
	}
	b.digest.Write(b.entry[:])
	if line == nil {
		return nil
	}
	b.time(line)
	return b.memory.observe(line)
}

// time notes when a record was written, to the second: From is rounded down, To up.
func (b *summaryBuilder) time(line []byte) {
	const before, seconds = `{"time":"`, "2006-01-02T15:04:05"
	if len(line) < len(before)+len(seconds) || string(line[:len(before)]) != before {
		return
	}
	text := line[len(before):][:len(seconds)]
	if string(text) == string(b.latest[:]) {
		return
	}
	at, err := time.Parse(seconds, string(text))
	if err != nil {
		return
	}
	if b.of.From.IsZero() || at.Before(b.of.From) {
		b.of.From = at
	}
	if up := at.Add(time.Second); up.After(b.of.To) {
		b.of.To = up
		copy(b.latest[:], text)
	}
}

// summary is the summary of what was added.
func (b *summaryBuilder) summary(got scanned) *Summary {
	memory := b.memory.clone()
	if got.plain {
		b.of.Lines = LinesPlain
	}
	b.of.End = b.of.First + got.n
	b.of.Bytes, b.of.Torn, b.of.Aside = got.bytes, got.torn, got.aside
	b.of.Digest = hex.EncodeToString(b.digest.Sum(nil))
	if b.of.Memory = *memory; b.edge != nil {
		edge := *b.edge
		b.of.Edge = &edge
	}
	return &b.of
}
