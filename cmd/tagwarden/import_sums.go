package main

import (
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// sums are what became of a file's rows.
type sums struct {
	taken, news uint64 // taken in this import, and of them those that changed something
	before      uint64 // in since an earlier import of the same file
	rejects     uint64
}

// end says what became of an import: every line of the file is accounted for, or it is no success.
func (im *importing) end(rows *lists.Rows, err error) (int, error) {
	if err != nil {
		return usage, im.goOn(err)
	}
	for line := range im.rejected { // who says the same was not taken either
		im.duplicates -= im.repeats[line]
		im.rejects += im.repeats[line]
	}
	verb, taken, already := "taken", im.news, im.before+im.duplicates+im.taken-im.news
	if im.trial { // what is there already is not looked up
		verb, taken, already = "would be taken", im.taken, im.duplicates
	}
	printf(im.t.out, "%s: %d %s, %d already there, %d rejected, %d empty", plural.Of(int(rows.Lines()), "line"),
		taken, verb, already,
		im.rejects, rows.Empty)
	if rows.Heading > 0 {
		printf(im.t.out, ", %d heading", rows.Heading)
	}
	if im.continuation > 0 {
		printf(im.t.out, ", %d within rows of several lines", im.continuation)
	}
	printf(im.t.out, "\n")
	if len(im.first) > 0 {
		printf(im.t.out, "the first one is of %s\n", masked(im.first))
	}
	told := taken + already + im.rejects + rows.Empty + rows.Heading + im.continuation
	switch {
	case told != rows.Lines():
		im.t.fail("of %s %d %s accounted for: it is not known what became of the others", plural.Of(rows.Lines(), "line"),
			told, plural.Verb(told, "is", "are"))
		return findings, nil
	case im.rejects > 0:
		return findings, nil
	case taken+already == 0:
		nothing(im.t, "no line of the file names anybody")
		return usage, nil
	case im.taken == 0 && im.before > 0:
		printf(im.t.out, "nothing is left to take\n")
	}
	return fine, nil
}
