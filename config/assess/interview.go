package assess

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Interview asks for an assessment, one step after another, and goes back where it is told to. It knows no terminal:
// who asks shows [Interview.Step] and hands the answer to [Interview.Answer].
type Interview struct {
	Answers *Answers

	l     *config.Loaded
	now   time.Time
	given map[string]bool // by key: answered by a file, and not asked
	at    int             // of the steps
}

// Step is what is asked at a time: a question, or a part of one about an effect.
type Step struct {
	Question
	Number, Of int    // of the question among all
	Effect     int    // the number of the effect from 1 on, 0 for other questions
	More       bool   // whether there is one more: an answer need not be given
	Now        string // what was answered before, "" where nothing was
	Proposed   string // what an empty answer stands for; "" where there has to be an answer

	part int // of the effect
}

// Choice is one of the things that an answer may name.
type Choice struct{ Name, Says string }

// NewInterview begins after what is answered already. Keys that a file gave are not asked for.
func NewInterview(l *config.Loaded, answers *Answers, given []string, now time.Time) *Interview {
	i := &Interview{Answers: answers, l: l, now: now, given: map[string]bool{}}
	for _, key := range given {
		i.given[key] = true
	}
	i.at = i.first()
	return i
}

// steps are all that is asked, as far as the effects are known.
func (i *Interview) steps() []Step {
	var all []Step
	for n, q := range questions {
		step := Step{Question: q, Number: n + 1, Of: len(questions)}
		if i.given[q.Key] {
			continue
		}
		if q.Parts == nil {
			step.Now = i.Answers.said(&q)
			all = append(all, step)
			continue
		}
		effects := i.Answers.effects()
		for e := range effects {
			for part := range q.Parts {
				one := i.part(step, e, part)
				_, node := strict.Child(effects[e], one.Key)
				one.Now = flat(node)
				all = append(all, one)
			}
		}
		more := i.part(step, len(effects), 0)
		more.More = len(effects) > 0
		all = append(all, more)
	}
	return all
}

// part is a step about an effect.
func (i *Interview) part(of Step, effect, part int) Step {
	of.Effect, of.part = effect+1, part
	if part == 0 {
		of.Step = of.Ask
	}
	inner := of.Parts[part]
	of.Key, of.Ask, of.Good, of.prose, of.Parts = inner.Key, inner.Ask, inner.Good, inner.prose, nil
	return of
}

// first is the step to begin with: the first that has no answer, but for what may be left out and was passed before.
func (i *Interview) first() int {
	steps := i.steps()
	last := -1
	for n := range steps {
		if steps[n].Now != "" {
			last = n
		}
	}
	for n := range steps {
		optional := steps[n].More || steps[n].Optional
		if steps[n].Now == "" && (!optional || n > last) {
			return n
		}
	}
	return len(steps)
}

// Step is what is asked now; false where all is answered.
func (i *Interview) Step() (Step, bool) {
	steps := i.steps()
	if i.at >= len(steps) {
		return Step{}, false
	}
	step := steps[i.at]
	if step.Proposed = i.proposal(&step); step.Now != "" {
		step.Proposed = step.Now
	}
	return step, true
}

// Back goes to the step before; false where there is none.
func (i *Interview) Back() bool {
	if i.at == 0 {
		return false
	}
	i.at--
	return true
}

// Answer takes the answer to the step and goes on. The error says what is wrong with it, and what would be right; the
// step stays the same then.
func (i *Interview) Answer(text string) error {
	step, ok := i.Step()
	text = strings.TrimSpace(text)
	switch {
	case !ok:
		return nil
	case text == "" && step.Now != "": // it stays
	case text == "" && (step.More || step.Optional && step.Proposed == ""):
	case step.Effect > 0:
		if err := i.effect(&step, text); err != nil {
			return err
		}
	default:
		if text == "" {
			text = step.Proposed
		}
		if step.Optional && config.SaysNothing(text) || step.Optional && slices.Contains(nobody, strings.ToLower(text)) {
			delete(i.Answers.nodes, step.Key)
			break
		}
		text, err := i.chosen(&step, text)
		if err != nil {
			return err
		}
		if err := i.Answers.Answer(step.Question, text, i.l); err != nil {
			return err
		}
	}
	i.at++
	return nil
}

// nobody is an answer to who else was asked.
var nobody = []string{"nobody", "no one", "niemand", "personne"}

// effect takes the answer to a part of an effect.
func (i *Interview) effect(step *Step, text string) error {
	text, err := i.chosen(step, text)
	if err != nil {
		return err
	}
	if step.prose {
		if fault := vague(text); fault != "" {
			return fmt.Errorf("that %s: %s", fault, step.Good)
		}
	} else if level[text] == 0 {
		return fmt.Errorf("%q is none of the choices: %s", strict.Shortened(text), step.Good)
	}
	i.Answers.setEffect(step.Effect-1, step.Key, text)
	return nil
}

