package config

import (
	"errors"
	"slices"
	"strings"
)

// WithApproval returns the text of an assessment's file with its approval added at the end, in the place of one that was there. Comments
// and layout stay. The error says that the file is laid out in a way that takes no line more (all in one pair of braces).
func WithApproval(text []byte, approval string) ([]byte, error) {
	var faults Faults
	doc := parse("assessment", text, &faults)
	if doc == nil {
		return nil, faults.err()
	}
	lines := strings.SplitAfter(strings.TrimRight(string(text), "\n")+"\n", "\n")
	if doc.has("approval") {
		first, last := doc.findKey(steps("approval")).Line-1, len(lines)
		for _, key := range doc.keys() {
			if line := doc.findKey(steps(key)).Line - 1; line > first {
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
	if !approvedBy(out.String(), doc.keys(), approval) {
		return nil, errors.New("cannot add the approval to the file: write the assessment with one key a line, without braces around it")
	}
	return []byte(out.String()), nil
}

// approvedBy tells whether a text is a document of the keys that were there, and of this approval.
func approvedBy(text string, keys []string, approval string) bool {
	var ignored Faults
	doc := parse("assessment", []byte(text), &ignored)
	if doc == nil || strings.TrimRight(doc.find(steps("approval")).Value, "\n") != strings.TrimRight(approval, "\n") {
		return false
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "approval" })
	return slices.Equal(doc.keys(), append(keys, "approval"))
}
