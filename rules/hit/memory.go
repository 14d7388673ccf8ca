package hit

import "unsafe"

// Memory is asked before a hit takes room, and given back what it did not use. All of a hit's is given back by whoever handed the Memory
// out, when the hit is over.
type Memory interface {
	// Take takes room for so many bytes. It tells whether there was room; where there was none nothing is taken.
	Take(bytes int) bool
	// Give gives back room for so many bytes that was taken.
	Give(bytes int)
}

// NodeSize is what a Node takes, in bytes.
const NodeSize = int(unsafe.Sizeof(Node{}))

// poolable is the size in bytes up to which a buffer is kept for another hit. A larger one is left to the collector: one large hit must
// not make the memory of every later one.
const poolable = 256 << 10

// Recycled is a buffer made ready for another hit: emptied, or nil where it is too large to be kept.
func Recycled[T any](buffer []T) []T {
	var one T
	if cap(buffer)*int(unsafe.Sizeof(one)) > poolable {
		return nil
	}
	return buffer[:0]
}
