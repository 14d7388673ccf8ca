package audit

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// errFrame says that a packed file holds something else than what packing writes: lines that unpacking does not show
// could stand beside those that it does.
var errFrame = errors.New("it is not frames of zstd with checksums (RFC 8878) and their table, and nothing else")

// onlyFrames tells whether a packed file is as packing writes it, and nothing else: frames, and behind them their
// table; or one frame without a table, as it was written before.
func onlyFrames(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err // it unpacks to nothing
	}
	table, err := ledger.ReadFrames(f, info.Size())
	if errors.Is(err, ledger.ErrNoTable) {
		_, end, err := oneFrame(f, 0)
		if err == nil && end != info.Size() {
			err = fmt.Errorf("%w: a frame ends at byte %d, and the file at %d", errFrame, end, info.Size())
		}
		return err
	}
	if err != nil {
		return err
	}
	for i := range table {
		of := &table[i]
		length, end, err := oneFrame(f, of.At)
		if err != nil {
			return err
		}
		if end != of.At+of.Size || length != of.Length {
			return fmt.Errorf("%w: the frame at byte %d ends at byte %d, and its table says another thing", errFrame, of.At, end)
		}
	}
	return nil
}

// oneFrame reads where a frame begins and ends, and how long what it holds is said to be; -1: it does not say so.
func oneFrame(f *os.File, at int64) (length, end int64, err error) {
	const unused = 0x18 // bits of the frame's descriptor that say nothing, and are zero
	head := make([]byte, zstd.HeaderMaxSize)
	n, err := f.ReadAt(head, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	var h zstd.Header
	if err := h.Decode(head[:n]); err != nil || h.Skippable || h.DictionaryID != 0 || head[4]&unused != 0 {
		return 0, 0, errFrame
	}
	if empty := h.HasFCS && h.FrameContentSize == 0; !h.HasCheckSum && !empty {
		return 0, 0, errFrame
	}
	at += int64(h.HeaderSize)
	for {
		var b [3]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			return 0, 0, errFrame
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
	if length = -1; h.HasFCS {
		length = int64(h.FrameContentSize)
	}
	return length, at, nil
}
