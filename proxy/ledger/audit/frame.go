package audit

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// errFrame says that a packed file holds something else than what packing writes: lines that unpacking does not show could
// stand beside those that it does.
var errFrame = errors.New("it is not one frame of zstd with a checksum (RFC 8878), and nothing else")

// oneFrame tells whether a packed file is one frame, as packing writes it, and nothing else.
func oneFrame(f *os.File) error {
	const unused = 0x18 // bits of the frame's descriptor that say nothing, and are zero
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err // it unpacks to nothing
	}
	head := make([]byte, zstd.HeaderMaxSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var h zstd.Header
	if err := h.Decode(head[:n]); err != nil || h.Skippable || h.DictionaryID != 0 || head[4]&unused != 0 {
		return errFrame
	}
	if empty := h.HasFCS && h.FrameContentSize == 0; !h.HasCheckSum && !empty {
		return errFrame
	}
	at := int64(h.HeaderSize)
	for {
		var b [3]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			return errFrame
		}
		word := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		size := int64(word >> 3)
		if word>>1&3 == 1 { // one byte, so often
			size = 1
		}
		at += int64(len(b)) + size
		if word&1 != 0 {
			break
		}
	}
	if h.HasCheckSum {
		at += 4
	}
	if at != info.Size() {
		return fmt.Errorf("%w: it ends at byte %d, and the file at %d", errFrame, at, info.Size())
	}
	return nil
}
