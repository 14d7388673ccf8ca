package minimise

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// appendPath appends a path: by a site's template where one matches, else segment by segment, ids written as ":id",
// e-mail addresses as ":email", secrets as ":token". Parameters of a segment (";jsessionid=") go.
func (p *urlPlan) appendPath(dst, path []byte, work *scrub.Meter) []byte {
	work.Spend(len(p.templates) * len(path))
	for _, t := range p.templates {
		if matches(t, path) {
			return p.appendTemplate(dst, t, path, work)
		}
	}
	last, named, dated := noPlace, 0, 0
	for first := true; !work.Spent(); first = false {
		end := 0
		for end < len(path) && !isSlash(path[end]) {
			end++
		}
		segment, _, _ := bytes.Cut(path[:end], []byte{';'})
		if !first {
			dst = append(dst, '/')
		}
		if len(segment) > 0 {
			if named++; named > 1 && p.path == "first" {
				return bytes.TrimSuffix(dst, []byte("/"))
			}
			if dated == 0 && last == noPlace {
				dated = dateIn(path)
			}
			var label string
			dst, label, last = classify(dst, last, segment, work)
			switch {
			case dated > 0:
				dated--
				dst = append(dst, segment...)
			case label == "" || label == ":id" && p.ids == "keep":
				dst = append(dst, segment...)
			case p.ids == "cut":
				return dst
			default:
				dst = append(dst, label...)
			}
		}
		if end == len(path) {
			return dst
		}
		path = path[end+1:]
	}
	return dst
}

// matches tells whether the path has the template's segments.
func matches(template []string, path []byte) bool {
	if len(path) == 0 || !isSlash(path[0]) {
		return false
	}
	path = path[1:]
	for i, t := range template {
		end := 0
		for end < len(path) && !isSlash(path[end]) {
			end++
		}
		free := t == "*" || len(t) > 1 && t[0] == ':'
		if !free && string(path[:end]) != t || free && end == 0 {
			return false
		}
		if i == len(template)-1 {
			return end == len(path)
		}
		if end == len(path) {
			return false
		}
		path = path[end+1:]
	}
	return false
}

// appendTemplate appends the template, the path's own segments in place of "*" (but no e-mail address and no secret).
func (p *urlPlan) appendTemplate(dst []byte, template []string, path []byte, work *scrub.Meter) []byte {
	for _, t := range template {
		path = path[1:]
		end := 0
		for end < len(path) && !isSlash(path[end]) {
			end++
		}
		dst = append(dst, '/')
		if t != "*" {
			dst = append(dst, t...)
		} else {
			segment, _, _ := bytes.Cut(path[:end], []byte{';'})
			var label string
			if dst, label, _ = classify(dst, noPlace, segment, work); label == "" || label == ":id" {
				dst = append(dst, segment...)
			} else {
				dst = append(dst, label...)
			}
		}
		path = path[end:]
	}
	return dst
}

// dateIn returns how many segments from the path's start on are a date: three of "2026/11/28/x", two of "2026/11", none
// of a year alone.
func dateIn(path []byte) int {
	if !twoDigits(path, 5, 12) || !ascii.Digits(path[:4]) || !isYear(path[:4]) {
		return 0
	}
	if len(path) > 7 && twoDigits(path, 8, 31) {
		return 3
	}
	return 2
}

// twoDigits tells whether a segment of the path starts at i that is a number of two digits, from 1 up to most.
func twoDigits(path []byte, i, most int) bool {
	return len(path) >= i+2 && ascii.Digits(path[i:i+2]) && between(path[i:i+2], 1, most) && isSlash(path[i-1]) &&
		(len(path) == i+2 || isSlash(path[i+2]))
}

