package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// WithApproval returns the text of an assessment's file, or of the promises', with its approval added at the end, in
// the place of one that was there. Comments and layout stay. The error says that the file is laid out in a way that
// takes no line more (all in one pair of braces).
func WithApproval(text []byte, approval string) ([]byte, error) {
	var faults strict.Faults
	doc := strict.Parse("assessment", text, &faults)
	if doc == nil {
		return nil, faults.Err()
	}
	lines := strings.SplitAfter(strings.TrimRight(string(text), "\n")+"\n", "\n")
	if doc.Has("approval") {
		first, last := doc.FindKey(strict.Path("approval")).Line-1, len(lines)
		for _, key := range doc.Keys() {
			if line := doc.FindKey(strict.Path(key)).Line - 1; line > first {
				last = min(last, line)
			}
		}
		lines = slices.Delete(lines, first, last)
	}
	var out strings.Builder
	out.WriteString(strings.Join(lines, ""))
	out.WriteString("approval: |\n")
	for line := range strings.SplitSeq(strings.TrimRight(approval, "\n"), "\n") {
		if line != "" {
			out.WriteString("  " + line)
		}
		out.WriteString("\n")
	}
	if !approvedBy(out.String(), doc.Keys(), approval) {
		return nil, errors.New("cannot add the approval to the file: write it with one key a line, without braces around it")
	}
	return []byte(out.String()), nil
}

// approvedBy tells whether a text is a document of the keys that were there, and of this approval.
func approvedBy(text string, keys []string, approval string) bool {
	var ignored strict.Faults
	doc := strict.Parse("assessment", []byte(text), &ignored)
	if doc == nil || strings.TrimRight(doc.Find(strict.Path("approval")).Value, "\n") != strings.TrimRight(
		approval, "\n") {
		return false
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "approval" })
	return slices.Equal(doc.Keys(), append(keys, "approval"))
}
