package codec

import (
	"errors"
	"io"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// The steps in which room is taken for what is read, in bytes: as large as the last ones together, within these.
const (
	firstStep = 4 << 10
	lastStep  = 64 << 10
)

// AppendRead appends what a reader gives until [io.EOF]. Room is taken of memory before it is used, and held for what
// was read; a nil memory always has some. Besides errors of the reader there are [ErrLimit], where it gives more than
// most bytes, and [ErrMemory]; then, and where the reader fails, no room is held.
func AppendRead(dst []byte, r io.Reader, most int, memory hit.Memory) ([]byte, error) {
	from, room := len(dst), 0
	for {
		read := len(dst) - from
		if read > most {
			return dst, give(memory, room, ErrLimit)
		}
		if read == room {
			step := min(max(room, firstStep), lastStep)
			if memory != nil && !memory.Take(step) {
				return dst, give(memory, room, ErrMemory)
			}
			room += step
			dst = slices.Grow(dst, step)
		}
		// One byte more than may be read shows that there is more.
		n, err := r.Read(dst[len(dst):min(from+room, from+most+1)])
		dst = dst[:len(dst)+n]
		switch {
		case errors.Is(err, io.EOF) && len(dst)-from <= most:
			return dst, give(memory, room-(len(dst)-from), nil)
		case err != nil && !errors.Is(err, io.EOF):
			return dst, give(memory, room, err)
		}
	}
}

// give gives room back, and returns the error that it is given back for.
func give(memory hit.Memory, room int, err error) error {
	if memory != nil {
		memory.Give(room)
	}
	return err
}
