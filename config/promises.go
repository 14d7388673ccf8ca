package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Promises is policy/promises.yaml: what must never happen. Each is proved over the
// compiled policy, or it does not load.
type Promises struct {
	Promises []Promise `yaml:"promises" is:"required" doc:"The promises."`
	Approval string    `yaml:"approval" is:"empty" doc:"An approver's signed note over the promises, which tagwarden promises approve writes. With it, a promise that is changed, new or gone is refused until it is signed anew."`
}

// Promise is one of them.
type Promise struct {
	ID    string `yaml:"id" is:"required,id" doc:"The promise's name in messages."`
	Says  Text   `yaml:"says" is:"required" doc:"What is promised, in a sentence, as people read it; or by language: { en: ..., de: ... }."`
	Never Never  `yaml:"never" is:"required" doc:"What never leaves: each key has to hold, of a list one. At least one key; unless: stands within it."`

	Publish bool `yaml:"publish" doc:"The notice for visitors, the record of processing and rendered assessments say it too, in the words of says."`
}

// Never is what never leaves.
type Never struct {
	Class      Few         `yaml:"class" doc:"Classes of fields: email, or [email, phone]."`
	Field      Few         `yaml:"field" doc:"Fields by the vendor's own names, ep.payment_type, and what is below; header User-Agent is a header."`
	LooserThan *LooserThan `yaml:"looser_than" doc:"Only what lets more through than this minimiser: truncate by its rank alone, { truncate: { v4: 24, v6: 48 } } by its parameters too."`
	Vendor     Few         `yaml:"vendor" doc:"Ids of vendors, or of catalog entries, which stand for all vendors that are of them."`
	Country    Few         `yaml:"country" doc:"Where the vendor's machines stand: ISO 3166-1 codes (US), groups (EU, EEA), outside-EEA, outside-EU. Held against transfer.country and vendors.X.country where one is given, else against the catalog; nobody says it: outside."`
	Purpose    Few         `yaml:"purpose" doc:"Ids of purposes."`
	Basis      Few         `yaml:"basis" doc:"Lawful bases that it travels on."`
	Site       Few         `yaml:"site" doc:"Ids of sites."`
	Region     Few         `yaml:"region" doc:"Where the visitor may be: ISO codes and groups."`
	Event      Few         `yaml:"event" doc:"Names of events; a trailing * stands for any end: checkout_*."`
	Unless     *Unless     `yaml:"unless" doc:"The exception: it holds where each of its keys surely does. Of an activity with two purposes both have to be listed."`
}

// Unless is an exception.
type Unless struct {
	Class      Few         `yaml:"class" doc:"As in never."`
	Field      Few         `yaml:"field" doc:"As in never."`
	LooserThan *LooserThan `yaml:"looser_than" doc:"As in never."`
	Vendor     Few         `yaml:"vendor" doc:"As in never."`
	Country    Few         `yaml:"country" doc:"As in never; nobody says it: it does not hold."`
	Purpose    Few         `yaml:"purpose" doc:"As in never; all of the activity's."`
	Basis      Few         `yaml:"basis" doc:"As in never."`
	Site       Few         `yaml:"site" doc:"As in never."`
	Region     Few         `yaml:"region" doc:"As in never; where it is known."`
	Event      Few         `yaml:"event" doc:"As in never."`
}

// condition is never: without its exception.
func (n *Never) condition() *Unless {
	return &Unless{n.Class, n.Field, n.LooserThan, n.Vendor, n.Country, n.Purpose, n.Basis, n.Site, n.Region, n.Event}
}

// Few is a list whose one element may stand alone.
type Few []string

// FromNode reads the list, or the one element.
func (f *Few) FromNode(d *strict.Decoder, node *yaml.Node) {
	if node.Kind != yaml.ScalarNode {
		if d.Into(node, (*[]string)(f)); len(node.Content) == 0 {
			d.Fail(node, "the list is empty: name at least one, or remove the line")
		}
		return
	}
	var one string
	if d.Into(node, &one); node.Value == "" {
		d.Fail(node, "the value is empty: name at least one, or remove the line")
	}
	*f = Few{one}
}

func (f *Few) schema() map[string]any {
	text := map[string]any{"type": "string", "minLength": 1}
	return map[string]any{"oneOf": []any{text, map[string]any{"type": "array", "minItems": 1, "items": text}}}
}

// LooserThan is a minimiser: its name alone, which stands for its rank, or with parameters.
type LooserThan struct {
	Spec       minimise.Spec
	Parameters bool
}

// FromNode reads the name, or the mapping.
func (l *LooserThan) FromNode(d *strict.Decoder, node *yaml.Node) {
	var m Minimise
	switch node.Kind {
	case yaml.MappingNode:
		m.FromNode(d, node)
		l.Spec, l.Parameters = m.Spec, true
	case yaml.SequenceNode:
		d.Fail(node, "a list stands where one minimiser is wanted: write the name of the strictest that is meant, as "+
			"truncate")
	default:
		m.name(d, node)
		l.Spec = m.Spec
	}
}

func (l *LooserThan) schema() map[string]any {
	forms := new(Minimise).schema()["oneOf"].([]any)
	return map[string]any{"oneOf": []any{map[string]any{"enum": minimiserNames()}, forms[1]}}
}
