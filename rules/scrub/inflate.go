package scrub

// maxUnpacked is how many bytes are unpacked for each byte of base64 at most. What unpacks to more is taken for a
// finding: nobody packs what he would as well write.
const maxUnpacked = 4

// huffman is a code of RFC 1951, section 3.2.2, in the canonical form: how many codes there are of each length, and the
// symbols in their order.
type huffman struct {
	count  [16]uint16
	symbol [288]uint16
}

// build makes the code that these lengths give; false where there are more codes than can be.
func (h *huffman) build(lengths []uint8) bool {
	h.count = [16]uint16{}
	for _, n := range lengths {
		h.count[n]++
	}
	left := 1
	for n := 1; n < 16; n++ {
		left = left<<1 - int(h.count[n])
		if left < 0 {
			return false
		}
	}
	var at [16]uint16
	for n := 1; n < 15; n++ {
		at[n+1] = at[n] + h.count[n]
	}
	for s, n := range lengths {
		if n != 0 {
			h.symbol[at[n]] = uint16(s)
			at[n]++
		}
	}
	return true
}

// inflater unpacks what RFC 1951 says, into the buffer that it was given: it allocates nothing.
type inflater struct {
	in   []byte
	at   int // next byte
	acc  uint32
	bits int // in acc
	bad  bool
}

// take returns the next n bits; at the end of what is packed it is bad.
func (f *inflater) take(n int) int {
	for f.bits < n {
		if f.at == len(f.in) {
			f.bad = true
			return 0
		}
		f.acc |= uint32(f.in[f.at]) << f.bits
		f.at++
		f.bits += 8
	}
	v := int(f.acc & (1<<n - 1))
	f.acc >>= n
	f.bits -= n
	return v
}

// next returns the next symbol of a code.
func (f *inflater) next(h *huffman) int {
	code, first, index := 0, 0, 0
	for n := 1; n < 16; n++ {
		code |= f.take(1)
		if f.bad {
			return 0
		}
		count := int(h.count[n])
		if code-count < first {
			return int(h.symbol[index+code-first])
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	f.bad = true
	return 0
}

// Lengths and distances of RFC 1951, section 3.2.5: the least, and how many bits say how much more.
var (
	lengthBase = [29]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
		227, 258,
	}
	lengthMore   = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase = [30]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
		4097, 6145,
		8193, 12289, 16385, 24577,
	}
	distanceMore = [30]uint8{
		0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
	}
	codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// inflate appends what raw holds, behind the header of gzip (RFC 1952) or zlib (RFC 1950): as far as it goes, where
// raw is cut off or no such thing. With most bytes, or up to 258 more, unpacking ends.
func inflate(dst, raw []byte, form packing, most int) []byte {
	skip := 2
	if form == gzipped {
		skip = gzipHeader(raw)
	}
	if skip == 0 || skip >= len(raw) {
		return dst
	}
	f, base := inflater{in: raw[skip:]}, len(dst)
	blocks := blocksIn(len(raw))
	for last := 0; last == 0 && !f.bad && len(dst)-base < most && blocks > 0; blocks-- {
		last = f.take(1)
		switch f.take(2) {
		case 0:
			dst = f.stored(dst)
		case 1:
			dst = f.fixed(dst, base, most)
		case 2:
			dst = f.dynamic(dst, base, most)
		default:
			f.bad = true
		}
	}
	return dst
}

// blocksIn is how many blocks are read of so many bytes: who packs text makes none that is shorter.
func blocksIn(n int) int { return 2 + n/256 }

// gzipHeader returns the length of a header, 0 where there is none that is whole.
func gzipHeader(raw []byte) int {
	if len(raw) < 18 {
		return 0
	}
	flags, n := raw[3], 10
	if flags&4 != 0 {
		n += 2 + int(raw[10]) + int(raw[11])<<8
	}
	for _, named := range []byte{8, 16} { // a name, a comment
		if flags&named == 0 {
			continue
		}
		for n < len(raw) && raw[n] != 0 {
			n++
		}
		n++
	}
	if flags&2 != 0 {
		n += 2
	}
	if n >= len(raw) {
		return 0
	}
	return n
}

func (f *inflater) stored(dst []byte) []byte {
	f.acc, f.bits = 0, 0
	if f.at+4 > len(f.in) {
		f.bad = true
		return dst
	}
	n := int(f.in[f.at]) | int(f.in[f.at+1])<<8
	f.at += 4
	end := min(f.at+n, len(f.in))
	f.bad = f.at+n > len(f.in)
	dst = append(dst, f.in[f.at:end]...)
	f.at = end
	return dst
}

func (f *inflater) fixed(dst []byte, base, most int) []byte {
	var lengths [288]uint8
	for s := range lengths {
		switch {
		case s < 144, s >= 280:
			lengths[s] = 8
		case s < 256:
			lengths[s] = 9
		default:
			lengths[s] = 7
		}
	}
	var literals, distances huffman
	literals.build(lengths[:])
	for s := range 30 {
		lengths[s] = 5
	}
	distances.build(lengths[:30])
	return f.block(dst, base, most, &literals, &distances)
}

func (f *inflater) dynamic(dst []byte, base, most int) []byte {
	nl, nd, nc := f.take(5)+257, f.take(5)+1, f.take(4)+4
	var lengths [320]uint8
	for k := range nc {
		lengths[codeOrder[k]] = uint8(f.take(3))
	}
	var literals, distances huffman
	if f.bad || nl > 286 || nd > 30 || !literals.build(lengths[:19]) {
		f.bad = true
		return dst
	}
	codes := literals
	lengths = [320]uint8{}
	for k := 0; k < nl+nd && !f.bad; {
		s := f.next(&codes)
		if s < 16 {
			lengths[k] = uint8(s)
			k++
			continue
		}
		var n, of int
		switch s {
		case 16:
			if k == 0 {
				f.bad = true
				return dst
			}
			n, of = 3+f.take(2), int(lengths[k-1])
		case 17:
			n = 3 + f.take(3)
		default:
			n = 11 + f.take(7)
		}
		if k+n > nl+nd {
			f.bad = true
			return dst
		}
		for range n {
			lengths[k] = uint8(of)
			k++
		}
	}
	if f.bad || !literals.build(lengths[:nl]) || !distances.build(lengths[nl:nl+nd]) {
		f.bad = true
		return dst
	}
	return f.block(dst, base, most, &literals, &distances)
}

// block appends what the symbols of a block stand for.
func (f *inflater) block(dst []byte, base, most int, literals, distances *huffman) []byte {
	for len(dst)-base < most {
		s := f.next(literals)
		switch {
		case f.bad || s == 256:
			return dst
		case s < 256:
			dst = append(dst, byte(s))
			continue
		case s > 285:
			f.bad = true
			return dst
		}
		n := int(lengthBase[s-257]) + f.take(int(lengthMore[s-257]))
		d := f.next(distances)
		if f.bad || d > 29 {
			f.bad = true
			return dst
		}
		back := int(distanceBase[d]) + f.take(int(distanceMore[d]))
		if f.bad || back > len(dst)-base {
			f.bad = true
			return dst
		}
		for range n {
			dst = append(dst, dst[len(dst)-back])
		}
	}
	return dst
}
