package hit

import "unsafe"

// Memory is asked before a hit takes room, and given back what it did not use. All of a hit's is given back by whoever
// handed the Memory out, when the hit is over.
type Memory interface {
	// Take takes room for so many bytes. It tells whether there was room; where there was none nothing is taken.
	Take(bytes int) bool
	// Give gives back room for so many bytes that was taken.
	Give(bytes int)
}

// NodeSize is what a [Node] takes, in bytes.
const NodeSize = int(unsafe.Sizeof(Node{}))

// poolable is the size in bytes up to which a buffer is kept for another hit. A larger one is left to the collector:
// one large hit must not make the memory of every later one.
const poolable = 256 << 10

// Recycled is a buffer made ready for another hit: overwritten and emptied, or nil where it is too large to be kept.
// What was written behind its length stays: whoever shortens a buffer uses [Emptied] or [Forget].
func Recycled[T any](buffer []T) []T {
	if large(buffer) {
		return nil
	}
	return Emptied(buffer)
}

func large[T any](buffer []T) bool {
	var one T
	return cap(buffer)*int(unsafe.Sizeof(one)) > poolable
}

// Reused is [Recycled] for what holds numbers alone, such as places in a hit: they say nothing when its bytes are gone,
// and are not overwritten.
func Reused[T any](buffer []T) []T {
	if large(buffer) {
		return nil
	}
	return buffer[:0]
}

// Emptied is a buffer to be written anew: what was in it is overwritten.
func Emptied[T any](buffer []T) []T {
	clear(buffer)
	return buffer[:0]
}

// Forget overwrites what was written behind the length of a buffer, which is at most so many elements.
func Forget[T any](buffer []T, most int) {
	clear(buffer[len(buffer):min(cap(buffer), len(buffer)+most)])
}
