package read

import (
	"unsafe"

	"github.com/tagwarden/tagwarden/rules/jsontext"
)

// maxDepth is how deep a record of a choice may be nested.
const maxDepth = 16

// JSON tells whether a text is JSON, and nested no deeper than any record of a choice is.
func JSON(text []byte) bool {
	_, fault := jsontext.Measure(text, jsontext.Size{Members: len(text) + 1, Depth: maxDepth})
	return fault == 0
}

// String views bytes as a string, which nobody keeps longer than the bytes stay as they are: what a hit says does not
// change while it is judged.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Bytes views a string as bytes that nobody writes to.
func Bytes(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }
