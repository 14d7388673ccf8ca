package hit

import "bytes"

// Unglue decodes what stands among tildes: "~~" is "~".
func Unglue(h *Hit, s Span) Span { return replaced(h, s, "~~", '~') }

// unquote decodes the value of an attribute: only the quote is escaped in it, by a backslash.
func unquote(h *Hit, s Span) Span { return replaced(h, s, `\"`, '"') }

// replaced is a text with one byte in place of each pair.
func replaced(h *Hit, s Span, pair string, by byte) Span {
	raw := h.Bytes(s)
	if !bytes.Contains(raw, []byte(pair)) {
		return s
	}
	arena := h.Grow()
	from := len(arena)
	for i := 0; i < len(raw); i++ {
		if raw[i] == pair[0] && i+1 < len(raw) && raw[i+1] == pair[1] {
			arena = append(arena, by)
			i++
			continue
		}
		arena = append(arena, raw[i])
	}
	return h.Grown(arena, from)
}

// AppendGlued appends text as it stands among tildes.
func AppendGlued(dst, text []byte) []byte {
	for _, c := range text {
		if c == '~' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return dst
}

// AppendQuoted appends text as the value of an attribute, without the quotes around it. A backslash at its end, which
// would escape the quote behind it, is left out.
func AppendQuoted(dst, text []byte) []byte {
	for _, c := range bytes.TrimRight(text, `\`) {
		if c == '"' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}
