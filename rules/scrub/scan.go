package scrub

// span is a part of the text, end excluded.
type span struct{ start, end int }

// finding is a span with what it is.
type finding struct {
	span
	kind Kind
	own  string // the label, where the kind is Own
}

// label is what stands in the finding's marker.
func (f *finding) label() string {
	if f.kind == Own {
		return f.own
	}
	return f.kind.String()
}

// scan goes over a text from left to right.
type scan struct {
	view
	own   []own
	depth int     // how many encodings the text was inside
	at    int     // next byte to look at
	mine  finding // what a site's own detectors find next; it starts past the text where there is nothing
	nexts [MaxOwn]ownNext
	std   int // base64 runs were tried up to here, with "+" and "/" taken as part of a run
	url   int // likewise with "-" and "_" only
	hex   int // bytes of hex that stand apart were tried up to here
}

// next returns the next finding. dst lends its spare capacity and comes back, grown if need be, with the length it had.
func (s *scan) next(dst []byte) ([]byte, finding, bool) {
	for s.at < len(s.text) && !s.over() {
		i := s.at
		stop := min(s.mail.start, s.mine.start)
		if i >= stop {
			return dst, s.known(), true
		}
		var f finding
		var ok bool
		switch c := flags[s.text[i]]; {
		case c&(fWord|fMark) == 0:
			s.at = i + 1
			continue
		case c&fWord == 0:
			s.spend(costMark)
			f, ok = starts{&s.view}.mark(i)
			s.at = i + 1
		default:
			w := s.wordAt(i)
			s.spend(costWord)
			dst, f, ok = s.word(dst, &w)
			j := w.end
			s.at = min(j, stop)
		}
		if ok && f.end <= s.mail.start {
			if f.end > s.mine.start { // the two become one
				f.end = max(f.end, s.mine.end)
			}
			s.resume(f.end)
			return dst, f, true
		}
	}
	return dst, finding{}, false
}

// known returns the finding that was known before its turn came: an e-mail address, or what a site's own detector
// found. Where they overlap they are one finding.
func (s *scan) known() finding {
	f := s.mine
	if s.mail.start < f.start {
		f = finding{span: s.mail, kind: Email}
	}
	for end := 0; end != f.end; {
		end = f.end
		if s.mail.start < end {
			f.end = max(f.end, s.mail.end)
		}
		if s.mine.start < end {
			f.end = max(f.end, s.mine.end)
		}
	}
	s.resume(f.end)
	return f
}

// findOwn finds what a site's own detectors find next, at or behind from. Only those
// are asked whose last answer has passed.
func (s *scan) findOwn(from int) {
	none := len(s.text) + 1
	s.mine = finding{span: span{none, none}}
	for i := range s.own {
		if s.over() {
			return
		}
		n := &s.nexts[i]
		if int(n.start) < from || !n.asked {
			s.spend(n.find(&s.own[i], s.text, from, s.left()))
		}
		if int(n.start) < s.mine.start {
			s.mine = finding{span{int(n.start), int(n.end)}, Own, s.own[i].label}
		}
	}
}

// resume goes on behind a finding.
func (s *scan) resume(end int) {
	s.at, s.floor = end, end
	if s.mail.start < end {
		s.mail = emails{&s.view}.next(end)
	}
	if s.mine.start < end {
		s.findOwn(end)
	}
}

// word looks for findings that start with a word.
func (s *scan) word(dst []byte, w *word) ([]byte, finding, bool) {
	n := w.end - w.start
	switch {
	case isDigit(s.text[w.start]):
		if s.want&atDigits != 0 {
			if f, ok := (starts{&s.view}).number(w); ok {
				return dst, f, true
			}
		}
	default:
		if f, ok := (secrets{&s.view}).at(w); ok {
			return dst, f, true
		}
		if s.want&atLetters != 0 {
			if f, ok := (starts{&s.view}).letters(w); ok {
				return dst, f, true
			}
		}
	}
	if n >= 32 {
		if f, ok := (hashes{&s.view}).at(w); ok {
			return dst, f, true
		}
	}
	if s.want.Has(Token) {
		if f, ok := (tokens{&s.view}).at(w); ok {
			return dst, f, true
		}
	}
	if n == 2 && w.all&fHex != 0 || n == 4 && s.text[w.start] == '0' && s.text[w.start+1]|0x20 == 'x' {
		if dst, f, ok := s.pairs(dst, w); ok {
			return dst, f, true
		}
	}
	if n < minRun && w.some&fHigh == 0 && flags[s.after(w.end)]&fStd == 0 && w.start >= s.std && w.start >= s.url {
		s.std, s.url = w.end, w.end // the word is all of the run, and too short
		return dst, finding{}, false
	}
	return s.run(dst, w)
}
