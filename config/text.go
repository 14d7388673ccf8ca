package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Text is what people are told, by language (BCP 47); "" is the language of a file that names none. It is written as a
// text, or as a mapping of languages to texts.
type Text map[string]string

const languagePattern = `^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`

var language = regexp.MustCompile(languagePattern)

// In is the text in a language. Where there is none in it, it is that which names no language, else the one in English
// or in the first of the others, and in says which that is; "" where it is the language that was asked for, or unnamed.
func (t Text) In(lang string) (text, in string) {
	if text, ok := t.exactly(lang); ok {
		return text, ""
	}
	if text, ok := t[""]; ok {
		return text, ""
	}
	if text, ok := t["en"]; ok {
		return text, "en"
	}
	for _, in := range slices.Sorted(maps.Keys(t)) {
		return t[in], in
	}
	return "", ""
}

// exactly is the text in a language, or in one of its regions.
func (t Text) exactly(lang string) (string, bool) {
	if text, ok := t[lang]; ok {
		return text, true
	}
	for _, in := range slices.Sorted(maps.Keys(t)) {
		if strings.HasPrefix(in, lang+"-") {
			return t[in], true
		}
	}
	return "", false
}

// String writes it in one line: the text, or "de: A; en: B".
func (t Text) String() string {
	if text, one := t[""]; one && len(t) == 1 {
		return text
	}
	var parts []string
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		parts = append(parts, lang+": "+t[lang])
	}
	return strings.Join(parts, "; ")
}

// FromNode reads the text, or the mapping of languages.
func (t *Text) FromNode(d *strict.Decoder, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		var one string
		d.Into(node, &one)
		*t = Text{"": one}
		return
	}
	var by map[string]string
	d.Into(node, &by)
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; !language.MatchString(key.Value) {
			d.Fail(key, "%q is no language: write it as en, de or pt-BR", strict.Shortened(key.Value))
		}
	}
	*t = by
}

func (t *Text) schema() map[string]any {
	text := map[string]any{"type": "string", "minLength": 1}
	return map[string]any{"oneOf": []any{text, map[string]any{
		"type": "object", "minProperties": 1, "additionalProperties": false,
		"patternProperties": map[string]any{languagePattern: text},
	}}}
}
