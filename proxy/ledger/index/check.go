package index

import (
	"encoding/binary"
	"fmt"
)

// Check reads all of an index: every byte of the file counts. The error wraps [ErrDamaged].
func (x *Index) Check() error {
	if _, err := x.Blocks(); err != nil {
		return err
	}
	if _, err := x.Values(); err != nil {
		return err
	}
	places := make([]byte, (1<<x.bits+1)*placeSize)
	if _, err := x.from.ReadAt(places, x.places); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	next := uint32(0)
	for number := range uint32(1) << x.bits {
		from := binary.LittleEndian.Uint32(places[number*placeSize:])
		if from != next {
			return fmt.Errorf("%w: a bucket is none", ErrDamaged)
		}
		next = binary.LittleEndian.Uint32(places[(number+1)*placeSize:])
		if _, err := x.bucket(number, int64(from), int64(next)); err != nil {
			return err
		}
	}
	if int64(next) != x.size {
		return fmt.Errorf("%w: it does not end with its last bucket", ErrDamaged)
	}
	return nil
}
