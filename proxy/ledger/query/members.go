package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// everyKind are the members that records of every kind may have.
var everyKind = words("time kind node salt crc part parts")

// members are those that records of each kind may have beside them, whichever version wrote them.
var members = map[string][]string{
	ledger.KindStart:   words("policy text"),
	ledger.KindSegment: words("text"),
	ledger.KindStop:    words("text"),
	ledger.KindReload:  words("policy text"),
	ledger.KindKey:     words("text identity day shredded"),
	ledger.KindShape:   words("shape kept changed dropped"),
	ledger.KindRungs:   words("rungs policy site region vendor endpoint server ladder signals"),
	ledger.KindEvent: words("hit event site vendor endpoint name decision reason activity basis assessment " +
		"assessment_version policy region rungs consent_at dates objections restriction decided kept_since form subjects " +
		"shape bytes_in bytes_out digest queued recovered shared taken"),
	ledger.KindOutcome:     words("hit events of vendor outcome why status in_doubt"),
	ledger.KindAttempt:     words("vendor of"),
	ledger.KindQueue:       words("text"),
	ledger.KindBackup:      words("text"),
	ledger.KindExport:      words("text"),
	ledger.KindCluster:     words("cluster text again"),
	ledger.KindRefused:     words("from to reason count"),
	ledger.KindObjection:   objected,
	ledger.KindKeptOptOut:  objected,
	ledger.KindWithdrawal:  objected,
	ledger.KindComplaint:   objected,
	ledger.KindChoice:      chosen,
	ledger.KindDecided:     objected,
	ledger.KindDecisionEnd: objected,
	ledger.KindHead:        words("size root restored again"),
	ledger.KindApproval:    assessed,
	ledger.KindRevocation:  assessed,
	ledger.KindDue:         assessed,
	ledger.KindErasure:     words("segment first end records gone window request because"),
	ledger.KindErased:      words("segment records digest"),
	ledger.KindPeriods:     words("text"),
	ledger.KindReading:     words("reading by verb through asked from to number form subjects records"),
	ledger.KindReadingEnd:  words("reading by records"),
	ledger.KindTurnedAway:  words("from to why permission by count"),
	ledger.KindToken:       words("change name roles created expires token by through again"),
	ledger.KindPromises:    words("promises_version approved key promises again"),
	ledger.KindSealed:      words("first end segment summary torn"),
	ledger.KindRetention:   words("first end text"),
	ledger.KindSetAside:    words("first end digest text"),
	ledger.KindLogKey:      words("key was"),
	ledger.KindRestored:    words("size root was_size was_root because"),
}

var (
	objected = words("seq last_seq times scopes restriction recovered source site by because form act every_act stands " +
		"ends assessment assessment_version until decided_by restriction_lifted purposes subjects")
	chosen = words("seq times recovered source site by form act chosen granted refused text text_kept version platform " +
		"vouched proof subjects")
	assessed = words("assessment assessment_version meaning approval_form key because review_by days told again")
)

// Members that no record has, and that are asked about all the same: what a record's fields, activity and subjects are.
const (
	Field   = "field"   // stands in the shape of an event, whatever became of it
	Purpose = "purpose" // of the activity of an event, or of what somebody objected to or decided
	Subject = "subject" // among the subjects
)

// closed are members whose values are all known.
var closed = map[string]func() []string{
	"kind":     Kinds,
	"decision": func() []string { return []string{rules.Permit.String(), rules.Deny.String()} },
	"reason":   func() []string { return append(rules.Reasons(), "no_place") },
	"basis":    basis.Names,
	"outcome": func() []string {
		return []string{ledger.Delivered, ledger.Dropped, ledger.Unknown, ledger.HandedOver, ledger.Deferred, ledger.Parked}
	},
}

// openValues are members whose values are a policy's: what the log and the policy say is known.
var openValues = []string{"vendor", "site", "activity", Purpose}

func words(list string) []string { return strings.Fields(list) }

// Kinds are those of all records.
func Kinds() []string { return slices.Sorted(maps.Keys(members)) }

// Members are all that can be asked about, in order.
func Members() []string {
	all := map[string]bool{Field: true, Purpose: true, Subject: true}
	for _, list := range append(slices.Collect(maps.Values(members)), everyKind) {
		for _, name := range list {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Condition is what a member has to say: one of the values.
type Condition struct {
	Member string
	Values []string
}

// check tells what is wrong with a condition by itself.
func (c *Condition) check() error {
	if known := Members(); !slices.Contains(known, c.Member) {
		return &Fault{c.Member, fmt.Sprintf("no record has a member `%s`%s", c.Member, near(c.Member, known))}
	}
	if len(c.Values) == 0 {
		return &Fault{c.Member, "no value is given for " + c.Member}
	}
	values := closed[c.Member]
	for _, value := range c.Values {
		switch {
		case values != nil && !slices.Contains(values(), value):
			return &Fault{c.Member, fmt.Sprintf("no record has the %s `%s`%s", c.Member, value, near(value, values()))}
		case (c.Member == Subject || c.Member == "subjects") && !isHash(value):
			return &Fault{c.Member, fmt.Sprintf("`%s` is no subject: 32 hexadecimal digits in lower case are, as records have "+
				"them", value)}
		case value == "":
			return &Fault{c.Member, "the value given for " + c.Member + " is empty"}
		}
	}
	return nil
}

// near says which name was meant, to be put behind "there is no x": "; `form` is one"; or which there are.
func near(name string, known []string) string {
	if meant, found := strings.CutPrefix(strict.SuggestionElse(name, known), `: did you mean "`); found {
		return "; `" + strings.TrimSuffix(meant, `"?`) + "` is one"
	}
	if at := slices.IndexFunc(known, func(one string) bool {
		return len(name) > 1 && strings.HasPrefix(one, name[:2])
	}); at >= 0 {
		return "; `" + known[at] + "` is one"
	}
	if len(known) == 0 {
		return ""
	}
	return "; there are " + strings.Join(known, ", ")
}

// Fault is a question that cannot be asked.
type Fault struct {
	Member string // that it is about; "" none
	Why    string
}

// Error says what is wrong, and what would be right.
func (f *Fault) Error() string { return f.Why }

func isHash(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// Values are all that a member says, where they are known: nil where they are not.
func Values(member string) []string {
	if all := closed[member]; all != nil {
		return all()
	}
	return nil
}
