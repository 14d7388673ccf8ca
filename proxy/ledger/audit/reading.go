package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tidwall/gjson"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// reading is what reading a part came to. The tree is made of the entries that are stored, and of lines where none are.
type reading struct {
	n     uint64 // records, with those whose lines are gone
	bytes int64  // of lines, up to the end of the last record
	torn  int64  // bytes behind it; of a packed segment as its summary says: they went when it was packed
	aside int
	// erased are the records of which a line says that theirs was erased, in order.
	erased []uint64

	bad     bool  // a line is none, or not that of the entry that is stored, or some are missing
	short   bool  // neither lines nor entries say what some of the records are
	noEntry bool  // an entry is missing of a record that is signed
	badNode *node // a stored node of the tree is another one, or missing
	failed  error // the lines cannot be read to their end
	gone    bool  // there are no lines
	behind  int64 // where behind the last record a line lies that is none of the log's; -1: nowhere

	edge tree.Edge
	tree tlog.Tree       // as large as the signed one; of size 0: that ends elsewhere
	sum  *ledger.Summary // made again; nil: it cannot be
	acts []act

	// index is the digest of the index that these lines make; all zero: there is none, or none can be made of them.
	index [sha256.Size]byte
}

// node is a node of the tree's tiles.
type node struct {
	level int
	n     int64
	there bool
}

// reader reads parts, one after the other. It is one goroutine's.
type reader struct {
	v        *verification
	lines    lines
	unpacker unpacker
	entries  entries
	entry    tree.Entry
	terms    *index.Builder // of the part, where an index lies beside it
	before   *ledger.Summary
	unsure   bool // what is known of the records before is not all there was
}

// group reads parts of which each begins where the one before ends.
func (r *reader) group(from, to int) error {
	r.before, r.unsure = nil, false
	if from > 0 {
		r.before = r.v.parts[from-1].sum
	}
	for i := from; i < to; i++ {
		got, err := r.part(r.v.parts[i])
		if err != nil {
			return err
		}
		r.v.read[i] = got
	}
	return nil
}

// part reads a part.
func (r *reader) part(p *part) (*reading, error) {
	got := &reading{behind: -1, gone: p.path == ""}
	again := ledger.NewRebuild(p.first, r.before)
	r.terms = nil
	if p.indexed && p.aside == nil {
		r.terms = index.NewBuilder(p.first)
	}
	if !got.gone {
		if err := r.partLines(p, got, again); err != nil {
			return nil, err
		}
	}
	r.rest(p, got, again)
	got.edge = *again.Edge()
	sum, err := again.Summary(ledger.Extent{
		Records: got.n, Bytes: got.bytes, Torn: got.torn, Aside: got.aside, Plain: p.plain(),
	})
	if len(got.erased) > 0 && !withErased(sum, p.sum) {
		r.unsure = true
	}
	if whole := err == nil && !got.bad && !got.gone && got.failed == nil; whole && !r.unsure {
		got.sum = sum
	} else if !whole {
		r.unsure = true
	}
	r.before = sum
	r.index(p, got)
	return got, nil
}

// index notes the index that a part's lines make. Of lines that are not those that were sealed there is none.
func (r *reader) index(p *part, got *reading) {
	if r.terms == nil || p.sum == nil || got.bad || got.gone || got.failed != nil {
		return
	}
	var digest [sha256.Size]byte
	if n, err := hex.Decode(digest[:], []byte(p.sum.Digest)); err != nil || n != len(digest) {
		return
	}
	if text, err := r.terms.Encode(digest, nil); err == nil {
		got.index = sha256.Sum256(text)
	}
}

// withErased makes a summary say of lines that were erased what the one that stands there does: nothing else
// knows it. False where none stands there.
func withErased(made, stands *ledger.Summary) bool {
	if stands == nil {
		return false
	}
	made.Bytes, made.From, made.To, made.Aside, made.Memory = stands.Bytes, stands.From, stands.To,
		stands.Aside, stands.Memory
	return true
}

