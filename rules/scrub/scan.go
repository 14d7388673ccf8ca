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
	look
	seen
	text  []byte
	depth int     // how many encodings the text was inside
	at    int     // next byte to look at
	floor int     // end of the last finding
	mail  span    // the next e-mail address; start is past the text where there is none
	mine  finding // likewise, what a site's own detectors find next
	nexts [MaxOwn]ownNext
	std   int  // base64 runs were tried up to here, with "+" and "/" taken as part of a run
	url   int  // likewise with "-" and "_" only
	digit int  // where the next digit is, as it was looked for last
	run64 span // the base64url run that was measured last
}

// next returns the next finding. dst lends its spare capacity and comes back, grown if need be, with the length it had.
func (s *scan) next(dst []byte) ([]byte, finding, bool) {
	for s.at < len(s.text) {
		i := s.at
		stop := min(s.mail.start, s.mine.start)
		if i >= stop {
			return dst, s.known(), true
		}
		var f finding
		var ok bool
		if flags[s.text[i]]&fWord == 0 {
			f, ok = s.mark(i)
			s.at = i + 1
		} else {
			j := s.wordEnd(i)
			s.spend(j - i)
			dst, f, ok = s.word(dst, i, j)
			s.at = min(j, stop)
		}
		if ok && f.end <= s.mail.start {
			if f.end > s.mine.start { // the two become one
				f.end = max(f.end, s.mine.end)
			}
			s.goOn(f.end)
			return dst, f, true
		}
	}
	return dst, finding{}, false
}

// known returns the finding that was known before its turn came: an e-mail address, or what a site's own detector found. Where they
// overlap they are one finding.
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
	s.goOn(f.end)
	return f
}

// findOwn finds what a site's own detectors find next, at or behind from. Only those are asked whose last answer has passed.
func (s *scan) findOwn(from int) {
	none := len(s.text) + 1
	s.mine = finding{span: span{none, none}}
	for i := range s.own {
		n := &s.nexts[i]
		if int(n.start) < from || !n.asked {
			s.spend(n.find(&s.own[i], s.text, from))
		}
		if int(n.start) < s.mine.start {
			s.mine = finding{span{int(n.start), int(n.end)}, Own, s.own[i].label}
		}
	}
}

// digitWithin tells whether one of the n bytes behind i is a digit. Each byte of a text is looked at once.
func (s *scan) digitWithin(i, n int) bool {
	if s.digit < i {
		k := i
		for k < len(s.text) && !isDigit(s.text[k]) {
			k++
		}
		s.spend(k - i)
		s.digit = k
	}
	return s.digit < len(s.text) && s.digit-i < n
}

// goOn goes on after a finding.
func (s *scan) goOn(end int) {
	s.at, s.floor = end, end
	if s.mail.start < end {
		s.findMail(end)
	}
	if s.mine.start < end {
		s.findOwn(end)
	}
}

// mark looks for findings that start with something other than a letter or digit.
func (s *scan) mark(i int) (finding, bool) {
	switch s.text[i] {
	case '+':
		return s.phoneInternational(i)
	case '(':
		return s.phoneNational(i)
	case '-':
		if f, ok := s.pem(i); ok {
			return f, true
		}
		return s.geo(i)
	case ':':
		return s.ip6(i)
	}
	return finding{}, false
}

// word looks for findings that start with the word [i, j).
func (s *scan) word(dst []byte, i, j int) ([]byte, finding, bool) {
	if f, ok := s.secret(i, j); ok {
		return dst, f, true
	}
	var f finding
	var ok bool
	if isDigit(s.text[i]) {
		f, ok = s.number(i, j)
	} else {
		f, ok = s.letters(i, j)
	}
	if !ok {
		f, ok = s.hash(i, j)
	}
	if !ok {
		f, ok = s.token(i, j)
	}
	if ok {
		return dst, f, true
	}
	return s.run(dst, i, j)
}

// number looks for findings that start with a digit.
func (s *scan) number(i, j int) (finding, bool) {
	if f, ok := s.ip4(i); ok {
		return f, true
	}
	if f, ok := s.ip6(i); ok {
		return f, true
	}
	if f, ok := s.mac(i); ok {
		return f, true
	}
	if f, ok := s.date(i, j); ok {
		return f, true
	}
	if f, ok := s.geo(i); ok {
		return f, true
	}
	if f, ok := s.card(i); ok {
		return f, true
	}
	if f, ok := s.nationalNumber(i, j); ok {
		return f, true
	}
	if f, ok := s.phoneNational(i); ok {
		return f, true
	}
	return s.addressFromNumber(i, j)
}

// letters looks for findings that start with a letter.
func (s *scan) letters(i, j int) (finding, bool) {
	if j-i <= 4 {
		if f, ok := s.ip6(i); ok {
			return f, true
		}
		if f, ok := s.mac(i); ok {
			return f, true
		}
	}
	if f, ok := s.iban(i); ok {
		return f, true
	}
	if f, ok := s.nationalLetters(i, j); ok {
		return f, true
	}
	if f, ok := s.monthFirst(i, j); ok {
		return f, true
	}
	if f, ok := s.name(i, j); ok {
		return f, true
	}
	return s.addressFromName(i, j)
}
