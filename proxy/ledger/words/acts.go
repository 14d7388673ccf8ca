package words

import (
	"cmp"
	"fmt"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// act is what somebody objected to, had kept, took back or complained about.
func act(r *record) string {
	said := fmt.Sprintf("%s of %s: %s from %s (%s), %s, %s", r.get("kind"), cmp.Or(r.list("scopes"), "-"),
		cmp.Or(r.get("act"), "-"), cmp.Or(r.get("site"), "-"), r.get("source"),
		plural.Of(int(max(r.all.Get("times").Int(), 1)), "time"), plural.Of(len(r.all.Get("subjects").Array()), "subject"))
	if r.all.Get("restriction").Bool() {
		said += ", as a restriction"
	}
	return said + before(", by ", r.get("by")) + before(", because ", r.long("because")) +
		before("; in force after it: ", r.list("stands"))
}

// decided is a person's decision on what somebody objected to.
func decided(r *record) string {
	said := fmt.Sprintf("objection_decided %s: %s goes on for %s on %s version %s until %s, decided by %s", r.get("seq"),
		cmp.Or(r.list("purposes"), "what rests on the assessment"), plural.Of(len(r.all.Get("subjects").Array()), "subject"),
		r.get("assessment"), r.get("assessment_version"), cmp.Or(r.get("until"), "further notice"),
		cmp.Or(r.get("decided_by"), "-"))
	if r.all.Get("restriction_lifted").Bool() {
		said += ", what was restricted, too"
	}
	return said + before(", because ", r.long("because"))
}

// decisionEnd is that such a decision ended.
func decisionEnd(r *record) string {
	return fmt.Sprintf("objection_decision_end of decision %s: %s", r.get("ends"), cmp.Or(r.long("because"), "-"))
}

// choice is what somebody chose in a banner, or had the site's server say for them.
func choice(r *record) string {
	by := "a browser"
	if r.all.Get("vouched").Bool() {
		by = "the site's server, " + cmp.Or(r.get("by"), "by a proof")
	}
	return fmt.Sprintf("choice on %s, at %s: granted %s; refused %s; text %s, version %s; sent by %s (%s), %s",
		cmp.Or(r.get("site"), "-"),
		cmp.Or(r.get("chosen"), "-"), cmp.Or(r.list("granted"), "nothing"), cmp.Or(r.list("refused"), "nothing"),
		r.textShown(),
		cmp.Or(r.get("version"), "-"), by, cmp.Or(r.get("platform"), r.get("source"), "-"),
		plural.Of(len(r.all.Get("subjects").Array()), "subject"))
}

// textShown is the digest of the text that was shown, and whether its words are kept.
func (r *record) textShown() string {
	digest := r.long("text")
	switch {
	case digest == "":
		return "-"
	case r.all.Get("text_kept").Bool():
		return digest + " (kept)"
	}
	return digest + " (its digest alone)"
}

// erasure is that lines of a segment are to go.
func erasure(r *record) string {
	return joined(fmt.Sprintf("erasure of %s among records %s to %d:", plural.Of(int(r.all.Get("records").Int()),
		"record"), r.get("first"),
		max(r.all.Get("end").Uint(), 1)-1), before("window ", r.get("window")), before("request ", r.get("request")),
		r.long("because"))
}