// partLines reads a part's lines.
func (r *reader) partLines(p *part, got *reading, again *ledger.Rebuild) error {
	from, err := r.v.open(p, &r.unpacker)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.path, got.gone = "", true // it was deleted meanwhile
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot open a segment: %w", err)
	case err != nil:
		got.failed, got.bad = err, true
		return nil
	}
	defer from.Close()
	r.lines.reset(from)
	plain, open := p.plain(), p.end == 0
	torn := int64(-1)
	for (open || p.first+got.n < p.end) && r.lines.next() {
		number := p.first + got.n
		if d := p.set(r.lines.place); d != nil && (d.First == number || len(got.erased) == 0) {
			r.setAside(p, d, got, again)
			continue
		}
		good := r.lines.whole && isRecord(r.lines.line, plain)
		if !good {
			if !r.lines.whole || open && number >= uint64(r.v.signed.N) {
				torn = max(torn, 0) // a record that was being written, unless another one comes behind it
				continue
			}
			got.bad = true
		}
		if torn >= 0 {
			got.bad = true
		}
		r.add(number, r.lines.line, good, got, again)
		if good {
			r.act(number, r.lines.line, got)
		}
		got.bytes = r.lines.at
	}
	if got.failed = r.lines.failed(); got.failed != nil {
		got.bad = true
		return nil
	}
	if got.torn = from.size - got.bytes; p.packed && p.sum != nil {
		got.torn = p.sum.Torn
	}
	r.look(p, got, plain)
	return nil
}

// add adds a record.
func (r *reader) add(number uint64, line []byte, good bool, got *reading, again *ledger.Rebuild) {
	r.entry = ledger.EntryOf(line)
	length := len(line) + 1
	if _, erased := ledger.ErasedEntry(line); erased && good {
		got.erased = append(got.erased, number)
		line = nil
	}
	switch stored := r.entries.at(int64(number)); {
	case stored == nil:
		got.noEntry = got.noEntry || number < uint64(r.v.signed.N)
	case !bytes.Equal(stored, r.entry[:]):
		got.bad = true
		copy(r.entry[:], stored)
	}
	if !good {
		line = nil
	}
	if r.terms != nil {
		r.terms.Add(line, length)
	}
	r.grow(again.Add(line, r.entry), again, got)
	got.n++
}

// grow looks at the nodes that became complete.
func (r *reader) grow(nodes []tree.Node, again *ledger.Rebuild, got *reading) {
	size := again.Edge().Size()
	if size == r.v.signed.N {
		got.tree = again.Edge().Tree()
	}
	if size > r.v.signed.N || got.badNode != nil {
		return
	}
	for i := range nodes {
		n := size>>(tree.Height*nodes[i].Level) - 1
		stored := r.v.levels.at(nodes[i].Level, n)
		if !bytes.Equal(stored, nodes[i].Hash[:]) {
			got.badNode = &node{nodes[i].Level, n, stored != nil}
			return
		}
	}
}

// setAside adds records whose lines were set aside.
func (r *reader) setAside(p *part, d *ledger.Damaged, got *reading, again *ledger.Rebuild) {
	got.bad = got.bad || d.First != p.first+got.n
	for _, entry := range d.Entries {
		number := p.first + got.n
		switch stored := r.entries.at(int64(number)); {
		case stored == nil:
			got.noEntry = got.noEntry || number < uint64(r.v.signed.N)
		case !bytes.Equal(stored, entry[:]):
			got.bad = true
			copy(entry[:], stored)
		}
		r.grow(again.Add(nil, entry), again, got)
		got.n++
		got.aside++
	}
	r.lines.skip(d.To)
	got.bytes = d.To
}

// rest adds the records of a part that has no lines, or too few: their entries are stored.
func (r *reader) rest(p *part, got *reading, again *ledger.Rebuild) {
	end := p.end
	if end == 0 {
		end = max(uint64(r.v.signed.N), p.first+got.n)
	}
	for p.first+got.n < end {
		got.bad = got.bad || !got.gone
		stored := r.entries.at(int64(p.first + got.n))
		if stored == nil {
			got.short = true
			return
		}
		copy(r.entry[:], stored)
		r.grow(again.Add(nil, r.entry), again, got)
		got.n++
	}
}

// look looks at what lies behind the last record of a part: what was being written when its server died, or records
// that were written once more to the next part. A line that is none of the log's is neither.
func (r *reader) look(p *part, got *reading, plain bool) {
	if p.end == 0 || got.bad {
		return
	}
	for number := p.end; r.lines.next(); {
		if !r.lines.whole || !isRecord(r.lines.line, plain) {
			continue
		}
		entry := tree.EntryOf(r.lines.line)
		if stored := r.entries.at(int64(number)); stored == nil || !bytes.Equal(stored, entry[:]) {
			got.behind = r.lines.place
			return
		}
		number++
	}
}

// isRecord tells whether a line is a record.
func isRecord(line []byte, plain bool) bool {
	return (plain || segment.CheckLine(line)) && len(line) > 0 && line[0] == '{' && gjson.ValidBytes(line)
}
