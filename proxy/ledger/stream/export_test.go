package stream

// Message is a record as a message of syslog, without its length.
func (s *Syslog) Message(r *Record) string { return string(s.appendMessage(nil, r)) }

// Logs are records as the body of a request.
func (o *OTLP) Logs(batch []Record) []byte { return o.appendLogs(nil, batch) }

// WithoutPersons is a record without what tells one person from another.
func WithoutPersons(line []byte) []byte { return withoutPersons(line) }

// ParsePosition reads a position, and writes it down again.
func ParsePosition(text []byte) ([]byte, error) {
	p, err := parsePosition(text)
	return p.text(), err
}
