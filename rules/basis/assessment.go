package basis

import "strings"

// Assessment is a legitimate interest assessment: the document policy/assessments/<id>.yaml, key for key.
// The texts answer the questions of the three steps (interest, necessity, balancing) that EDPB Guidelines 1/2024 and the ICO's form ask.
type Assessment struct {
	ID         string            `yaml:"id" is:"required,id" doc:"The assessment's name; activities and records refer to it."`
	Title      string            `yaml:"title" is:"required" doc:"What the assessment is about, in one line."`
	Version    int               `yaml:"version" is:"required,min=1" doc:"Counts up with every change that is put to approval. An older version than one already seen is refused."`
	Owner      string            `yaml:"owner" is:"required" doc:"Who answers for the assessment: an e-mail address or a role."`
	Purposes   []string          `yaml:"purposes" is:"required" doc:"Ids of the purposes that it covers. What they say is part of what is approved."`
	Recipients []string          `yaml:"recipients" is:"required" doc:"Ids of the vendors that it covers. Their hosts, and vendor files of one's own, are part of what is approved."`
	Interest   Interest          `yaml:"interest" is:"required" doc:"Step one: the interest that is pursued."`
	Necessity  Necessity         `yaml:"necessity" is:"required" doc:"Step two: why the processing is necessary for it."`
	Balancing  Balancing         `yaml:"balancing" is:"required" doc:"Step three: the interest against the visitors' rights and expectations."`
	Safeguards []string          `yaml:"safeguards" is:"required" doc:"What limits the impact, by name: pseudonymisation, ip_truncation, short_retention, objection_in_one_click ..."`
	Data       map[string]string `yaml:"data" is:"required,keys=class,values=minimiser" doc:"Per class the loosest thing that may be done to it (the name of a minimiser). A profile may do that or drop it, and nothing else."`
	DPIA       string            `yaml:"dpia" is:"required" doc:"A reference to the data protection impact assessment, or none. Asked for where the impact is high."`
	Retention  Period            `yaml:"retention" is:"required" doc:"How long recipients keep the data: 14 months."`
	Objection  Objecting         `yaml:"objection" is:"required" doc:"How visitors object, and what then."`
	Decided    Day               `yaml:"decided" doc:"The day, in UTC, from which on it is meant to hold: 2026-05-04. Until then its activities deny with assessment_postdated. Default: from its approval on."`
	ReviewBy   Day               `yaml:"review_by" is:"required" doc:"The last good day, in UTC. From the next midnight on its activities deny with assessment_expired; warnings start 30 days ahead."`
	Approval   string            `yaml:"approval" is:"empty" doc:"A signed note over the digest of the meaning of all the above, of the purposes, the recipients and the activities that rest on it. Empty until approved: its activities deny with assessment_unapproved."`
}

// Interest is step one of an assessment.
type Interest struct {
	What       string `yaml:"what" is:"required" doc:"The interest, as specific as it is."`
	Benefit    string `yaml:"benefit" is:"required" doc:"Who gains what by it."`
	IfWeDidNot string `yaml:"if_we_did_not" is:"required" doc:"What would happen without the processing."`
}

// Necessity is step two of an assessment.
type Necessity struct {
	Why          string `yaml:"why" is:"required" doc:"How the processing serves the interest."`
	Alternatives string `yaml:"alternatives" is:"required" doc:"Which less intrusive ways were looked at, and why they do not do."`
	Minimised    string `yaml:"minimised" is:"required" doc:"How the data are cut down to what is needed."`
}

// Balancing is step three of an assessment.
type Balancing struct {
	Relationship      string `yaml:"relationship" is:"required" doc:"What the people concerned are to the controller: visitor, customer, member ..."`
	Expected          string `yaml:"expected" is:"required" doc:"Why they can expect the processing."`
	Impact            string `yaml:"impact" is:"required,enum=low|medium|high" doc:"How grave the effects on them can be."`
	Children          string `yaml:"children" is:"required,enum=no|possible|yes" doc:"Whether children are among them."`
	SpecialCategories string `yaml:"special_categories" is:"required,enum=no|possible|yes" doc:"Whether special categories of data (Art. 9) are touched."`
	Transparency      string `yaml:"transparency" is:"required" doc:"How they are told."`
}

// Objecting is what an assessment says of the right to object (Art. 21).
type Objecting struct {
	How               string `yaml:"how" is:"required" doc:"Where visitors object."`
	CompellingGrounds string `yaml:"compelling_grounds" is:"required" doc:"The compelling grounds that might be shown for one who objects (Art. 21(1)), or none. An objection restricts at once all the same; for direct marketing there are none."`
}

// CompellingGrounds tells whether the assessment documents grounds that might override an objection.
func (a *Assessment) CompellingGrounds() bool {
	grounds := strings.TrimSpace(a.Objection.CompellingGrounds)
	return grounds != "" && !strings.EqualFold(grounds, "none") && !strings.EqualFold(grounds, "no")
}
