package objection

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"sync/atomic"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// What bbolt's file is made of (its format 2, in the byte order of the machine). It is read here, page by
// page, for three things that bbolt does not do: to look before anything is mapped whether the file is whole,
// to check that every subject would also be found by a look-up (a damaged branch page leads past what is
// there), and to read all of them in seconds.
const (
	pageHeader  = 16 // id 8, flags 2, count 2, pages that follow 4
	pageElement = 16 // leaf: flags 4, position 4, length of key 4, of value 4; branch: position 4, length of key 4, page 8

	pageIsBranch   = 0x01
	pageIsLeaf     = 0x02
	pageIsMeta     = 0x04
	pageIsFreelist = 0x10

	boltMagic  = 0xED0CDAED
	boltFormat = 2
	metaLength = 64 // magic 4, format 4, page size 4, flags 4, root 8 + 8, freelist 8, pages 8, transaction 8, checksum 8
	deepest    = 32 // levels of a tree: more is a circle
	noFreelist = 1<<64 - 1
)

var native = binary.NativeEndian

// layout is what a file's meta pages say of it.
type layout struct {
	pageSize    int
	pages       uint64 // how many are in use, the file's first ones
	freelist    uint64 // the page that lists those among them that are free
	transaction uint64
}

// inspect reads the meta pages and looks whether the file is as long as they say.
func inspect(file *os.File) (layout, error) {
	info, err := file.Stat()
	if err != nil {
		return layout{}, err
	}
	var found layout
	for _, at := range metaPlaces() {
		var page [pageHeader + metaLength]byte
		if _, err := file.ReadAt(page[:], at); err != nil {
			continue
		}
		if l, ok := parseMeta(page[:]); ok && int64(l.pageSize)*int64(native.Uint64(page[:])) == at &&
			l.transaction >= found.transaction {
			found = l
		}
	}
	if found.pageSize == 0 {
		return layout{}, fmt.Errorf("%w: neither of its two first pages is whole", ErrDamaged)
	}
	if need := int64(found.pages) * int64(found.pageSize); found.pages > 1<<50 || info.Size() < need {
		return layout{}, fmt.Errorf("%w: it is truncated: %s, where its first page says that there are %d", ErrDamaged,
			plural.Of(info.Size(), "byte"), need)
	}
	return found, nil
}

// metaPlaces lists where meta pages may be: the first page, and the second one for every size of pages.
func metaPlaces() []int64 {
	places := []int64{0}
	for size := int64(1024); size <= 1<<16; size *= 2 {
		places = append(places, size)
	}
	return places
}

// parseMeta reads a meta page.
func parseMeta(page []byte) (layout, bool) {
	if len(page) < pageHeader+metaLength || native.Uint16(page[8:]) != pageIsMeta {
		return layout{}, false
	}
	m := page[pageHeader:]
	sum := fnv.New64a()
	_, _ = sum.Write(m[:metaLength-8])
	l := layout{
		pageSize: int(native.Uint32(m[8:])), freelist: native.Uint64(m[32:]), pages: native.Uint64(m[40:]),
		transaction: native.Uint64(m[48:]),
	}
	whole := native.Uint32(m) == boltMagic && native.Uint32(m[4:]) == boltFormat && native.Uint64(m[56:]) == sum.Sum64()
	return l, whole && l.pageSize >= 1024 && l.pageSize <= 1<<16 && l.pageSize&(l.pageSize-1) == 0
}

// pages reads the pages of a bucket while a read transaction keeps them.
type pages struct {
	file     io.ReaderAt
	pageSize int
	pages    uint64          // no page has a higher number
	seen     []atomic.Uint32 // a bit a page that was read; nil: nobody wants to know
}

// walker goes through a bucket's tree, one at a time. It keeps its buffers.
type walker struct {
	pages
	buffers [deepest][]byte
	from    []byte // keys from here
	to      []byte // up to here, without it; nil: to the end
	each    func(key, value []byte) error
}

// walk calls each with what is stored below the page, in the order of its keys. Key and value are read only during the
// call. Every error of reading is an ErrDamaged.
func (w *walker) walk(root uint64, from, to []byte, each func(key, value []byte) error) error {
	w.from, w.to, w.each = from, to, each
	return w.visit(root, 0, nil, nil)
}

// visit reads the tree below a page, whose keys are from low on and lower than high; nil: any.
func (w *walker) visit(id uint64, depth int, low, high []byte) error {
	if depth >= deepest {
		return damagedPage(id, "it is its own ancestor")
	}
	page, err := w.load(id, depth)
	if err != nil {
		return err
	}
	flags, count := native.Uint16(page[8:]), int(native.Uint16(page[10:]))
	if flags != pageIsBranch && flags != pageIsLeaf || count == 0 && depth > 0 || pageHeader+
		count*pageElement > len(page) {
		return damagedPage(id, "its header cannot be")
	}
	if flags == pageIsLeaf {
		return w.leaf(id, page, count, low, high)
	}
	key, child, err := branch(id, page, 0)
	for i := range count {
		var nextKey []byte
		var nextChild uint64
		if err == nil && i+1 < count {
			nextKey, nextChild, err = branch(id, page, i+1)
		}
		if err != nil {
			return err
		}
		// That keys stay within their parents' ends every circle, before it grows.
		if low != nil && bytes.Compare(key, low) < 0 || high != nil && bytes.Compare(key, high) >= 0 {
			return damagedPage(id, "its keys do not ascend")
		}
		// What is lower than the first key is looked for below the first child, and what is
		// higher than the last below the last.
		childLow, childHigh := key, nextKey
		if i == 0 {
			childLow = low
		}
		if i+1 == count {
			childHigh = high
		} else if bytes.Compare(key, nextKey) >= 0 {
			return damagedPage(id, "its keys do not ascend")
		}
		wanted := (w.to == nil || i == 0 || bytes.Compare(key, w.to) < 0) &&
			(childHigh == nil || bytes.Compare(childHigh, w.from) > 0)
		if wanted {
			if err := w.visit(child, depth+1, childLow, childHigh); err != nil {
				return err
			}
		}
		key, child = nextKey, nextChild
	}
	return nil
}

