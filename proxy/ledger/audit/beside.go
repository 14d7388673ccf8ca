package audit

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// files reports entries that are stored and are not what they should be: the first one of each file.
func (p *placing) files() {
	said := map[string]bool{}
	for _, k := range p.known {
		if k.by == p.byHash {
			continue
		}
		for n := k.lo; n < k.hi; n++ {
			want := p.want(n)
			if want == nil {
				break
			}
			stored := p.entries.at(n)
			if bytes.Equal(stored, want) {
				continue
			}
			if stored == nil && p.again(uint64(n)) {
				p.verification.report.note("%s: entries from record %d on are missing; their lines are there and right: the next "+
					"start of the server makes them again", segment.FileName(p.first(n), tree.Suffix(0)), n)
				break
			}
			f := Finding{Kind: Changed, First: uint64(n), End: uint64(n), File: segment.FileName(uint64(n), tree.Suffix(0)),
				What: fmt.Sprintf("the entry of record %d is not that of its line, which is right: remove the file, it is made "+
					"again", n)}
			if file := p.stored.of(n); file != nil {
				f.File, f.Offset = filepath.Base(file.path), (n-file.first)*tlog.HashSize
			}
			if stored == nil {
				f.Kind = CutShort
				f.What = fmt.Sprintf("the entry of record %d is missing; its line is there: remove the file, it is made again", n)
				if p.stored.of(n) == nil || f.Offset == 0 || uint64(n) == p.first(n) {
					f.Kind = Removed
				}
			}
			if !said[f.File] {
				said[f.File] = true
				p.verification.report.add(f)
			}
		}
	}
}

// again tells whether a start makes the hashes of a record again anyway: no record says that its segment is sealed. One
// that is killed meanwhile leaves them missing.
func (p *placing) again(number uint64) bool { return p.sealedBy(p.first(int64(number))) == "" }

// hashFile is the file that should hold a record's entry.
func (p *placing) hashFile(number int64) string {
	if f := p.stored.of(number); f != nil {
		return f.path
	}
	return segment.FileName(uint64(number), tree.Suffix(0))
}

// first is the number of the first record of the part that holds a record.
func (p *placing) first(number int64) (first uint64) {
	for _, of := range p.parts {
		if of.first <= uint64(number) {
			first = of.first
		}
	}
	return first
}

// nodes reports stored nodes of the tree that are not what its entries make: the first of each level.
func (p *placing) nodes() {
	if p.stuck() || !slices.ContainsFunc(p.read, func(r *reading) bool { return r.badNode != nil }) {
		return
	}
	var edge tree.Edge
	var full []tree.Node
	said := [topLevel + 1]bool{}
	for n := range p.signed.N {
		want := p.want(n)
		if want == nil {
			return
		}
		full = edge.Append(want, full[:0])
		for _, node := range full {
			at := edge.Size()>>(tree.Height*node.Level) - 1
			stored := p.levels.at(node.Level, at)
			if said[node.Level] || bytes.Equal(stored, node.Hash[:]) {
				continue
			}
			said[node.Level] = true
			if stored == nil && p.again(uint64(n)) {
				p.verification.report.note(
					"node %d of level %d of the tree is missing: the next start of the server makes it again",
					at, node.Level)
				continue
			}
			path, offset := p.levels.file(node.Level, at)
			f := Finding{Kind: Changed, File: filepath.Base(path), Offset: offset, First: uint64(n), End: uint64(n),
				What: fmt.Sprintf("node %d of the tree is not what its entries make, which are right: remove the file, it is "+
					"made again", at)}
			if stored == nil {
				f.Kind, f.What = CutShort, fmt.Sprintf("node %d of the tree is missing: remove the file, it is made again", at)
			}
			p.verification.report.add(f)
		}
	}
}
