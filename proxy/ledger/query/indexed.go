package query

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// terms are what stands in an index for a condition: any of them; nil: it cannot be asked.
func (q *Question) terms(c *Condition) (all []uint64) {
	switch member := c.Member; {
	case member == Subject:
		for _, value := range c.Values {
			all = append(all, index.Term("subjects", value))
		}
	case member == Purpose:
		for _, value := range c.Values {
			for _, activity := range q.Carried[value] {
				all = append(all, index.Term("activity", activity))
			}
			for _, list := range purposeLists {
				all = append(all, index.Term(list, value))
			}
		}
	case member == "outcome": // events are asked about by the outcomes of others
	case index.Indexed(member):
		for _, value := range c.Values {
			all = append(all, index.Term(member, value))
		}
	}
	return all
}

// plan finds the blocks of a segment that may hold records that are asked about; all says that it is every block.
func (a *asking) plan(x *index.Index) (blocks []index.Block, chosen []int, all bool, err error) {
	if blocks, err = x.Blocks(); err != nil {
		return nil, nil, false, err
	}
	left := make([]bool, len(blocks))
	for i := range left {
		left[i] = a.within(blocks, i)
	}
	var found []uint32
	for i := range a.q.Where {
		terms := a.q.terms(&a.q.Where[i])
		if terms == nil {
			continue
		}
		found = found[:0]
		for _, term := range terms {
			if found, err = x.Find(found, term); err != nil {
				return nil, nil, false, err
			}
		}
		slices.Sort(found)
		at, some := 0, false
		for block := range left {
			for at < len(found) && int(found[at]) < block {
				at++
			}
			left[block] = left[block] && at < len(found) && int(found[at]) == block
			some = some || left[block]
		}
		if !some {
			return nil, nil, false, nil
		}
	}
	for i, is := range left {
		if is {
			chosen = append(chosen, i)
		}
	}
	return blocks, chosen, len(chosen) == len(blocks), nil
}

// within tells whether a block may hold records of the times and numbers that are asked about.
func (a *asking) within(blocks []index.Block, i int) bool {
	q, of := a.q, &blocks[i]
	end := uint64(math.MaxUint64)
	if i+1 < len(blocks) {
		end = blocks[i+1].First
	}
	return end > q.Numbers.First && (q.Numbers.End == 0 || of.First < q.Numbers.End) &&
		(q.Since.IsZero() || of.To >= q.Since.Unix()) && (q.Until.IsZero() || of.From <= q.Until.Unix())
}

// indexed asks a segment by its index. False where the segment has to be read: the index names no block that can be
// left out, is damaged, or the lines are.
func (a *asking) indexed(s ledger.Segment, of *ledger.Sealed, x *index.Index) (answered bool, err error) {
	blocks, chosen, all, err := a.plan(x)
	if err != nil {
		a.ledger.opts.Note(ledger.IndexPath(a.ledger.dir, s.First) + ": " + err.Error() + a.ledger.instead())
		a.ledger.remade(s)
		return false, nil
	}
	if len(chosen) == 0 {
		a.tally.Indexed++
		return true, nil
	}
	if all {
		return false, nil
	}
	lines, err := s.Blocks()
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil // it was deleted meanwhile
	}
	if errors.Is(err, ledger.ErrNoTable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = lines.Close() }()
	in := &blockReader{of: of, blocks: blocks, lines: lines}
	names := &nameReader{index: x, open: s.Blocks, in: blockReader{of: of, blocks: blocks}, filter: a.filter}
	defer names.close()
	a.filter.load = names.find
	for _, i := range chosen {
		if err := in.each(i, func(number uint64, record []byte) error {
			return a.take(number, true, record, true)
		}); errors.Is(err, errBlock) {
			return true, a.scan(s, blocks[i].First) // it tells where it is damaged
		} else if err != nil {
			return true, err
		}
	}
	a.tally.Indexed++
	return true, nil
}

// errBlock says that a block holds something else than records.
var errBlock = errors.New("a block cannot be read")

// blockReader reads the records of single blocks.
type blockReader struct {
	of     *ledger.Sealed
	blocks []index.Block
	lines  *ledger.Blocks
}

// each hands over the records of a block. The error wraps errBlock where there are others than its index says; what was
// handed over by then are records.
func (b *blockReader) each(i int, do func(number uint64, record []byte) error) error {
	end, next := b.of.Bytes, b.of.End
	if i+1 < len(b.blocks) {
		end, next = b.blocks[i+1].At, b.blocks[i+1].First
	}
	text, err := b.lines.Lines(b.blocks[i].At, end)
	if err != nil {
		return errBlock
	}
	if !b.whole(text, next-b.blocks[i].First) {
		return errBlock
	}
	for number := b.blocks[i].First; len(text) > 0; number++ {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		if _, erased := ledger.ErasedEntry(line); erased {
			continue
		}
		if err := do(number, line); err != nil {
			return err
		}
	}
	return nil
}

// whole tells whether lines are so many records.
func (b *blockReader) whole(text []byte, n uint64) bool {
	for ; len(text) > 0; n-- {
		line, rest, ends := bytes.Cut(text, []byte{'\n'})
		good := segment.CheckLine(line)
		if b.of.Plain {
			good = len(line) > 0 && line[0] == '{' && gjson.ValidBytes(line)
		}
		if !good || !ends || n == 0 {
			return false
		}
		text = rest
	}
	return n == 0
}

// nameReader looks for what names stand for: the first block that holds a name is the one where it is given.
type nameReader struct {
	index  *index.Index
	open   func() (*ledger.Blocks, error)
	in     blockReader
	filter *filter
	looked map[string]bool
	read   map[uint32]bool
}

// find looks for a name. Where it is not given in the segment, nothing is known of it.
func (n *nameReader) find(member, id string) {
	if n.looked[member+id] {
		return
	}
	if n.looked == nil {
		n.looked, n.read = map[string]bool{}, map[uint32]bool{}
	}
	n.looked[member+id] = true
	found, err := n.index.Find(nil, index.Term(member, id))
	if err != nil || len(found) == 0 {
		return
	}
	if n.in.lines == nil {
		if n.in.lines, err = n.open(); err != nil {
			n.in.lines = nil
			return
		}
	}
	for _, block := range found {
		if !n.read[block] {
			n.read[block] = true
			if n.in.each(int(block), n.learn) != nil {
				return
			}
		}
		if n.filter.knows(member, id) {
			return
		}
	}
}

// learn notes what a record that gives a name says: others in the block are likely to be looked for as well.
func (n *nameReader) learn(_ uint64, record []byte) error {
	switch string(ledger.KindOf(record)) {
	case ledger.KindRungs:
		n.filter.learnRungs(record)
	case ledger.KindShape:
		n.filter.learnShape(record)
	}
	return nil
}

func (n *nameReader) close() {
	if n.in.lines != nil {
		_ = n.in.lines.Close() // it was read alone
	}
}
