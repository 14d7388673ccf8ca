package load

import (
	"strconv"
	"strings"
)

// Template is a request in which what differs from hit to hit is named: $serial (its number), $uuid and $hex (a
// visitor's, and another with each number), $browser (a UUID that fifty numbers in a row share) and $ms (a time in
// milliseconds, likewise another with each). $$ is a dollar sign.
type Template struct {
	head, body []piece
}

// piece is a text, and what stands behind it.
type piece struct{ text, name string }

// names are what a template may name.
var names = map[string]func(dst []byte, serial uint64) []byte{
	"serial":  func(dst []byte, serial uint64) []byte { return strconv.AppendUint(dst, serial, 10) },
	"uuid":    func(dst []byte, serial uint64) []byte { return appendUUID(dst, mix(serial)) },
	"browser": func(dst []byte, serial uint64) []byte { return appendUUID(dst, mix(serial/50)) },
	"hex": func(dst []byte, serial uint64) []byte {
		return strconv.AppendUint(dst, mix(serial)|1<<63, 16) // sixteen digits
	},
	"ms": func(dst []byte, serial uint64) []byte { return strconv.AppendUint(dst, 1_780_000_000_000+serial, 10) },
}

// NewTemplate reads a request: its line without a version, headers without the length of the body, an empty line, the
// body. It panics where something is named that there is not: templates are written by hand.
func NewTemplate(request string) *Template {
	head, body, _ := strings.Cut(request, "\n\n")
	line, headers, _ := strings.Cut(head, "\n")
	var b strings.Builder
	b.WriteString(line + " HTTP/1.1\r\n")
	for header := range strings.Lines(headers) {
		b.WriteString(strings.TrimSuffix(header, "\n") + "\r\n")
	}
	return &Template{cutPieces(b.String()), cutPieces(body)}
}

func cutPieces(text string) (all []piece) {
	for {
		before, rest, found := strings.Cut(text, "$")
		if !found {
			return append(all, piece{text: text})
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r < 'a' || r > 'z' })
		if end < 0 {
			end = len(rest)
		}
		if strings.HasPrefix(rest, "$") {
			all = append(all, piece{text: before + "$"})
			text = rest[1:]
			continue
		}
		if names[rest[:end]] == nil {
			panic("BUG: a template names $" + rest[:end])
		}
		all = append(all, piece{before, rest[:end]})
		text = rest[end:]
	}
}

// Append appends the request with that number.
func (t *Template) Append(dst []byte, serial uint64) []byte {
	var room [2048]byte
	body := fill(room[:0], t.body, serial)
	dst = fill(dst, t.head, serial)
	if len(body) > 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendUint(dst, uint64(len(body)), 10)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	return append(dst, body...)
}

func fill(dst []byte, pieces []piece, serial uint64) []byte {
	for _, p := range pieces {
		dst = append(dst, p.text...)
		if p.name != "" {
			dst = names[p.name](dst, serial)
		}
	}
	return dst
}
