package config

import (
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Text is what people are told, by language (BCP 47); "" is the language of a file that names none. It is written as a text, or as a
// mapping of languages to texts.
type Text map[string]string

const languagePattern = `^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`

var language = regexp.MustCompile(languagePattern)

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
		"type": "object", "minProperties": 1, "additionalProperties": false, "patternProperties": map[string]any{languagePattern: text},
	}}}
}
