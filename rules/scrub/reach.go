package scrub

import (
	"regexp/syntax"
	"unicode/utf8"
)

// reach says how far behind the start of a match a pattern may have looked: as far as its
// loops go on, and some characters more.
type reach struct {
	loops [256]bool // bytes that a loop without a bound takes
	fixed int       // characters that all the rest takes, at most
}

// reachOf returns how far a pattern looks.
func reachOf(tree *syntax.Regexp) *reach {
	r := new(reach)
	r.fixed = r.add(tree, false) + 1
	return r
}

// add notes what a part of a pattern takes, and returns how many characters it takes outside of loops.
func (r *reach) add(tree *syntax.Regexp, looped bool) (fixed int) {
	switch tree.Op {
	case syntax.OpLiteral:
		if looped {
			for _, c := range tree.Rune {
				r.take(c, c, tree.Flags)
			}
		}
		return len(tree.Rune)
	case syntax.OpCharClass:
		for k := 0; looped && k+1 < len(tree.Rune); k += 2 {
			r.take(tree.Rune[k], tree.Rune[k+1], tree.Flags)
		}
		return 1
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		if looped {
			r.take(0, utf8.MaxRune, tree.Flags)
		}
		return 1
	case syntax.OpStar, syntax.OpPlus:
		return r.add(tree.Sub[0], true)
	case syntax.OpRepeat:
		if tree.Max < 0 {
			return max(1, tree.Min) * r.add(tree.Sub[0], true)
		}
		return tree.Max * r.add(tree.Sub[0], looped)
	default:
		for _, part := range tree.Sub {
			fixed += r.add(part, looped)
		}
		return fixed
	}
}

// take notes that a loop takes the characters from one to another.
func (r *reach) take(from, to rune, flags syntax.Flags) {
	for c := from; c <= to && c < utf8.RuneSelf; c++ {
		r.loops[c] = true
		if flags&syntax.FoldCase != 0 && c|0x20 >= 'a' && c|0x20 <= 'z' {
			r.loops[c^0x20] = true
		}
	}
	if to >= utf8.RuneSelf || flags&syntax.FoldCase != 0 { // some letters outside ASCII fold to such inside
		for c := utf8.RuneSelf; c < len(r.loops); c++ {
			r.loops[c] = true
		}
	}
}

// from returns up to where the text was looked at for a match that starts at start.
func (r *reach) from(text []byte, start int) int {
	left := r.fixed
	for i := start; i < len(text); i++ {
		if !r.loops[text[i]] && utf8.RuneStart(text[i]) {
			if left--; left < 0 {
				return i
			}
		}
	}
	return len(text)
}

// cost is what it took to read the text from one byte to another. What a policy's detectors cost once a byte is the
// policy's choice, and counts little; what is read again is a visitor's doing.
func (n *ownNext) cost(from, to int) int {
	again := max(0, min(int(n.read), to)-from)
	fresh := max(0, to-from-again)
	n.read = max(n.read, uint32(to))
	return costMatch + fresh/4 + costAgain*again
}
