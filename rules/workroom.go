package rules

// workroom is room in which values are looked over and made anew. Those who write there may have written further than
// what they return: it is overwritten to its end, and kept only while that is cheap.
type workroom []byte

// largestRoom is how much of it is kept, in bytes.
const largestRoom = 8 << 10

// cleared is the room for another hit.
func (w workroom) cleared() workroom {
	if cap(w) > largestRoom {
		return nil
	}
	clear(w[:cap(w)])
	return w[:0]
}
