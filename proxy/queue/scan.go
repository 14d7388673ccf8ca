package queue

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// scan reads the files of a folder.
func (s *store) scan(noted map[uint64]*noted) (found []candidate, err error) {
	files, err := segment.List(s.dir, framesSuffix)
	if err != nil {
		return nil, err
	}
	all := make([]scanning, len(files))
	var next sync.Mutex
	var over sync.WaitGroup
	at := 0
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		over.Go(func() {
			for {
				next.Lock()
				i := at
				at++
				next.Unlock()
				if i >= len(files) {
					return
				}
				all[i] = scanning{s: s, file: &file{path: files[i].Path, first: files[i].First}, noted: noted}
				all[i].run()
			}
		})
	}
	over.Wait()
	s.next = 1
	for i := range all {
		c := &all[i]
		if c.err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(c.file.path), c.err)
		}
		s.files = append(s.files, c.file)
		s.bytes += c.file.size
		s.q.highest = max(s.q.highest, c.highest)
		s.q.found = append(s.q.found, c.damage...)
		found = append(found, c.found...)
		s.next = c.file.first + uint64(c.file.size)/overhead + 1
	}
	for id, n := range noted {
		s.nextKey = max(s.nextKey, id+1) // what is noted of a key that is gone is of no other
		if k := s.keys[id]; k != nil {
			k.ended = n.ended
		}
	}
	return found, nil
}

// scanning is the reading of one file.
type scanning struct {
	s       *store
	file    *file
	noted   map[uint64]*noted
	found   []candidate
	damage  []Damage
	highest uint64
	err     error

	opened  *os.File
	slab    slab
	sealer  Event // its nonce
	vendors map[string]*vendor
	keys    map[uint64]*key
	lost    Damage // frames whose key is lost
	bytes   []byte // of those
}

func (c *scanning) run() {
	if c.opened, c.err = os.Open(c.file.path); c.err != nil {
		return
	}
	defer func() { _ = c.opened.Close() }() // it was read alone
	info, err := c.opened.Stat()
	if err != nil {
		c.err = err
		return
	}
	c.file.size = info.Size()
	c.vendors, c.keys = map[string]*vendor{}, map[uint64]*key{}
	sc := segment.NewScanner(c.opened, segment.Binary)
	for sc.Next() {
		c.gap(sc.Gap(), false)
		frame := sc.Record()
		h, sealed, ok := readFrame(frame)
		if !ok {
			c.gap(segment.Gap{From: sc.At(), To: sc.At() + int64(framing+len(frame))}, false)
			continue
		}
		c.frame(sc.At(), h, frame, sealed)
	}
	c.gap(sc.Gap(), true)
	if len(c.lost.Events) > 0 {
		c.lost.Kept, _ = c.file.setAside(c.s.q.files, c.lost.Offset, c.bytes) // what failed is told: Kept says so
		c.damage = append(c.damage, c.lost)
	}
	if c.err == nil {
		c.err = sc.Err()
	}
}

// key is a key by its number; what is noted of it is there.
func (c *scanning) key(id uint64) *key {
	k := c.keys[id]
	if k == nil {
		c.s.q.mu.Lock()
		k = c.s.keyOf(id)
		c.file.has(k)
		c.s.q.mu.Unlock()
		c.keys[id] = k
	}
	return k
}

func (c *scanning) ended(h *frameHead) bool {
	n := c.noted[h.key]
	return n != nil && n.ended.has(h.number)
}

// frame takes a frame that was found.
func (c *scanning) frame(at int64, h frameHead, frame, sealed []byte) {
	k := c.key(h.key)
	c.highest = max(c.highest, h.name.Hit)
	if c.ended(&h) {
		return
	}
	if k.aead == nil {
		c.loses(at, k, h, frame)
		return
	}
	size := framing + len(frame)
	plain, err := open(k.aead, &c.sealer.nonce, &h, frame, sealed)
	var d head
	if err == nil {
		d, err = decodeHead(plain)
	}
	if err != nil {
		c.gap(segment.Gap{From: at, To: at + int64(size)}, false)
		return
	}
	e := c.slab.take()
	*e = entry{
		name: h.name, key: k, file: c.file, at: at, size: uint32(size), number: h.number, round: h.round, doubted: h.doubt,
		time: d.time, order: d.order, taken: d.taken, expires: d.time, due: d.ttl,
	}
	e.vendor = c.vendors[string(d.vendor)]
	n := c.noted[h.key]
	e.attempted = h.doubt || n != nil && n.attempted.has(h.number)
	q := c.s.q
	if e.vendor == nil || c.s.parks {
		q.mu.Lock()
		e.vendor = q.vendor(string(d.vendor))
		c.vendors[e.vendor.name] = e.vendor
		if c.s.parks {
			e.reason = max(q.reason(string(d.reason)), 1)
			e.expires, e.due = d.parked, q.opts.ParkFor.Milliseconds()
		}
		q.mu.Unlock()
	}
	c.file.live++
	c.file.bytes += int64(size)
	c.found = append(c.found, candidate{e: e})
}

// loses takes a frame whose key is lost.
func (c *scanning) loses(at int64, k *key, h frameHead, frame []byte) {
	if len(c.lost.Events) == 0 {
		c.lost = Damage{File: filepath.Base(c.file.path), Offset: at, Why: NoKey, s: c.s, f: c.file, named: true}
	}
	c.s.q.mu.Lock()
	k.lost = true
	c.s.q.mu.Unlock()
	c.bytes = segment.AppendBinary(c.bytes, frame)
	c.lost.Bytes += int64(framing + len(frame))
	c.lost.Events = append(c.lost.Events, c.gone(&h))
}

// gone is an event whose frame is lost.
func (c *scanning) gone(h *frameHead) Gone {
	n := c.noted[h.key]
	return Gone{h.name, h.key, h.number, h.doubt || n != nil && n.attempted.has(h.number)}
}

// gap takes bytes that are no frame; last: they are the end of the file.
func (c *scanning) gap(g segment.Gap, last bool) {
	if g.Len() == 0 || c.err != nil {
		return
	}
	b := make([]byte, g.Len())
	if _, err := c.opened.ReadAt(b, g.From); err != nil {
		c.err = err
		return
	}
	heads := headsIn(b, last)
	d := Damage{File: filepath.Base(c.file.path), Offset: g.From, Bytes: g.Len(), s: c.s, f: c.file, named: len(heads) > 0}
	for i := range heads {
		h := &heads[i]
		c.key(h.key)
		c.highest = max(c.highest, h.name.Hit)
		if !c.ended(h) {
			d.Events = append(d.Events, c.gone(h))
		}
	}
	if d.named && len(d.Events) == 0 || len(heads) == 0 && last {
		return // it is known of all of them that they have ended, or nobody was told of any
	}
	d.Kept, _ = c.file.setAside(c.s.q.files, g.From, b) // what failed is told: Kept says so
	c.damage = append(c.damage, d)
}
