package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// AutomatedDecision is what an activity says of decisions that a machine makes about visitors (GDPR Art. 13(2)(f) and
// 22): none, or how they come about.
type AutomatedDecision struct {
	Logic  Text `yaml:"logic" is:"required" doc:"How the decision comes about: what counts, and how much."`
	Effect Text `yaml:"effect" is:"required" doc:"What follows from it for the visitor."`
	Human  Text `yaml:"human" is:"required" doc:"How a person takes part, and how the visitor can have the decision looked at."`

	Said bool // the key is there
}

// Any tells whether there is such a decision.
func (a *AutomatedDecision) Any() bool { return len(a.Logic) > 0 }

// FromNode reads the word or the mapping.
func (a *AutomatedDecision) FromNode(d *strict.Decoder, node *yaml.Node) {
	a.Said = true
	switch {
	case node.Kind == yaml.ScalarNode && node.Value == "none":
	case node.Kind == yaml.MappingNode:
		var of struct {
			Logic  Text `yaml:"logic" is:"required" doc:"how the decision comes about"`
			Effect Text `yaml:"effect" is:"required" doc:"what follows from it for the visitor"`
			Human  Text `yaml:"human" is:"required" doc:"how a person takes part"`
		}
		d.Into(node, &of)
		a.Logic, a.Effect, a.Human = of.Logic, of.Effect, of.Human
	default:
		d.Fail(node, "%s stands where none is wanted, or { logic: ..., effect: ..., human: ... }", strict.Describe(node))
	}
}

func (a *AutomatedDecision) schema() map[string]any {
	text := new(Text).schema()
	return map[string]any{"oneOf": []any{map[string]any{"const": "none"}, map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"logic", "effect", "human"},
		"properties": map[string]any{"logic": text, "effect": text, "human": text},
	}}}
}

// Duty is whether visitors have to give the data (GDPR Art. 13(2)(e)): no, or what follows where they do not.
type Duty struct {
	Otherwise Text `yaml:"otherwise" is:"required" doc:"What follows where the visitor does not give the data."`

	Said bool // the key is there
}

// Any tells whether the data have to be given.
func (o *Duty) Any() bool { return len(o.Otherwise) > 0 }

// FromNode reads the word or the mapping. YAML reads no as a text.
func (o *Duty) FromNode(d *strict.Decoder, node *yaml.Node) {
	o.Said = true
	switch {
	case node.Kind == yaml.ScalarNode && (node.Value == "no" || node.Value == "false"):
	case node.Kind == yaml.MappingNode:
		var of struct {
			Otherwise Text `yaml:"otherwise" is:"required" doc:"what follows where the visitor does not give the data"`
		}
		d.Into(node, &of)
		o.Otherwise = of.Otherwise
	default:
		d.Fail(node, "%s stands where no is wanted, or { otherwise: what follows where the visitor does not give the data }",
			strict.Describe(node))
	}
}

func (o *Duty) schema() map[string]any {
	return map[string]any{"oneOf": []any{map[string]any{"enum": []any{"no", false}}, map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"otherwise"},
		"properties": map[string]any{"otherwise": new(Text).schema()},
	}}}
}
