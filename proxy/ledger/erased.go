package ledger

import (
	"encoding/base64"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// In a sealed segment a line that was erased has another one in its place, {"erased":"...","crc":"..."}: the entry of
// the line that stood there, in base64, and nothing else of it. So numbers, tree and proofs stay as they were. No
// record begins so: each begins with its time.
const (
	erasedBegin = `{"erased":"`
	erasedEnd   = `"}`
)

// entryText is how long an entry is in base64.
const entryText = (len(tree.Entry{})*8 + 5) / 6

// erasedBytes is how long such a line is, with its end.
var erasedBytes = len(appendErased(nil, tree.Entry{}))

// appendErased appends the line that stands in place of one of an entry, with its end.
func appendErased(dst []byte, entry tree.Entry) []byte {
	from := len(dst)
	dst = append(dst, erasedBegin...)
	dst = base64.RawStdEncoding.AppendEncode(dst, entry[:])
	dst = append(dst, erasedEnd[0])
	return segment.EndLine(dst, from)
}

// ErasedEntry is the entry of the line that stood where one stands that says that it was erased. False where a line,
// given without its end, says no such thing to the byte.
func ErasedEntry(line []byte) (entry tree.Entry, is bool) {
	if len(line) < len(erasedBegin)+entryText || string(line[:len(erasedBegin)]) != erasedBegin {
		return entry, false
	}
	text := line[len(erasedBegin):][:entryText]
	if n, err := base64.RawStdEncoding.Decode(entry[:], text); err != nil || n != len(entry) {
		return tree.Entry{}, false
	}
	var room [128]byte
	again := appendErased(room[:0], entry)
	if string(again[:len(again)-1]) != string(line) {
		return tree.Entry{}, false
	}
	return entry, true
}

// EntryOf is the entry of the record whose line stands there, or stood there before it was erased.
func EntryOf(line []byte) tree.Entry {
	if entry, erased := ErasedEntry(line); erased {
		return entry
	}
	return tree.EntryOf(line)
}
