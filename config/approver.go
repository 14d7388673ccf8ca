package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Approver is somebody whose signature makes an assessment valid. In the file it is the public key alone, or a mapping.
type Approver struct {
	Key  string `yaml:"key" is:"required" doc:"The public key, name+hash+key."`
	Name string `yaml:"name" doc:"Who that is: Jane Doe. Shown in rendered assessments; no part of what is signed."`
	Role string `yaml:"role" doc:"What makes them approve: head of legal. Shown in rendered assessments; no part of what is signed."`
}

// approverMapping is an Approver as a mapping.
type approverMapping Approver

// FromNode reads the key, or the mapping.
func (a *Approver) FromNode(d *strict.Decoder, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		d.Into(node, &a.Key)
		return
	}
	d.Into(node, (*approverMapping)(a))
}

func (a *Approver) schema() map[string]any {
	text := func(doc string) map[string]any { return map[string]any{"type": "string", "description": doc} }
	properties := map[string]any{}
	for _, f := range FieldsOf(reflect.TypeFor[Approver]()) {
		properties[f.Name] = text(f.Doc)
	}
	return map[string]any{"oneOf": []any{
		map[string]any{"type": "string", "pattern": `\S`},
		map[string]any{
			"type": "object", "additionalProperties": false, "required": []string{"key"}, "properties": properties,
		},
	}}
}
