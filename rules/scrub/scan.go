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
	budget
	want  Set
	own   []own
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
	front front
	memo  [4]labelMemo
	ahead ahead
	row   numbers
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
			f, ok = s.mark(i)
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
	s.resume(f.end)
	return f
}

// findOwn finds what a site's own detectors find next, at or behind from. Only those are asked whose last answer has passed.
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

// resume goes on behind a finding.
func (s *scan) resume(end int) {
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
		if isDigit(s.after(i + 1)) {
			return s.phoneNational(i)
		}
	case '-':
		if f, ok := s.pem(i); ok {
			return f, true
		}
		if isDigit(s.after(i + 1)) {
			return s.geo(i)
		}
	case ':':
		if s.after(i+1) == ':' {
			return s.ip6(i)
		}
	}
	return finding{}, false
}

// word is letters, digits and parts of characters outside ASCII in a row.
type word struct {
	span
	some, all uint16 // flags that one of its bytes has, and that all of them have
}

// Kinds that start at a word of one sort.
const (
	ofNumbers = 1<<IP | 1<<MAC | 1<<BirthDate | 1<<Geo | 1<<Card | 1<<NationalID | 1<<Phone | 1<<Address
	ofLetters = 1<<IP | 1<<MAC | 1<<IBAN | 1<<NationalID | 1<<BirthDate | 1<<Name | 1<<Address
)

// word looks for findings that start with a word.
func (s *scan) word(dst []byte, w *word) ([]byte, finding, bool) {
	n := w.end - w.start
	switch {
	case isDigit(s.text[w.start]):
		if s.want&ofNumbers != 0 {
			if f, ok := s.number(w); ok {
				return dst, f, true
			}
		}
	default:
		if f, ok := s.secret(w); ok {
			return dst, f, true
		}
		if s.want&ofLetters != 0 {
			if f, ok := s.letters(w); ok {
				return dst, f, true
			}
		}
	}
	if n >= 32 {
		if f, ok := s.hash(w); ok {
			return dst, f, true
		}
	}
	if s.want.Has(Token) {
		if f, ok := s.token(w); ok {
			return dst, f, true
		}
	}
	if n < minRun && w.some&fHigh == 0 && flags[s.after(w.end)]&fStd == 0 && w.start >= s.std && w.start >= s.url {
		s.std, s.url = w.end, w.end // the word is all of the run, and too short
		return dst, finding{}, false
	}
	return s.run(dst, w)
}

// number looks for findings that start with a digit.
func (s *scan) number(w *word) (finding, bool) {
	s.spend(costNumber)
	i, j := w.start, w.end
	b, c, n := s.before(i), s.after(j), j-i
	if c == '.' && n <= 3 && b != '.' {
		if f, ok := s.ip4(i); ok {
			return f, true
		}
	}
	if f, ok := s.machine(i, n, c); ok {
		return f, true
	}
	if n <= 8 {
		if f, ok := s.date(i, j); ok {
			return f, true
		}
	}
	if b == '.' { // as in a version: of all the others, phone numbers alone may stand there
		if i < 2 || !isLetter(s.text[i-2]) {
			return finding{}, false
		}
		return s.phoneNational(i)
	}
	if c == '.' && n <= 3 || w.some&fHigh != 0 { // a degree sign is part of the word
		if f, ok := s.geo(i); ok {
			return f, true
		}
	}
	if n >= 6 || separator(c) != 0 {
		if all := s.numberAt(i); all.n >= 6 {
			if f, ok := s.longNumber(w, &all); ok {
				return f, true
			}
		}
	}
	if n <= 6 && flags[c]&fGap != 0 {
		return s.addressFromNumber(i, j)
	}
	return finding{}, false
}

// longNumber looks for findings that start with a word of digits and have six or more; all is the number with all separators.
func (s *scan) longNumber(w *word, all *digits) (finding, bool) {
	s.spend(costLong)
	i, j := w.start, w.end
	if n := j - i; n == 4 || n >= 12 {
		if f, ok := s.card(i, all); ok {
			return f, true
		}
	}
	if f, ok := s.nationalNumber(i, j, all); ok {
		return f, true
	}
	return s.phoneNational(i)
}

// machine looks for addresses of machines, in hex, that start with the word of n bytes at i; c follows it.
func (s *scan) machine(i, n int, c byte) (finding, bool) {
	if c == ':' && n <= 4 {
		if f, ok := s.ip6(i); ok {
			return f, true
		}
	}
	if n == 2 && (c == ':' || c == '-' || c == '.') || n == 4 && c == '.' {
		return s.mac(i)
	}
	return finding{}, false
}

// letters looks for findings that start with a letter.
func (s *scan) letters(w *word) (finding, bool) {
	i, j := w.start, w.end
	if j-i <= 4 && w.all&fHex != 0 {
		if f, ok := s.machine(i, j-i, s.after(j)); ok {
			return f, true
		}
	}
	if w.some&fDigit != 0 {
		if f, ok := s.iban(i); ok {
			return f, true
		}
	}
	if w.some&fDigit != 0 || j-i == 2 {
		if f, ok := s.nationalLetters(i, j); ok {
			return f, true
		}
	}
	if isDigit(s.after(j+1)) || isDigit(s.after(j+2)) {
		if f, ok := s.monthFirst(i, j); ok {
			return f, true
		}
	}
	c := s.after(j)
	if s.want.expects(Name) || flags[c]&fJoint != 0 {
		if f, ok := s.name(i, j); ok {
			return f, true
		}
	}
	if flags[c]&fGap != 0 && s.digitWithin(j, maxAddress) {
		return s.addressFromName(i, j)
	}
	return finding{}, false
}
