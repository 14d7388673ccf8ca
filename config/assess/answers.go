package assess

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Answers are what the questions of an assessment were answered with.
type Answers struct {
	nodes map[string]*yaml.Node // by Question.Key
}

// ReadAnswers reads a file with the keys of an assessment, any of which may be missing. An error is a [strict.Faults].
func ReadAnswers(name string, text []byte) (*Answers, error) {
	var faults strict.Faults
	doc := strict.Parse(name, text, &faults)
	if doc == nil {
		return nil, faults.Err()
	}
	config.Decode(doc, new(basis.Assessment), &faults)
	if err := besidesMissing(faults).Err(); err != nil {
		return nil, err
	}
	answers := new(Answers)
	for _, q := range append(slices.Clone(questions), unasked...) {
		if doc.Has(q.at()...) {
			answers.set(q.Key, doc.Find(q.at()))
		}
	}
	return answers, nil
}

// unasked are keys that are taken from a file, and not asked for.
var unasked = []Question{{Key: "decided"}}

// besidesMissing leaves out that keys are missing: they are asked for.
func besidesMissing(faults strict.Faults) strict.Faults {
	return slices.DeleteFunc(slices.Clone(faults), func(f strict.Fault) bool {
		return strings.HasPrefix(f.Msg, "missing key ")
	})
}

func (a *Answers) set(key string, node *yaml.Node) {
	if a.nodes == nil {
		a.nodes = map[string]*yaml.Node{}
	}
	a.nodes[key] = node
}

// Missing lists the questions that have no answer yet.
func (a *Answers) Missing() []Question {
	return slices.DeleteFunc(slices.Clone(questions), func(q Question) bool { return a.nodes[q.Key] != nil || q.Optional })
}

// Given lists the keys that have an answer.
func (a *Answers) Given() []string { return slices.Sorted(maps.Keys(a.nodes)) }

// said is the answer to a question as somebody would type it, "" where there is none.
func (a *Answers) said(q *Question) string { return flat(a.nodes[q.Key]) }

// list is the answer to a question that takes a list.
func (a *Answers) list(key string) []string {
	node := a.nodes[key]
	if node == nil {
		return nil
	}
	var all []string
	for _, inner := range node.Content {
		all = append(all, inner.Value)
	}
	return all
}

// effects are those that were answered, the last one in part perhaps.
func (a *Answers) effects() []*yaml.Node {
	if node := a.nodes["effects"]; node != nil {
		return node.Content
	}
	return nil
}

// setEffect sets a key of an effect, which may be one more than there are.
func (a *Answers) setEffect(effect int, key, text string) {
	if a.nodes["effects"] == nil {
		a.set("effects", &yaml.Node{Kind: yaml.SequenceNode})
	}
	list := a.nodes["effects"]
	if effect >= len(list.Content) {
		list.Content = append(list.Content, &yaml.Node{Kind: yaml.MappingNode})
	}
	of := list.Content[effect]
	if _, value := strict.Child(of, key); value != nil {
		value.SetString(text)
		return
	}
	var value yaml.Node
	value.SetString(text)
	of.Content = append(of.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, &value)
}

// Answer takes an answer as people give it. The error says what is wrong with it, and what would be right.
func (a *Answers) Answer(q Question, text string, l *config.Loaded) error {
	text = strings.TrimSpace(text)
	if text == "" {
		return fmt.Errorf("that says nothing: %s", q.Good)
	}
	if fault := vague(text); q.prose && fault != "" {
		return fmt.Errorf("that %s: %s", fault, q.Good)
	}
	if _, there := l.Assessments[text]; there && q.Key == "id" {
		return fmt.Errorf("there is an assessment %s already, in %s: take another id, or edit that one", text,
			l.Assessments[text].File)
	}
	if q.Pairs {
		for part := range strings.SplitSeq(text, ",") {
			if !strings.Contains(part, ":") {
				return fmt.Errorf(
					"%q is no pair: write class: minimiser, with commas between pairs",
					strict.Shortened(strings.TrimSpace(part)))
			}
		}
	}
	node := answerNode(q, text)
	one := new(Answers)
	one.set(q.Key, node)
	var faults strict.Faults
	var interest basis.Text
	doc := strict.Parse("answer", one.text(), &faults)
	if doc != nil {
		var read basis.Assessment
		config.Decode(doc, &read, &faults)
		interest = read.Interest.What
		for _, id := range read.Purposes {
			if _, known := l.Purposes[id]; !known {
				faults.File("answer", "purpose %q is not known%s", strict.Shortened(id),
					strict.Suggestion(id, purposeIDs(l)))
			}
		}
		for _, id := range read.Recipients {
			if _, known := l.Server.Vendors[id]; !known {
				faults.File("answer", "vendor %q is not known%s", strict.Shortened(id),
					strict.Suggestion(id, vendorIDs(l)))
			}
		}
	}
	if wrong := besidesMissing(faults); len(wrong) > 0 {
		return fmt.Errorf("%s", wrong[0].Msg)
	}
	for _, what := range interest {
		if config.Unspecific(what) {
			return fmt.Errorf("%q %s", strict.Shortened(what), anybodys)
		}
	}
	a.set(q.Key, node)
	return nil
}

