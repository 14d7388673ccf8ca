package dossier

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// bases are what lawful bases are called, for people.
var bases = map[string]string{
	"consent":             "your consent (GDPR Art. 6(1)(a))",
	"contract":            "a contract with you (Art. 6(1)(b))",
	"legal_obligation":    "a legal obligation (Art. 6(1)(c))",
	"vital_interests":     "vital interests (Art. 6(1)(d))",
	"public_task":         "a task in the public interest (Art. 6(1)(e))",
	"legitimate_interest": "a legitimate interest (Art. 6(1)(f))",
	"opt_out":             "the law of your region, until you opt out",
}

// reasons are why events were kept back, for people.
var reasons = map[string]string{
	"objection":          "you had objected",
	"objections_untaken": "objections could not be looked up at that moment",
	"objections_stale":   "it was not known at that moment whether other nodes had taken an objection",
	"no_consent":         "there was no consent",
	"consent_refused":    "you had refused consent",
	"consent_expired":    "your consent was too old",
	"before_choice":      "it was from before your choice",
	"gpc":                "your browser sent the signal Global Privacy Control",
	"dnt":                "your browser sent the signal Do Not Track",
	"opted_out":          "you had opted out",
	"no_activity":        "nothing permitted it",
}

func reason(code string) string {
	return cmp.Or(reasons[code], "the rules did not permit it ("+code+")")
}

// sources are who an act came from, for people.
var sources = map[string]string{
	"centre": "in the preference centre", "link": "by a link", "api": "by another system of the site",
	"command": "entered by staff",
	"staff":   "entered by staff", "gpc": "by the browser's signal", "seen_with": "since it was seen together with an " +
		"identifier that had objected",
}

// BasisInWords is what the events rested on, in words.
func (u *Use) BasisInWords() string {
	return cmp.Or(bases[u.Basis], u.Basis, "nothing that is recorded")
}

// For is what the events were for, in words.
func (u *Use) For() string {
	return cmp.Or(strings.Join(u.Titles, "; "), "purposes that no policy at hand names (activity "+
		cmp.Or(u.Activity, "none")+")")
}

