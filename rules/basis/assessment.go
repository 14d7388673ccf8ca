package basis

import (
	"slices"
	"strconv"
	"strings"
)

// Assessment is a legitimate interest assessment: the document policy/assessments/<id>.yaml, key for key.
// The texts answer the questions of the three steps (interest, necessity, balancing) that EDPB Guidelines 1/2024
// (version for public consultation, 8 October 2024) and the ICO's form ask.
type Assessment struct {
	ID           string            `yaml:"id" is:"required,id" doc:"The assessment's name; activities and records refer to it."`
	Title        Text              `yaml:"title" is:"required" doc:"What the assessment is about, in one line. A text, or a text for each language {en, de, fr}, as every text here."`
	Version      int               `yaml:"version" is:"required,min=1" doc:"Counts up with every change that is put to approval. An older version than one already seen is refused."`
	Owner        string            `yaml:"owner" is:"required" doc:"Who answers for the assessment: an e-mail address or a role."`
	Purposes     []string          `yaml:"purposes" is:"required" doc:"Ids of the purposes that it covers. What they say is part of what is approved."`
	Recipients   []string          `yaml:"recipients" is:"required" doc:"Ids of the vendors that it covers. Their hosts, and vendor files of one's own, are part of what is approved."`
	Interest     Interest          `yaml:"interest" is:"required" doc:"Step one: the interest that is pursued."`
	Necessity    Necessity         `yaml:"necessity" is:"required" doc:"Step two: why the processing is necessary for it."`
	Balancing    Balancing         `yaml:"balancing" is:"required" doc:"Step three: the interest against the visitors' rights and expectations."`
	ThirdParties Text              `yaml:"third_parties" doc:"Whose interests beside yours and the visitors' are served, and whose are touched: other customers, the public ..."`
	Effects      []Effect          `yaml:"effects" doc:"What the processing can do to people, each with how likely and how grave it is, and what mitigates it."`
	Conclusion   Text              `yaml:"conclusion" doc:"Why the interest prevails over the visitors' interests and rights, or does not, and what risk is left."`
	DPOAdvice    Text              `yaml:"dpo_advice" doc:"What the data protection officer advised, on which day, and what was made of it; or why there is none."`
	Consulted    []Text            `yaml:"consulted" doc:"Who else was asked: a works council, visitors, a processor ..."`
	Safeguards   []string          `yaml:"safeguards" is:"required" doc:"What limits the impact, by name: pseudonymisation, ip_truncation, limited_retention, objection_in_one_click ..."`
	Data         map[string]string `yaml:"data" is:"required,keys=class,values=minimiser" doc:"Per class the loosest thing that may be done to it (the name of a minimiser). A profile may do that or drop it, and nothing else."`
	DPIA         string            `yaml:"dpia" is:"required" doc:"A reference to the data protection impact assessment, or none. Asked for where the impact is high."`
	Retention    Period            `yaml:"retention" is:"required" doc:"How long recipients keep the data: 14 months."`
	Objection    Objecting         `yaml:"objection" is:"required" doc:"How visitors object, and what then."`
	Decided      Day               `yaml:"decided" doc:"The day, in UTC, from which on it is meant to hold: 2026-05-04. Until then its activities deny with assessment_postdated. Default: from its approval on."`
	ReviewBy     Day               `yaml:"review_by" is:"required" doc:"The last good day, in UTC. From the next midnight on its activities deny with assessment_expired; warnings start 30 days ahead."`
	Approval     string            `yaml:"approval" is:"empty" doc:"A signed note over the digest of the meaning of all the above, of the purposes, the recipients and the activities that rest on it. Empty until approved: its activities deny with assessment_unapproved."`
}

// Interest is step one of an assessment.
type Interest struct {
	What       Text `yaml:"what" is:"required" doc:"The interest, as specific as it is."`
	Benefit    Text `yaml:"benefit" is:"required" doc:"Who gains what by it."`
	IfWeDidNot Text `yaml:"if_we_did_not" is:"required" doc:"What would happen without the processing."`
}

// Necessity is step two of an assessment.
type Necessity struct {
	Why          Text `yaml:"why" is:"required" doc:"How the processing serves the interest."`
	Alternatives Text `yaml:"alternatives" is:"required" doc:"Which less intrusive ways were looked at, and why they do not do."`
	Minimised    Text `yaml:"minimised" is:"required" doc:"How the data are cut down to what is needed."`
}

