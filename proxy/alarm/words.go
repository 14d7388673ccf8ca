package alarm

import (
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Page is the page of the documentation about alarms. An alarm's part of it begins with its name.
const Page = "https://github.com/tagwarden/tagwarden/blob/main/cmd/tagwarden/docs/watch.md"

// Docs is where the documentation says what to do.
func (a *Alarm) Docs() string { return Page + "#" + string(a.Name) }

// said are the words of an alarm: what was seen when it began and when it ended, and what is to be done. In their
// places stand what it is about, and numbers.
type said struct {
	begun, ended func(a *Alarm) string
	do           string
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", share*100) }

// place names a site, or one vendor's events on it.
func place(subject string) string {
	if site, vendor, pair := strings.Cut(subject, " "); pair {
		return "vendor " + vendor + " on site " + site
	}
	return "site " + subject
}

// whole is a value without its fraction.
func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

// span is a number of seconds.
func span(seconds float64) string { return (time.Duration(seconds) * time.Second).String() }

// size is a number of bytes.
func size(bytes float64) string { return fmt.Sprintf("%.1f GiB", bytes/(1<<30)) }

var words = map[Name]said{
	Silent: {
		func(a *Alarm) string {
			return fmt.Sprintf("nothing comes from %s: the last time at this hour it was %s", place(a.Subject),
				plural.Of(uint64(a.Seen.Before), "event"))
		},
		func(a *Alarm) string {
			return fmt.Sprintf("%s came from %s", plural.Of(a.Seen.All, "event"), place(a.Subject))
		},
		"See whether the page still loads the SDK and where that sends to (browser's network tab), whether the web server " +
			"in front still passes the path on, and what was released just before.",
	},
	ConsentCollapse: {
		func(a *Alarm) string {
			return fmt.Sprintf("consent on site %s fell to %s of %s; in the week before it was %s", a.Subject,
				percent(a.Seen.Share), plural.Of(a.Seen.All, "hit"), percent(a.Seen.Before))
		},
		func(a *Alarm) string {
			return fmt.Sprintf("consent on site %s is at %s of %s", a.Subject, percent(a.Seen.Share),
				plural.Of(a.Seen.All, "hit"))
		},
		"See whether the banner still shows and keeps its cookie, and whether its categories are still called as signals " +
			"in tagwarden.yaml has them: `tagwarden explain` of a recorded hit says what was read.",
	},
	AlwaysGranted: {
		func(a *Alarm) string {
			return fmt.Sprintf("all %s of site %s say that everything was granted: people refuse, a default does not",
				plural.Of(a.Seen.All, "hit"),
				a.Subject)
		},
		func(a *Alarm) string {
			return fmt.Sprintf("%s of %s of site %s say that everything was granted", percent(a.Seen.Share),
				plural.Of(a.Seen.All, "hit"), a.Subject)
		},
		"See whether the site has a banner at all, whether it sets its cookie before anybody chose, and whether refusing " +
			"is as easy as agreeing. What was forwarded on such a consent was forwarded without one (GDPR Art. 4(11), 7).",
	},
	UnknownFields: {
		func(a *Alarm) string {
			return fmt.Sprintf("%s of %s for vendor %s are not in its catalog entry; in the week before it was %s",
				percent(a.Seen.Share), plural.Of(a.Seen.All, "field"), a.Subject, percent(a.Seen.Before))
		},
		func(a *Alarm) string {
			return fmt.Sprintf("%s of %s for vendor %s are not in its catalog entry", percent(a.Seen.Share),
				plural.Of(a.Seen.All, "field"), a.Subject)
		},
		"They are dropped, unless the policy names them. See by `tagwarden scan` of recorded traffic what is new: an SDK " +
			"that was updated, or a field that somebody added to the page.",
	},
	Uncovered: {
		func(a *Alarm) string { return astrayWords(a, "go where nothing covers them") },
		func(a *Alarm) string { return astrayWords(a, "go where nothing covers them") },
		"They are forwarded nowhere. A new SDK, a path that changed, a host that tagwarden.yaml does not have: the web " +
			"server's own log or `tagwarden replay` of recorded traffic names paths. Scanners ask for much as well: nothing " +
			"is to be done then.",
	},
	VendorRefuses: {
		func(a *Alarm) string { return refusedWords(a) },
		func(a *Alarm) string { return refusedWords(a) },
		"See tagwarden_vendor_statuses_total, and in the log (`tagwarden logs search --kind outcome`) with which status: a " +
			"key that ended, an account that is over its quota, a field that the vendor needs and the profile drops.",
	},
	ObjectionsLag: {
		func(a *Alarm) string {
			return fmt.Sprintf("for %s this node has not heard all that others took: objections may be among it",
				span(a.Seen.Value))
		},
		func(*Alarm) string { return "this node knows again what others took" },
		"What one may object to does not travel meanwhile (cluster.stale). See `tagwarden cluster status`, and whether the " +
			"NATS servers can be reached from here.",
	},
	ReviewDue: {
		func(a *Alarm) string {
			if a.Seen.Value < 0 {
				return fmt.Sprintf("assessment %s is past its review: its activities deny", a.Subject)
			}
			return fmt.Sprintf("assessment %s is to be reviewed in %s; after that its activities deny", a.Subject,
				plural.Of(uint64(a.Seen.Value), "day"))
		},
		func(a *Alarm) string {
			return fmt.Sprintf("assessment %s holds for %s more days", a.Subject, whole(a.Seen.Value))
		},
		"Have it reviewed: `tagwarden lia check`, then `tagwarden lia approve` by somebody who may.",
	},
	Disk: {
		func(a *Alarm) string {
			return size(a.Seen.Value) + " are left on the disk of the data folder; hits are refused at ledger.reserve"
		},
		func(a *Alarm) string { return size(a.Seen.Value) + " are left on the disk of the data folder" },
		"Make room, or shorten ledger.retain; see what is large: data/ledger, data/queue, or somebody else's.",
	},
	Certificate: {
		func(a *Alarm) string {
			if a.Seen.Value < 0 {
				return fmt.Sprintf("the certificate of %s has ended", holder(a.Subject))
			}
			return fmt.Sprintf("the certificate of %s ends in %s", holder(a.Subject), plural.Of(uint64(a.Seen.Value), "day"))
		},
		func(a *Alarm) string {
			return fmt.Sprintf("the certificate of %s is good for %s more days", holder(a.Subject), whole(a.Seen.Value))
		},
		"Have it renewed by whoever does that by itself otherwise. The listener takes up a renewed file without a restart.",
	},
}

func astrayWords(a *Alarm, what string) string {
	of := "hits of site " + a.Subject
	if a.Subject == "" {
		of, what = "requests", "are for hosts of no site"
	}
	return fmt.Sprintf("%d of %d %s (%s) %s", a.Seen.Of, a.Seen.All, of, percent(a.Seen.Share), what)
}

func refusedWords(a *Alarm) string {
	return fmt.Sprintf("vendor %s refused %d of %s (%s)", a.Subject, a.Seen.Of, plural.Of(a.Seen.All, "request"),
		percent(a.Seen.Share))
}

// holder says whose a certificate is.
func holder(subject string) string {
	switch kind, name, _ := strings.Cut(subject, " "); kind {
	case "nats":
		return "the NATS server " + name
	case "webhook":
		return "webhook " + name
	default:
		return "the hits listener"
	}
}

// Text says in a sentence what was seen, when the alarm began or when it ended.
func (a *Alarm) Text() string {
	switch of := words[a.Name]; {
	case of.begun == nil:
		return string(a.Name)
	case a.Rings():
		return of.begun(a)
	case a.Seen.Gone:
		return "it is not watched any more: the configuration has no such thing, or the alarm is off"
	default:
		return of.ended(a)
	}
}

// Do says what is to be done.
func (a *Alarm) Do() string { return words[a.Name].do }
