package assess

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// answers: each question of the three-part test is answered, and with more than a word.
func (c *checker) answers() {
	answered := map[string]string{}
	for i := range questions {
		q := &questions[i]
		if q.prose || q.Parts != nil {
			c.given(q)
		}
		if !q.prose {
			continue
		}
		for _, part := range c.said(q) {
			c.text(q, part)
			words := strings.Join(wordsOf(part.text), " ")
			if before := answered[words]; before != "" && before != q.Key && vague(part.text) == "" {
				c.find("answer-repeated", art6Interest, part.at, "%s says word for word what %s says: %s", q.Key, before, q.Good)
			}
			answered[words] = q.Key
		}
	}
	for i := range c.a.Effects {
		for _, of := range effectQuestions() {
			if of.prose {
				q := of
				q.Key = "effects." + strconv.Itoa(i+1) + "." + of.Key
				for _, part := range c.saidAt(strict.Path("effects", i, of.Key)) {
					c.text(&q, part)
				}
			}
		}
	}
	for i := range c.a.Consulted {
		for _, part := range c.saidAt(strict.Path("consulted", i)) {
			if fault := vague(part.text); fault != "" && fault != hardly {
				c.find("answer-missing", art6Interest, part.at, "consulted %s: say who was asked, and when", fault)
			}
		}
	}
}

// given: the key is there. Documents of before some keys were known lack them.
func (c *checker) given(q *Question) {
	if !c.doc.Has(q.at()...) {
		c.find("answer-missing", art6Interest, q.at(), "%s is missing: %s %s", q.Key, q.Ask, upper(q.Good)+".")
	}
}

// text: it says something.
func (c *checker) text(q *Question, part saying) {
	if fault := vague(part.text); fault != "" {
		c.find("answer-missing", art6Interest, part.at, "%s %s: %s", q.Key, fault, q.Good)
	}
}

// upper begins a sentence.
func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// languages: what is said in one language is said in each.
func (c *checker) languages() {
	said := map[string][]string{}
	all := map[string]bool{}
	for key, text := range c.inWords() {
		said[key] = slices.Sorted(maps.Keys(text))
		for _, lang := range said[key] {
			all[lang] = true
		}
	}
	if len(all) < 2 { // in one language, or in none that is named
		return
	}
	delete(all, "")
	for _, key := range slices.Sorted(maps.Keys(said)) {
		lacks := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(lang string) bool {
			return slices.Contains(said[key], lang)
		})
		if len(said[key]) > 0 && len(lacks) > 0 {
			c.find("language-missing", art12Words, pathOf(key),
				"%s is not said in %s, which others of its texts are: say it in each language", key, strings.Join(lacks, ", "))
		}
	}
}

// inWords are the texts of the document that people read, by key.
func (c *checker) inWords() map[string]basis.Text {
	a := c.a
	all := map[string]basis.Text{
		"title": a.Title, "interest.what": a.Interest.What, "interest.benefit": a.Interest.Benefit,
		"interest.if_we_did_not": a.Interest.IfWeDidNot, "third_parties": a.ThirdParties,
		"necessity.why": a.Necessity.Why, "necessity.alternatives": a.Necessity.Alternatives,
		"necessity.minimised": a.Necessity.Minimised, "balancing.relationship": a.Balancing.Relationship,
		"balancing.expected": a.Balancing.Expected, "balancing.evidence": a.Balancing.Evidence,
		"balancing.refused_before": a.Balancing.RefusedBefore, "balancing.transparency": a.Balancing.Transparency,
		"objection.how": a.Objection.How, "dpo_advice": a.DPOAdvice, "conclusion": a.Conclusion,
	}
	if english, _ := wordsIn("en"); english.Relations[a.Balancing.Relationship[""]] != "" {
		delete(all, "balancing.relationship") // one word that is known in each language
	}
	if a.CompellingGrounds() {
		all["objection.compelling_grounds"] = a.Objection.CompellingGrounds
	}
	for i := range a.Effects {
		key := "effects." + strconv.Itoa(i+1)
		all[key+".what"], all[key+".mitigated_by"] = a.Effects[i].What, a.Effects[i].MitigatedBy
	}
	for i, who := range a.Consulted {
		all["consulted."+strconv.Itoa(i+1)] = who
	}
	return all
}

// pathOf is the path of a key with dots; numbers count from 1 in a list.
func pathOf(key string) []any {
	var path []any
	for step := range strings.SplitSeq(key, ".") {
		if n, err := strconv.Atoi(step); err == nil {
			path = append(path, n-1)
		} else {
			path = append(path, step)
		}
	}
	return path
}

// texts are all that the assessment says in prose.
func (c *checker) texts() []string {
	all := []string{c.a.Title.All()}
	for _, q := range questions {
		if q.prose && q.Key != "necessity.alternatives" { // which speaks of what is not done
			for _, part := range c.said(&q) {
				all = append(all, part.text)
			}
		}
	}
	for i := range c.a.Effects {
		all = append(all, c.a.Effects[i].What.All(), c.a.Effects[i].MitigatedBy.All())
	}
	return all
}

// said is what the document answers to a question, in each language in which it does; nothing where the key is missing.
func (c *checker) said(q *Question) []saying {
	return c.saidAt(q.at())
}

// saidAt is what the document says at a path.
func (c *checker) saidAt(at []any) []saying {
	if !c.doc.Has(at...) {
		return nil
	}
	node := c.doc.Find(at)
	if node.Kind != yaml.MappingNode {
		return []saying{{node.Value, at}}
	}
	var all []saying
	for i := 0; i+1 < len(node.Content); i += 2 {
		all = append(all, saying{node.Content[i+1].Value, inLanguage(at, node.Content[i].Value)})
	}
	return all
}

// saying is a text of the document, with the path that leads to it.
type saying struct {
	text string
	at   []any
}

// inLanguage is the path of a text in a language, "" where it names none.
func inLanguage(at []any, lang string) []any {
	if lang == "" {
		return at
	}
	return append(slices.Clone(at), lang)
}