// Balancing is step three of an assessment.
type Balancing struct {
	Relationship      Text   `yaml:"relationship" is:"required" doc:"What the people concerned are to the controller: visitor, customer, member ..."`
	Expected          Text   `yaml:"expected" is:"required" doc:"Why they can expect the processing."`
	Evidence          Text   `yaml:"evidence" doc:"What shows that they expect it: questions to visitors, complaints, what is usual in the trade."`
	RefusedBefore     Text   `yaml:"refused_before" doc:"Whether consent to it was asked for before and refused, by how many, and what differs now."`
	Impact            string `yaml:"impact" is:"required,enum=low|medium|high" doc:"How grave the effects on them can be."`
	Children          string `yaml:"children" is:"required,enum=no|possible|yes" doc:"Whether children are among them."`
	SpecialCategories string `yaml:"special_categories" is:"required,enum=no|possible|yes" doc:"Whether special categories of data (Art. 9) are touched."`
	Transparency      Text   `yaml:"transparency" is:"required" doc:"How they are told."`
}

// Objecting is what an assessment says of the right to object (Art. 21).
type Objecting struct {
	How               Text `yaml:"how" is:"required" doc:"Where visitors object."`
	CompellingGrounds Text `yaml:"compelling_grounds" is:"required" doc:"The compelling grounds that might be shown for one who objects (Art. 21(1)), or none. An objection restricts at once all the same; for direct marketing there are none."`
}

// Effect is something that the processing can do to people.
type Effect struct {
	What        Text   `yaml:"what" is:"required" doc:"What may happen to whom."`
	Likelihood  string `yaml:"likelihood" is:"required,enum=low|medium|high" doc:"How likely it is, with the safeguards in place."`
	Severity    string `yaml:"severity" is:"required,enum=low|medium|high" doc:"How grave it is for who is concerned."`
	MitigatedBy Text   `yaml:"mitigated_by" is:"required" doc:"What makes it less likely, or less grave."`
}

// CompellingGrounds tells whether the assessment documents grounds that might override an objection.
func (a *Assessment) CompellingGrounds() bool {
	for _, grounds := range a.Objection.CompellingGrounds {
		grounds = strings.TrimSpace(grounds)
		if grounds != "" && !slices.ContainsFunc(nothing, func(no string) bool { return strings.EqualFold(grounds, no) }) {
			return true
		}
	}
	return false
}

// Unsaid lists the keys that an assessment is asked for and that documents of before they were known lack.
func (a *Assessment) Unsaid() []string {
	var lacks []string
	for _, of := range []struct {
		key  string
		said bool
	}{
		{"third_parties", len(a.ThirdParties) > 0}, {"balancing.evidence", len(a.Balancing.Evidence) > 0},
		{"balancing.refused_before", len(a.Balancing.RefusedBefore) > 0}, {"effects", len(a.Effects) > 0},
		{"dpo_advice", len(a.DPOAdvice) > 0}, {"conclusion", len(a.Conclusion) > 0},
	} {
		if !of.said {
			lacks = append(lacks, of.key)
		}
	}
	return lacks
}

// nothing is what stands where there are no grounds.
var nothing = []string{"none", "no", "keine", "nein", "aucun", "aucune", "aucuns", "non"}

// newer are the facts that a document states beside what [Assessment.document] writes: texts by language, and keys that
// came later. What says nothing is no fact, so that a document without them means what it meant before there were any.
func (a *Assessment) newer() Facts {
	facts := Facts{}
	for key, text := range map[string]Text{
		"title": a.Title, "interest.what": a.Interest.What, "interest.benefit": a.Interest.Benefit,
		"interest.if_we_did_not": a.Interest.IfWeDidNot, "necessity.why": a.Necessity.Why,
		"necessity.alternatives": a.Necessity.Alternatives, "necessity.minimised": a.Necessity.Minimised,
		"balancing.relationship": a.Balancing.Relationship, "balancing.expected": a.Balancing.Expected,
		"balancing.transparency": a.Balancing.Transparency, "objection.how": a.Objection.How,
		"objection.compelling_grounds": a.Objection.CompellingGrounds,
	} {
		text.add(facts, key)
	}
	whole := func(key string, text Text) {
		text.add(facts, key)
		if said := oneLine(text[""]); said != "" {
			facts[key] = []string{said}
		}
	}
	whole("third_parties", a.ThirdParties)
	whole("balancing.evidence", a.Balancing.Evidence)
	whole("balancing.refused_before", a.Balancing.RefusedBefore)
	whole("conclusion", a.Conclusion)
	whole("dpo_advice", a.DPOAdvice)
	for i, who := range a.Consulted {
		whole("consulted."+strconv.Itoa(i), who)
	}
	for i := range a.Effects {
		e, key := &a.Effects[i], "effects."+strconv.Itoa(i)
		facts[key] = []string{e.Likelihood, e.Severity}
		whole(key+".what", e.What)
		whole(key+".mitigated_by", e.MitigatedBy)
	}
	return facts
}