// classify says what to write in place of a segment, "" where it may stay, and what the segment announces; last is what
// the one in front of it does. dst lends its spare capacity and comes back with its length.
func classify(dst []byte, last place, segment []byte, work *scrub.Meter) ([]byte, string, place) {
	work.Spend(costPlain + len(segment))
	base := len(dst)
	dst = appendUnescaped(dst, segment, false)
	decoded := dst[base:]
	if isUUID(decoded) || ascii.Digits(decoded) {
		return dst[:base], ":id", noPlace
	}
	work.Spend(costSegment + 6*len(segment))
	dst, found := scrub.FindWithin(work, dst, decoded, scrub.All.Expecting(scrub.Hash))
	label := ""
	switch {
	case found.Has(scrub.Email):
		label = ":email"
	case found.Has(scrub.JWT) || found.Has(scrub.Key) || found.Has(scrub.Token) || found.Has(scrub.Hash):
		label = ":token"
	case found != 0:
		label = ":id"
	default:
		label = shape(last, decoded)
	}
	return dst[:base], label, last.next(decoded)
}

// shape says what a decoded segment is by its letters and digits, and by the segment in front.
func shape(last place, b []byte) string {
	for part := b; len(part) > 0; { // "a=b", "a,b", and slashes that were escaped
		end := bytes.IndexAny(part, "/=,:&?|\\ ")
		piece := part
		if end >= 0 {
			piece, part = part[:end], part[end+1:]
		} else {
			part = nil
		}
		switch {
		case tokenLike(piece):
			return ":token"
		case isUUID(piece), idLike(piece), len(piece) < len(b) && ascii.Digits(piece):
			return ":id"
		}
	}
	if bytes.IndexByte(b, '@') >= 0 || bytes.IndexByte(b, '%') >= 0 && len(b) > 24 {
		return ":id"
	}
	if label := named(b); label != "" {
		return label
	}
	return last.behind(b)
}

// tokenLike tells whether the text looks random: 16 hex digits or letters and digits in a row, or 20 of all sorts.
func tokenLike(b []byte) bool {
	run, digits, hexes := 0, 0, 0 // of the letters and digits in a row
	number, turns := 0, 0         // digits, and changes from small letters to capitals, in all
	for i, c := range b {
		switch {
		case ascii.IsDigit(c):
			digits++
			number++
			hexes++
		case ascii.IsLetter(c):
			if c < 'a' && i > 0 && b[i-1] >= 'a' && ascii.IsLetter(b[i-1]) {
				turns++
			}
			if c|0x20 <= 'f' {
				hexes++
			}
		default:
			run, digits, hexes = 0, 0, 0
			continue
		}
		if run++; run >= 16 && (digits > 2 || digits > 0 && hexes == run) {
			return true
		}
	}
	return len(b) >= 20 && (number > 1 && turns > 1 || turns > 5)
}

// idLike tells whether the text holds a number of four digits or more that is no year, or changes
// between letters and digits all along.
func idLike(b []byte) bool {
	run, turns := 0, 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && ascii.IsDigit(b[i]) {
			if run++; i > 0 && ascii.IsLetter(b[i-1]) {
				turns++
			}
			continue
		}
		if run > 4 || run == 4 && !isYear(b[i-4:i]) {
			return true
		}
		if run > 0 && i < len(b) && ascii.IsLetter(b[i]) {
			turns++
		}
		run = 0
	}
	return turns >= 3 && len(b) >= 6
}

func isYear(b []byte) bool { return between(b, 1990, 2039) }

func longestDigits(b []byte) int {
	longest, run := 0, 0
	for _, c := range b {
		if run++; !ascii.IsDigit(c) {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// mixed tells whether the text has a digit or an upper-case letter.
func mixed(b []byte) bool {
	for _, c := range b {
		if ascii.IsDigit(c) || ascii.IsUpper(c) {
			return true
		}
	}
	return false
}

// isUUID tells whether the text is a UUID, with or without dashes left to tokenLike.
func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !ascii.IsHex(c) {
			return false
		}
	}
	return true
}
