package assess

import (
	"slices"
	"strings"
)

// Question is what an assessment is asked about one of its keys.
type Question struct {
	Key      string // "interest.what"
	Ask      string
	Good     string     // what a good answer holds
	Step     string     // of the three-part test, on its first question
	List     bool       // the answer is a list, with commas between; of texts in words, with semicolons
	Pairs    bool       // the answer is a list of "key: value", with commas between
	Optional bool       // there need not be an answer
	Parts    []Question // the answer is a list of mappings, asked for key by key; Key is that of the mapping

	prose bool // the answer is a text that has to say something
}

// at is the path of the question's key.
func (q *Question) at() []any {
	var path []any
	for name := range strings.SplitSeq(q.Key, ".") {
		path = append(path, name)
	}
	return path
}

// Questions lists what an assessment is asked, in the order of the three-part test: interest,
// necessity, balancing (EDPB Guidelines 1/2024, version for public consultation, 8 October 2024; the
// questions of the ICO's form in words of ours).
func Questions() []Question { return questions }

var questions = []Question{
	{
		Key: "id", Step: "The document", Ask: "Which id is the assessment to have?",
		Good: "a short name that records will refer to, as LIA-2026-001",
	},
	{
		Key: "title", Ask: "What is it about, in one line?",
		Good: "the processing, as specific as it is: Cookieless audience measurement",
	},
	{
		Key: "version", Ask: "Which version is it?",
		Good: "1 for a new one; it counts up with every change that is put to approval",
	},
	{
		Key: "owner", Ask: "Who answers for it?",
		Good: "an e-mail address or a role; somebody else than who approves it",
	},
	{
		Key: "purposes", Ask: "Which purposes does it cover?", List: true,
		Good: "ids from policy/purposes.yaml, or their numbers, with commas between",
	},
	{
		Key: "recipients", Ask: "Who receives the data?", List: true,
		Good: "ids of vendors in the server file, or their numbers, with commas between",
	},

	{
		Key: "interest.what", Step: "Step one: the interest", Ask: "What do you want to achieve?", prose: true,
		Good: "an interest that is lawful, clear and present, in words that could not stand under any other assessment",
	},
	{
		Key: "interest.benefit", Ask: "Who gains what by it?", prose: true,
		Good: "you, the people concerned, the public: and how much it matters to each",
	},
	{
		Key: "interest.if_we_did_not", Ask: "What if you did not do it?", prose: true,
		Good: "what would be worse then, and for whom",
	},
	{
		Key: "third_parties", Ask: "Whose interests are at stake beside yours and those of the people concerned?",
		prose: true,
		Good:  "other customers, firms, the public: what they gain or lose; or why it touches nobody else",
	},

	{
		Key: "necessity.why", Step: "Step two: necessity", Ask: "How does the processing serve that interest?", prose: true,
		Good: "why it takes these data, and not only why it is handy",
	},
	{
		Key: "necessity.alternatives", Ask: "Which less intrusive ways were looked at?", prose: true,
		Good: "each way (fewer data, a sample, consent, none at all) and why it does not do; that few people agree is no " +
			"reason",
	},
	{
		Key: "necessity.minimised", Ask: "How are the data cut down to what is needed?", prose: true,
		Good: "what the profile does: what is dropped, cut, replaced, when it is deleted, and why not sooner",
	},

	{
		Key: "balancing.relationship", Step: "Step three: the balance", Ask: "What are the people to you?",
		Good: "visitor, customer, member ...: what they are, not what you hope they become",
	},
	{
		Key: "balancing.expected", Ask: "Why can they expect it?", prose: true,
		Good: "what they were told, where the data come from, how usual it is; and what it means for children, if any " +
			"are among them",
	},
	{
		Key: "balancing.evidence", Ask: "What shows that they do expect it?", prose: true,
		Good: "questions you asked them, complaints and objections you counted, what is usual in the trade: with dates " +
			"and numbers; or that there is none yet, and when you will have some",
	},
	{
		Key: "balancing.refused_before", Ask: "Was consent to it asked for before, and what did people answer?", prose: true,
		Good: "that nobody was asked; or how many refused, and what differs now: who said no must not find the same " +
			"thing done all the same",
	},
	{
		Key: "effects", Ask: "What can it do to people?",
		Good: "one effect after another, also on those who are wrongly counted, blocked or taken for somebody else",
		Parts: []Question{
			{
				Key: "what", Ask: "What may happen to whom?", prose: true,
				Good: "one effect: somebody is recognised, misjudged, sorted out, feels watched ...",
			},
			{Key: "likelihood", Ask: "How likely is that, with the safeguards in place?", Good: "low, medium or high"},
			{Key: "severity", Ask: "How grave is it for who is concerned?", Good: "low, medium or high"},
			{
				Key: "mitigated_by", Ask: "What makes it less likely, or less grave?", prose: true,
				Good: "what is really done: by the profile, by the contract, by people",
			},
		},
	},
	{
		Key: "balancing.impact", Ask: "How grave can the effects on them be, all together?",
		Good: "low, medium or high; not less than the gravest effect",
	},
	{Key: "balancing.children", Ask: "Are children among them?", Good: "no, possible or yes"},
	{
		Key: "balancing.special_categories", Ask: "Are special categories of data touched (Art. 9)?",
		Good: "no; whoever can answer possible or yes needs another ground",
	},
	{
		Key: "balancing.transparency", Ask: "How are they told?", prose: true,
		Good: "where, in which words, and when",
	},
	{
		Key: "safeguards", Ask: "What limits the impact?", List: true,
		Good: "names, or their numbers, with commas between; what a policy can show is held against it",
	},
	{
		Key: "data", Ask: "Which classes of data, and what is the loosest thing that may be done to each?", Pairs: true,
		Good: "event_name: keep, client_id: derive, url: url ...; what a profile may do beside dropping. Or the name of a " +
			"profile, whose classes are taken",
	},
	{Key: "retention", Ask: "How long do recipients keep the data?", Good: "a span as 14 months, for which minimised " +
		"gives the reason"},
	{
		Key: "objection.how", Ask: "Where do people object?", prose: true,
		Good: "a place that is easy to find and takes one step, as the preference centre in the footer of every page",
	},
	{
		Key: "objection.compelling_grounds",
		Ask: "Are there compelling grounds that might be shown for one who objects (Art. 21(1))? An objection " +
			"restricts at once all the same.",
		Good: "none, almost always; never for direct marketing",
	},

	{
		Key: "dpia", Step: "The outcome", Ask: "Is there a data protection impact assessment?",
		Good: "a reference to it, or none; asked for where the impact is high, sharing large-scale, or people are profiled",
	},
	{
		Key: "dpo_advice", Ask: "What did the data protection officer advise?", prose: true,
		Good: "the advice, its day, and what was made of it; where there is no such officer, why none is needed",
	},
	{
		Key: "consulted", Ask: "Who else was asked?", List: true, Optional: true,
		Good: "a works council, visitors, a processor ..., with semicolons between",
	},
	{
		Key: "conclusion", Ask: "Why does the interest prevail, and which risk is left?", prose: true,
		Good: "the interest weighed against the effects above, and what would change the result",
	},
	{
		Key: "review_by", Ask: "By which day is it reviewed?",
		Good: "a day within a year or so, as 2027-05-04: after it the activities deny",
	},
}

// effectQuestions are those about each effect.
func effectQuestions() []Question {
	at := slices.IndexFunc(questions, func(q Question) bool { return q.Key == "effects" })
	return questions[at].Parts
}