// Choices are what the answer to a step may name, in the order in which they are numbered; none for most.
func (i *Interview) Choices(step *Step) []Choice {
	var all []Choice
	add := func(name, says string) { all = append(all, Choice{name, says}) }
	switch step.Key {
	case "purposes":
		for _, id := range purposeIDs(i.l) {
			title, _ := i.l.Purposes[id].Title.In("en")
			add(id, title)
		}
	case "recipients":
		for n := range i.l.Draft.Vendors {
			add(i.l.Draft.Vendors[n].ID, i.l.Draft.Vendors[n].Catalog.Name)
		}
	case "safeguards":
		english, _ := wordsIn("en")
		for _, name := range config.SafeguardNames() {
			add(name, english.Safeguards[name])
		}
	case "data":
		for _, name := range slices.Sorted(maps.Keys(i.l.Profiles)) {
			add(name, "the classes of this profile")
		}
	case "balancing.impact", "likelihood", "severity":
		add(low, "")
		add(medium, "")
		add(high, "")
	case "balancing.children", "balancing.special_categories":
		add("no", "")
		add("possible", "")
		add("yes", "")
	}
	return all
}

// chosen puts names in the place of the numbers of choices, and a profile's classes in the place of its name.
func (i *Interview) chosen(step *Step, text string) (string, error) {
	choices := i.Choices(step)
	if len(choices) == 0 {
		return text, nil
	}
	parts := []string{text}
	if step.List {
		parts = strings.Split(text, ",")
	}
	for n, part := range parts {
		part = strings.TrimSpace(part)
		if number, err := strconv.Atoi(part); err == nil {
			if number < 1 || number > len(choices) {
				return "", fmt.Errorf("%d is none of the numbers: there are 1 to %d", number, len(choices))
			}
			part = choices[number-1].Name
		}
		parts[n] = part
	}
	if step.Key == "data" && slices.ContainsFunc(choices, func(c Choice) bool { return c.Name == parts[0] }) {
		data := i.dataOf(parts[0])
		if data == "" {
			return "", fmt.Errorf("profile %s lets nothing about a visitor through to these recipients", parts[0])
		}
		return data, nil
	}
	return strings.Join(parts, ", "), nil
}

// proposal is what an empty answer to a question stands for.
func (i *Interview) proposal(step *Step) string {
	switch step.Key {
	case "id":
		return FreeID(i.l, i.now)
	case "version":
		return "1"
	case "dpia", "objection.compelling_grounds":
		return "none"
	case "consulted":
		return "nobody"
	case "data":
		return i.data()
	case "retention":
		for _, a := range i.alike() {
			if !a.Retention.IsZero() {
				return a.Retention.String()
			}
			if of := i.l.Assessments[a.Assessment].Document; of != nil {
				return of.Retention.String()
			}
		}
	}
	return ""
}

// alike are the activities on a legitimate interest that send to the recipients for the purposes that were answered.
func (i *Interview) alike() []*config.Activity {
	var all []*config.Activity
	purposes, recipients := i.Answers.list("purposes"), i.Answers.list("recipients")
	for n := range i.l.Activities {
		a := &i.l.Activities[n]
		if a.Basis == "legitimate_interest" && slices.Contains(recipients, a.Vendor) &&
			slices.ContainsFunc(a.Purposes, func(id string) bool { return slices.Contains(purposes, id) }) {
			all = append(all, a)
		}
	}
	return all
}

// data are the classes that the profiles of such activities let through.
func (i *Interview) data() string { return i.classes(i.alike()) }

// dataOf are the classes that a profile lets through to the recipients that were answered.
func (i *Interview) dataOf(profile string) string {
	var all []*config.Activity
	for _, vendor := range i.Answers.list("recipients") {
		all = append(all, &config.Activity{Vendor: vendor, Profile: profile})
	}
	return i.classes(all)
}

// classes are what the profiles of activities let through, as an answer: each
// class with the loosest that is done to it.
func (i *Interview) classes(of []*config.Activity) string {
	loosest := map[string]minimise.Kind{}
	var names []string
	for _, a := range of {
		for _, line := range i.l.Lines(a) {
			name, kind := line.Class.String(), line.Spec.Kind
			was, known := loosest[name]
			if !kind.Passes() {
				continue
			}
			if !known {
				names = append(names, name)
			}
			if !known || kind.Rank() < was.Rank() {
				loosest[name] = kind
			}
		}
	}
	slices.Sort(names)
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, name+": "+loosest[name].String())
	}
	return strings.Join(pairs, ", ")
}

// flat is a value as somebody would type it.
func flat(node *yaml.Node) string {
	if node == nil {
		return ""
	}
	var parts []string
	switch node.Kind {
	case yaml.SequenceNode:
		for _, inner := range node.Content {
			parts = append(parts, flat(inner))
		}
	case yaml.MappingNode:
		for n := 0; n+1 < len(node.Content); n += 2 {
			parts = append(parts, node.Content[n].Value+": "+flat(node.Content[n+1]))
		}
	default:
		return oneLine(node.Value)
	}
	return strings.Join(parts, ", ")
}
