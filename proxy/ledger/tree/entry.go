package tree

import (
	"bytes"
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// Entry is what the tree holds of a record: SHA-256 of its line as it stands in the log, without the line's end.
type Entry [tlog.HashSize]byte

// EntryOf is the entry of a line, which is given without its end.
func EntryOf(line []byte) Entry { return sha256.Sum256(line) }

// Leaf is the hash of the leaf that holds the entry.
func (e *Entry) Leaf() tlog.Hash { return tlog.RecordHash(e[:]) }

// AppendEntries appends the entry of each line, 32 bytes each: what stands in a segment's file of hashes. What follows
// the last line's end is no line.
func AppendEntries(dst, lines []byte) []byte {
	for {
		n := bytes.IndexByte(lines, '\n')
		if n < 0 {
			return dst
		}
		e := EntryOf(lines[:n])
		dst = append(dst, e[:]...)
		lines = lines[n+1:]
	}
}
