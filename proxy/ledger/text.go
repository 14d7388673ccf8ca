package ledger

import (
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"
)

// How long a text in a record may be, in bytes; a longer one is cut there. Ids, codes and names of scopes are
// shorter by the rules of those who make them.
const (
	longestText  = 256
	longestWords = 2048 // of what is written for people
)

// cut is a text as a record holds it.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

// addText adds an id, a code or a name, where there is one.
func addText(to zapcore.ObjectEncoder, name, text string) {
	if text != "" {
		to.AddString(name, cut(text, longestText))
	}
}

// addWords adds what is written for people, where there is something.
func addWords(to zapcore.ObjectEncoder, name, text string) {
	if text != "" {
		to.AddString(name, cut(text, longestWords))
	}
}

// addTexts adds texts, where there are some.
func addTexts(to zapcore.ObjectEncoder, name string, all []string) error {
	if len(all) == 0 {
		return nil
	}
	return to.AddArray(name, (*texts)(&all))
}

type texts []string

// MarshalLogArray writes texts.
func (t *texts) MarshalLogArray(e zapcore.ArrayEncoder) error {
	for _, text := range *t {
		e.AppendString(cut(text, longestText))
	}
	return nil
}

// addInstant adds a time in Unix seconds, where there is one.
func addInstant(to zapcore.ObjectEncoder, name string, at int64) {
	if at != 0 {
		to.AddString(name, string(appendInstant(nil, at)))
	}
}

// instants are times in Unix seconds.
type instants []int64

// MarshalLogArray writes times, and "" where there is none.
func (all instants) MarshalLogArray(e zapcore.ArrayEncoder) error {
	for _, at := range all {
		e.AppendString(string(appendInstant(nil, at)))
	}
	return nil
}

// appendInstant appends a time as RFC 3339 has it; nothing for 0.
func appendInstant(dst []byte, at int64) []byte {
	if at == 0 {
		return dst
	}
	return time.Unix(at, 0).UTC().AppendFormat(dst, time.RFC3339)
}
