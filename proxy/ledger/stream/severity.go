package stream

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// severity is how much a record asks to be looked at, as RFC 5424 counts it.
type severity int

const (
	warning severity = 4 // something was lost, refused, or done to the log itself
	notice  severity = 5 // somebody did something: an objection, a decision, a policy, a start
	info    severity = 6 // what the server is there for: events, deliveries
)

// severities are those of kinds; of others it is notice.
var severities = map[string]severity{
	ledger.KindEvent: info, ledger.KindShape: info, ledger.KindRungs: info, ledger.KindAttempt: info,
	ledger.KindSealed:  info,
	ledger.KindSegment: info, ledger.KindHead: info,
	ledger.KindRefused: warning, ledger.KindSetAside: warning, ledger.KindRestored: warning,
}

// severityOf is that of a record.
func severityOf(r *Record) severity {
	if r.Kind == ledger.KindOutcome {
		switch gjson.GetBytes(r.Line, "outcome").Str {
		case ledger.Delivered, ledger.Deferred, ledger.HandedOver:
			return info
		}
		return warning
	}
	if s, known := severities[r.Kind]; known {
		return s
	}
	return notice
}
