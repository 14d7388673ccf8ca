package words

import (
	"cmp"
	"fmt"
)

// act is what somebody objected to, had kept, took back or complained about.
func act(r *record) string {
	said := fmt.Sprintf("%s of %s: %s from %s (%s), %s times, %d subjects", r.get("kind"), cmp.Or(r.list("scopes"), "-"),
		cmp.Or(r.get("act"), "-"), cmp.Or(r.get("site"), "-"), r.get("source"), cmp.Or(r.get("times"), "1"),
		len(r.all.Get("subjects").Array()))
	if r.all.Get("restriction").Bool() {
		said += ", as a restriction"
	}
	return said + before(", by ", r.get("by")) + before(", because ", r.long("because")) + before("; in force after it: ", r.list("stands"))
}

// decided is a person's decision on what somebody objected to.
func decided(r *record) string {
	said := fmt.Sprintf("objection_decided %s: %s goes on for %s on %s version %s until %s, decided by %s", r.get("seq"),
		cmp.Or(r.list("purposes"), "what rests on the assessment"), counted(len(r.all.Get("subjects").Array()), "subject"),
		r.get("assessment"), r.get("assessment_version"), cmp.Or(r.get("until"), "further notice"), cmp.Or(r.get("decided_by"), "-"))
	if r.all.Get("restriction_lifted").Bool() {
		said += ", what was restricted, too"
	}
	return said + before(", because ", r.long("because"))
}

// decisionEnd is that such a decision ended.
func decisionEnd(r *record) string {
	return fmt.Sprintf("objection_decision_end of decision %s: %s", r.get("ends"), cmp.Or(r.long("because"), "-"))
}
