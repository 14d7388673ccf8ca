package basis

import (
	"maps"
	"slices"
	"strings"
)

// Text is what an assessment says in words, by language (BCP 47): "en", "de", "fr"; "" is the language of a text that
// names none. In a file it is a text, or a mapping of languages to texts.
type Text map[string]string

// In returns the text in a language, in one line, and the language that it is in: the one asked for, a variety of it,
// "" where the text names none, English, else the first by name. Both are "" where there is no text.
func (t Text) In(lang string) (text, in string) {
	languages := slices.Sorted(maps.Keys(t))
	for _, other := range languages {
		if other != "" && (other == lang || strings.HasPrefix(other, lang+"-")) {
			return spaced(t[other]), other
		}
	}
	for _, other := range []string{"", "en"} {
		if said, ok := t[other]; ok {
			return spaced(said), other
		}
	}
	if len(languages) == 0 {
		return "", ""
	}
	return spaced(t[languages[0]]), languages[0]
}

// All returns the text in every language, sorted by language, with a line break between them.
func (t Text) All() string {
	var all []string
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		all = append(all, spaced(t[lang]))
	}
	return strings.Join(all, "\n")
}

// add adds what a text says to facts, each language below the key that it stands under. The language of a text that
// names none is no fact: the digest has it where it had all texts before there were languages.
func (t Text) add(to Facts, key string) {
	for lang, said := range t {
		if lang != "" {
			to[key+"."+lang] = []string{oneLine(said)}
		}
	}
}

// spaced is a text in one line, for people: spaces that do not break (as French has them) stay.
func spaced(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }), " ")
}

// oneLine is a text in which white space is white space, as the digest sees it.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
