package assess

import "strings"

// Question is what an assessment is asked about one of its keys.
type Question struct {
	Key   string // "interest.what"
	Ask   string
	Good  string // what a good answer holds
	Step  string // of the three-part test, on its first question
	List  bool   // the answer is a list, with commas between
	Pairs bool   // the answer is a list of "key: value", with commas between

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

// Questions lists what an assessment is asked, in the order of the three-part test: interest, necessity, balancing (EDPB Guidelines 1/2024;
// the questions of the ICO's form in words of ours).
func Questions() []Question { return questions }

var questions = []Question{
	{Key: "id", Step: "The document", Ask: "Which id is the assessment to have?", Good: "a short name that records will refer to, as LIA-2026-001"},
	{Key: "title", Ask: "What is it about, in one line?", Good: "the processing, as specific as it is: Cookieless audience measurement"},
	{Key: "version", Ask: "Which version is it?", Good: "1 for a new one; it counts up with every change that is put to approval"},
	{Key: "owner", Ask: "Who answers for it?", Good: "an e-mail address or a role; somebody else than who approves it"},
	{Key: "purposes", Ask: "Which purposes does it cover?", Good: "ids from policy/purposes.yaml", List: true},
	{Key: "recipients", Ask: "Who receives the data?", Good: "ids of vendors in the server file", List: true},

	{Key: "interest.what", Step: "Step one: the interest", Ask: "What do you want to achieve?", Good: "an interest that is lawful, clear and present, in words that could not stand under any other assessment", prose: true},
	{Key: "interest.benefit", Ask: "Who gains what by it?", Good: "you, the people concerned, the public: and how much it matters to each", prose: true},
	{Key: "interest.if_we_did_not", Ask: "What if you did not do it?", Good: "what would be worse then, and for whom", prose: true},

	{Key: "necessity.why", Step: "Step two: necessity", Ask: "How does the processing serve that interest?", Good: "why it takes these data, and not only why it is handy", prose: true},
	{Key: "necessity.alternatives", Ask: "Which less intrusive ways were looked at?", Good: "each way (fewer data, consent, none at all) and why it does not do", prose: true},
	{Key: "necessity.minimised", Ask: "How are the data cut down to what is needed?", Good: "what the profile does: what is dropped, cut, replaced, and when it is deleted", prose: true},

	{Key: "balancing.relationship", Step: "Step three: the balance", Ask: "What are the people to you?", Good: "visitor, customer, member ...: what they are, not what you hope they become"},
	{Key: "balancing.expected", Ask: "Why can they expect it?", Good: "what they were told, where the data come from, how usual it is; and what it means for children, if any are among them", prose: true},
	{Key: "balancing.impact", Ask: "How grave can the effects on them be?", Good: "low, medium or high"},
	{Key: "balancing.children", Ask: "Are children among them?", Good: "no, possible or yes"},
	{Key: "balancing.special_categories", Ask: "Are special categories of data touched (Art. 9)?", Good: "no; whoever can answer possible or yes needs another ground"},
	{Key: "balancing.transparency", Ask: "How are they told?", Good: "where, in which words, and when", prose: true},
	{Key: "safeguards", Ask: "What limits the impact?", Good: "names that can be held against the policy: pseudonymisation, ip_truncation, short_retention, objection_in_one_click ...", List: true},
	{Key: "data", Ask: "Which classes of data, and what is the loosest thing that may be done to each?", Good: "event_name: keep, client_id: derive, url: url ...; what a profile may do beside dropping", Pairs: true},
	{Key: "dpia", Ask: "Is there a data protection impact assessment?", Good: "a reference to it, or none; asked for where the impact is high, sharing large-scale, or people are profiled"},
	{Key: "retention", Ask: "How long do recipients keep the data?", Good: "a span as 14 months"},
	{Key: "objection.how", Ask: "Where do visitors object?", Good: "a place that is easy to find and takes one step", prose: true},
	{Key: "objection.compelling_grounds", Ask: "Are there compelling grounds that might be shown for one who objects (Art. 21(1))? An objection restricts at once all the same.", Good: "none, almost always; never for direct marketing"},
	{Key: "review_by", Ask: "By which day is it reviewed?", Good: "a day within a year or so, as 2027-05-04: after it the activities deny"},
}
