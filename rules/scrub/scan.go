package scrub

// span is a part of the text, end excluded.
type span struct{ start, end int }

// finding is a span with what it is.
type finding struct {
	span
	kind Kind
}

// scan goes over a text from left to right.
type scan struct {
	text  []byte
	want  Set
	depth int  // how many encodings the text was inside
	at    int  // next byte to look at
	floor int  // end of the last finding
	mail  span // the next e-mail address; start is past the text where there is none
	std   int  // base64 runs were tried up to here, with "+" and "/" taken as part of a run
	url   int  // likewise with "-" and "_" only
	digit int  // where the last digit of the text is, -1 where there is none
	run64 span // the base64url run that was measured last
}

// next returns the next finding. dst lends its spare capacity and comes back, grown if need be, with the length it had.
func (s *scan) next(dst []byte) ([]byte, finding, bool) {
	for s.at < len(s.text) {
		i := s.at
		if i >= s.mail.start {
			f := finding{s.mail, Email}
			s.pass(f.end)
			return dst, f, true
		}
		var f finding
		var ok bool
		if flags[s.text[i]]&fWord == 0 {
			f, ok = s.mark(i)
			s.at = i + 1
		} else {
			j := s.wordEnd(i)
			dst, f, ok = s.word(dst, i, j)
			s.at = min(j, s.mail.start)
		}
		if ok && f.end <= s.mail.start {
			s.pass(f.end)
			return dst, f, true
		}
	}
	return dst, finding{}, false
}

// pass goes on after a finding.
func (s *scan) pass(end int) {
	s.at, s.floor = end, end
	if s.mail.start < end {
		s.findMail(end)
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
	return s.addressFromName(i, j)
}