// purposeIDs and vendorIDs list what there is, in the files' order.
func purposeIDs(l *config.Loaded) []string {
	var ids []string
	for i := range l.Draft.Purposes {
		ids = append(ids, l.Draft.Purposes[i].ID)
	}
	return ids
}

func vendorIDs(l *config.Loaded) []string {
	var ids []string
	for i := range l.Draft.Vendors {
		ids = append(ids, l.Draft.Vendors[i].ID)
	}
	return ids
}

// answerNode is an answer in YAML.
func answerNode(q Question, text string) *yaml.Node {
	scalar := func(text string) *yaml.Node {
		var node yaml.Node
		node.SetString(strings.TrimSpace(text))
		return &node
	}
	switch {
	case q.List:
		list, between := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}, ","
		if q.Key == "consulted" { // in words, which may hold commas
			list.Style, between = 0, ";"
		}
		for part := range strings.SplitSeq(text, between) {
			list.Content = append(list.Content, scalar(part))
		}
		return list
	case q.Pairs:
		pairs := &yaml.Node{Kind: yaml.MappingNode}
		for part := range strings.SplitSeq(text, ",") {
			key, value, _ := strings.Cut(part, ":")
			pairs.Content = append(pairs.Content, scalar(key), scalar(value))
		}
		return pairs
	case q.Key == "version" || q.Key == "review_by":
		return &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	default:
		return scalar(text)
	}
}

// text writes the answers as a document, in the order of the questions.
func (a *Answers) text() []byte {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, q := range append(slices.Clone(questions), unasked...) {
		node := a.nodes[q.Key]
		if node == nil {
			continue
		}
		into, name := root, q.Key
		if section, key, inner := strings.Cut(q.Key, "."); inner {
			name = key
			if into = mappingOf(root, section); into == nil {
				into = &yaml.Node{Kind: yaml.MappingNode}
				root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: section}, into)
			}
		}
		into.Content = append(into.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, node)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return []byte(": " + err.Error()) // no YAML: whoever reads it says so
	}
	return out.Bytes()
}

func mappingOf(root *yaml.Node, name string) *yaml.Node {
	_, value := strict.Child(root, name)
	return value
}

// Write writes the assessment into the policy folder, and returns its file's name. Nothing that is there is
// overwritten. An error may be a [strict.Faults].
func (a *Answers) Write(l *config.Loaded) (string, error) {
	if missing := a.Missing(); len(missing) > 0 {
		return "", fmt.Errorf("%s is missing: %s", missing[0].Key, missing[0].Good)
	}
	id := a.nodes["id"].Value
	inner := config.AssessmentsFolder + "/" + id + ".yaml"
	path := filepath.Join(l.Source.Dir, filepath.FromSlash(inner))
	if l.Source.Text(inner) != nil {
		return "", fmt.Errorf(
			"%s is there already: nothing was written; take another id, or edit it and count its version up", path)
	}
	if _, there := l.Assessments[id]; there {
		return "", fmt.Errorf("there is an assessment %q already, in %s: take another id", id, l.Assessments[id].File)
	}
	text := append([]byte("# yaml-language-server: $schema=../.schema/assessment.json\n"+
		"# Held against the policy by `tagwarden lia check`. Until it is approved (`tagwarden lia approve`), its "+
		"activities deny.\n"), a.text()...)
	if _, err := l.With(inner, text); err != nil {
		return "", err
	}
	return path, writeNew(l, path, text)
}

// FreeID proposes an id that no assessment has: the year and a number.
func FreeID(l *config.Loaded, now time.Time) string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("LIA-%d-%03d", now.UTC().Year(), n)
		if _, taken := l.Assessments[id]; !taken {
			return id
		}
	}
}