// Became is what became of the events, in words.
func (u *Use) Became() string {
	var all []string
	for _, one := range []struct {
		n    int
		what string
	}{
		{u.Outcomes.Delivered, "delivered"}, {u.Outcomes.Dropped, "not delivered"},
		{u.Outcomes.Waiting, "waiting to be sent"},
		{u.Outcomes.Unknown, "sent, and not known whether they arrived"},
		{u.Outcomes.HandedOver, "handed over to the nodes of the cluster, whose logs say what became of them"},
	} {
		if one.n > 0 {
			all = append(all, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	return strings.Join(all, ", ")
}

// Listed are names, or "none".
func Listed(names []string) string { return cmp.Or(strings.Join(names, ", "), "none") }

// Day is a time as it is shown: to the minute, in UTC.
func Day(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}

// saysAct is an act in words.
func (g *gathering) saysAct(a *Act) string {
	what := g.scopes(a.Scopes)
	said := ""
	switch a.Kind {
	case ledger.KindObjection:
		said = "You objected to " + what
		if a.Restriction {
			said = "You asked for processing to be restricted: " + what
		}
		said += ", in force since then unless it is said below that it was taken back"
	case ledger.KindWithdrawal:
		said = "An objection was taken back, to " + what
		if len(a.Stands) > 0 {
			said += "; still in force after that: " + g.scopes(a.Stands)
		}
	case ledger.KindKeptOptOut:
		said = "Your browser's opt-out signal is kept from then on"
	case ledger.KindComplaint:
		said = "You complained"
	case ledger.KindDecided:
		said = "It was decided that compelling grounds outweigh your objection, for " + what
		if !a.Until.IsZero() {
			said += ", until " + Day(a.Until)
		}
	case ledger.KindDecisionEnd:
		said = "That decision ended"
	default:
		said = "There is a record of kind " + a.Kind
	}
	if a.Site != "" {
		said += ", on the site " + a.Site
	}
	if a.Source != "" {
		said += ", " + cmp.Or(sources[a.Source], "from "+a.Source)
	}
	if a.By != "" {
		said += ", by " + a.By
	}
	if a.Because != "" {
		said += ", because: " + a.Because
	}
	return said + "."
}

// inWords is a choice in words.
func (c *Choice) inWords() string {
	said := "You chose"
	if !c.Chosen.IsZero() {
		said += " at " + Day(c.Chosen)
	}
	if c.Site != "" {
		said += " on the site " + c.Site
	}
	said += ": yes to " + cmp.Or(strings.Join(c.Granted, ", "), "nothing") + ", no to " +
		cmp.Or(strings.Join(c.Refused, ", "), "nothing")
	if c.Version != "" {
		said += "; version " + c.Version + " of what you were asked"
	}
	switch {
	case c.Text == "":
		said += "; which text you were shown was not said"
	case c.TextKept:
		said += "; the text that you were shown is kept, as " + c.Text
	default:
		said += "; of the text that you were shown the digest alone is kept, " + c.Text
	}
	switch {
	case c.By != "":
		said += "; the site's server vouches for it, as " + c.By
	case c.Vouched:
		said += "; the site's server vouches for it by a proof"
	default:
		said += "; your browser said so"
	}
	if c.Platform != "" {
		said += ", copied from " + c.Platform
	}
	return said + "."
}

// through are the ways in which the log is read, for people.
var through = map[string]string{
	"http": "with a token of that name", "socket": "on the server", "command": "on the server, while it did not run",
}

// inWords is a reading in words.
func (r *Reading) inWords() string {
	what := "Somebody searched for what is recorded about you"
	if r.Verb == "subject" {
		what = "A report like this one was made"
	}
	return what + " (" + r.Verb + "), by " + cmp.Or(r.By, "nobody that is known") + ", " + cmp.Or(through[r.Through],
		"through "+r.Through) + "."
}

// between is when something was, in words.
func between(first, last time.Time) string {
	if Day(first) == Day(last) {
		return "at " + Day(first)
	}
	return "from " + Day(first) + " to " + Day(last)
}

// inForce are scopes that are objected to, in words.
func inForce(scopes []string) string {
	said := make([]string, len(scopes))
	for i, scope := range scopes {
		vendor, is := strings.CutPrefix(scope, "vendor:")
		switch {
		case scope == "all":
			said[i] = "everything"
		case is:
			said[i] = "anything that goes to " + vendor
		default:
			said[i] = scope
		}
	}
	return strings.Join(said, ", ")
}

// saysGone is what is not in the log any more, in words. Of an erasure it does not say why,
// which was written about somebody else.
func saysGone(said gjson.Result, line string) string {
	first, end := said.Get("first").Uint(), said.Get("end").Uint()
	which := fmt.Sprintf("records %d to %d", first, max(end, 1)-1)
	switch said.Get("kind").Str {
	case ledger.KindRetention:
		return "On " + Day(said.Get("time").Time()) + " " + which +
			" were deleted, since they were old. Whom they were about is not known any more."
	case ledger.KindSetAside:
		return "On " + Day(said.Get("time").Time()) + " it was noted that " + which +
			" are damaged. Whom they were about is not known any more."
	case ledger.KindErasure:
		why := ""
		if said.Get("window").Str != "" {
			why = ", since they were old"
		}
		return fmt.Sprintf("On %s it was noted that %s among %s will be erased%s. Whom they were about is not known any "+
			"more.",
			Day(said.Get("time").Time()), plural.Of(int(said.Get("records").Int()), "record"), which, why)
	case ledger.KindErased:
		return "On " + Day(said.Get("time").Time()) + " the records that were noted before were erased."
	}
	return line
}

// scopes are what acts are about, in words.
func (g *gathering) scopes(all []string) string {
	var said []string
	for _, scope := range all {
		vendor, is := strings.CutPrefix(scope, "vendor:")
		switch {
		case scope == "all":
			said = append(said, "everything")
		case is:
			said = append(said, "anything that goes to "+vendor)
		case g.names.Titles[scope] != "":
			said = append(said, "the purpose “"+g.names.Titles[scope]+"”")
		default:
			said = append(said, "the purpose "+scope)
		}
	}
	return cmp.Or(strings.Join(said, ", "), "what an assessment covers")
}

// limits are what the log cannot say.
func limits(shredded time.Time, nobody string) []string {
	all := []string{
		"The log holds no values: which pages, products or texts an event was about is not in it, only the names of the " +
			"fields.",
		"Identifiers are kept as keyed hashes. Only those that were asked about were looked for: another browser, device " +
			"or account of the same person is not found by them.",
		"Events that named no identifier at all cannot be told to be anybody's.",
		"What a vendor did with an event after it was delivered is for the vendor to say.",
	}
	if !shredded.IsZero() {
		all = append(all, "Records from before "+Day(shredded)+
			" are about nobody any more: the key that identifiers were hashed "+
			"with was destroyed then.")
	}
	if nobody != "" {
		all = append(all, "Of what was asked about, "+nobody+".")
	}
	return all
}