// leaf calls each with what a leaf holds.
func (w *walker) leaf(id uint64, page []byte, count int, low, high []byte) error {
	var last []byte
	for i := range count {
		e := page[pageHeader+i*pageElement:]
		start := uint64(pageHeader+i*pageElement) + uint64(native.Uint32(e[4:]))
		middle := start + uint64(native.Uint32(e[8:]))
		end := middle + uint64(native.Uint32(e[12:]))
		if native.Uint32(e) != 0 || end > uint64(len(page)) || start < uint64(pageHeader+count*pageElement) {
			return damagedPage(id, "an element lies outside")
		}
		key := page[start:middle]
		if i > 0 && bytes.Compare(last, key) >= 0 || i == 0 && low != nil && bytes.Compare(key, low) < 0 || high != nil &&
			bytes.Compare(key, high) >= 0 {
			return damagedPage(id, "its keys do not ascend")
		}
		last = key
		if bytes.Compare(key, w.from) < 0 {
			continue
		}
		if w.to != nil && bytes.Compare(key, w.to) >= 0 {
			return nil
		}
		if err := w.each(key, page[middle:end]); err != nil {
			return err
		}
	}
	return nil
}

// branch reads an element of a branch page.
func branch(id uint64, page []byte, i int) (key []byte, child uint64, err error) {
	e := page[pageHeader+i*pageElement:]
	start := uint64(pageHeader+i*pageElement) + uint64(native.Uint32(e))
	end := start + uint64(native.Uint32(e[4:]))
	if end > uint64(len(page)) {
		return nil, 0, damagedPage(id, "an element lies outside")
	}
	return page[start:end], native.Uint64(e[8:]), nil
}

// load reads a page and those that follow it.
func (w *walker) load(id uint64, depth int) ([]byte, error) {
	if id < 2 || id >= w.pages.pages {
		return nil, damagedPage(id, "there is none of that number")
	}
	buffer := w.buffers[depth]
	if buffer == nil {
		buffer = make([]byte, w.pageSize)
		w.buffers[depth] = buffer
	}
	buffer = buffer[:w.pageSize]
	at := int64(id) * int64(w.pageSize)
	if _, err := w.file.ReadAt(buffer, at); err != nil {
		return nil, fmt.Errorf("%w: page %d cannot be read: %w", ErrDamaged, id, err)
	}
	if native.Uint64(buffer) != id {
		return nil, damagedPage(id, "it says that it is another one")
	}
	more := uint64(native.Uint32(buffer[12:]))
	if id+more >= w.pages.pages {
		return nil, damagedPage(id, "it goes on behind the end")
	}
	for i := id; w.seen != nil && i <= id+more; i++ {
		w.seen[i/32].Or(1 << (i % 32))
	}
	if more > 0 {
		whole := make([]byte, (more+1)*uint64(w.pageSize))
		if _, err := w.file.ReadAt(whole, at); err != nil {
			return nil, fmt.Errorf("%w: page %d cannot be read: %w", ErrDamaged, id, err)
		}
		return whole, nil
	}
	return buffer, nil
}

func damagedPage(id uint64, why string) error {
	return fmt.Errorf("%w: page %d: %s", ErrDamaged, id, why)
}

// checkFreelist looks whether a page that was seen is listed as free: it would be written over.
func (p *pages) checkFreelist(id uint64) error {
	if id == noFreelist {
		return nil
	}
	w := walker{pages: pages{file: p.file, pageSize: p.pageSize, pages: p.pages}}
	page, err := w.load(id, 0)
	if err != nil {
		return err
	}
	count, list := uint64(native.Uint16(page[10:])), page[pageHeader:]
	if count == 0xFFFF {
		count, list = native.Uint64(list), list[8:]
	}
	if native.Uint16(page[8:]) != pageIsFreelist || count > uint64(len(list)/8) {
		return damagedPage(id, "it is no list of free pages")
	}
	last := uint64(1)
	for ; count > 0; count, list = count-1, list[8:] {
		free := native.Uint64(list)
		if free <= last || free >= p.pages {
			return damagedPage(id, "its list of free pages does not ascend")
		}
		if last = free; p.seen[free/32].Load()&(1<<(free%32)) != 0 {
			return damagedPage(free, "it is listed as free, and in use")
		}
	}
	return nil
}
