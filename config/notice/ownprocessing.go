package notice

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// OwnProcessing is what the server itself does with visitors' data, whatever the policy says: a fixed part of each
// notice and of the record of processing. Figures in it are those that the server goes by.
type OwnProcessing struct {
	Parts   []OwnPart    `json:"parts"`
	Cookies []StoredItem `json:"cookies"` // of the server's own
	Basis   string       `json:"cookies_basis,omitempty"`
}

// OwnPart is one thing that the server does, in words.
type OwnPart struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Purpose string `json:"purpose"`
	Data    string `json:"data"`
	Basis   string `json:"basis"`
	Kept    string `json:"kept"`
	Unsaid  bool   `json:"-"` // nobody says how long: a notice leaves that out, and the record says so
}

// ownWords is what is said of such a part.
type ownWords struct {
	Title   string `yaml:"title"`
	Purpose string `yaml:"purpose"`
	Data    string `yaml:"data"`
	Basis   string `yaml:"basis"`
	Kept    string `yaml:"kept"`
}

// own puts what the server itself does into words.
type own struct{ *builder }

// ownParts are the parts there may be, in the order in which they are told, and which of them a configuration has.
var ownParts = []struct {
	id string
	is func(b own) bool
}{
	{"hits", always},
	{"log", always},
	{"objections", always},
	{"follow", func(b own) bool { return b.loaded.Server.Objections.Follow }},
	{"opt_outs", own.keepsOptOuts},
	{"choices", own.recordsChoices},
	{"receipts", own.heedsReceipts},
	{"denied", always},
	{"rare", func(b own) bool { return b.loaded.Policy.Rarest() > 0 }},
	{"told", func(b own) bool { return len(b.toldHosts()) > 0 }},
}

func always(own) bool { return true }

// processing says what the server itself does on the notice's sites.
func (b own) processing() *OwnProcessing {
	of := &OwnProcessing{}
	log, said := b.logKept()
	values := []string{
		"log", log,
		"follow", b.words.period(basis.Period{Days: rules.FollowDays}),
		"denied", b.words.period(basis.Period{Clock: rules.DeniedFor}),
		"rare", b.words.period(basis.Period{Days: minimise.MaxDays}),
		"told", b.words.period(spanOf(rules.ToldWithin)),
		"hosts", strings.Join(b.toldHosts(), ", "),
	}
	for _, part := range ownParts {
		if !part.is(b) {
			continue
		}
		w := b.words.Own[part.id]
		of.Parts = append(of.Parts, OwnPart{
			ID: part.id, Title: w.Title, Purpose: w.Purpose, Basis: w.Basis,
			Data: fill(w.Data, slices.Clone(values)...), Kept: fill(w.Kept, slices.Clone(values)...),
			Unsaid: !said && strings.Contains(w.Kept, "{log}"),
		})
	}
	of.Cookies = b.ownCookies()
	var ids []string
	for _, s := range b.sites {
		ids = append(ids, s.ID)
	}
	if reason, needed := config.ServiceAccess(b.loaded, ids); needed {
		of.Basis = b.accessBasis(&reason)
	}
	return of
}

// logKept is how long the forwarding log is kept, in words; said is false where nobody says it.
func (b own) logKept() (kept string, said bool) {
	retain := b.loaded.Server.Ledger.Retain.Duration()
	if retain == 0 {
		return b.words.Device["not_stated"], false
	}
	return b.words.period(spanOf(retain)), true
}

// spanOf is a span of the clock as people count it: in days where it is some.
func spanOf(d time.Duration) basis.Period {
	const day = 24 * time.Hour
	if d%day == 0 {
		return basis.Period{Days: int(d / day)}
	}
	return basis.Period{Clock: d}
}

// ownCookies are those that the server's pages and scripts set.
func (b own) ownCookies() []StoredItem {
	cookie := func(name, says string, days int) StoredItem {
		return StoredItem{
			Name: name, Kind: "cookie", KindName: b.words.Device["kind_cookie"], Kept: b.words.period(basis.Period{Days: days}),
			Holds: b.words.Device[says],
		}
	}
	all := []StoredItem{
		cookie(rules.PreferenceCookie, "cookie_objections", rules.ChoiceDays),
		cookie(rules.UndoCookie, "cookie_undo", rules.ChoiceDays),
	}
	for _, s := range b.sites {
		if mirror := b.loaded.Server.Sites[s.ID].Signals.Mirror; mirror != nil {
			name := cmp.Or(mirror.Cookie, rules.MirrorCookie)
			item := cookie(name, "cookie_choices", int(rules.MirrorFor/(24*time.Hour)))
			if !slices.Contains(all, item) {
				all = append(all, item)
			}
		}
	}
	return all
}

// keepsOptOuts tells whether an opt-out by the browser's signal is kept of visitors of the notice's sites: somewhere
// the signal is read, and a law asks for that.
func (b own) keepsOptOuts() bool {
	return slices.ContainsFunc(b.sites, func(s *rules.Site) bool { return config.KeepsOptOuts(b.loaded, s.ID, b.at) })
}

// recordsChoices tells whether what visitors of the notice's sites choose is recorded: a site names the texts that they
// choose by, has a platform's choices copied, or goes by them.
func (b own) recordsChoices() bool {
	return slices.ContainsFunc(b.sites, func(s *rules.Site) bool {
		of := b.loaded.Server.Sites[s.ID]
		return len(of.Choices.Texts) > 0 || of.Signals.Mirror != nil || of.Signals.Receipts != nil
	})
}

// heedsReceipts tells whether what they chose is a source of signals.
func (b own) heedsReceipts() bool {
	return slices.ContainsFunc(b.sites, func(s *rules.Site) bool {
		return b.loaded.Server.Sites[s.ID].Signals.Receipts != nil
	})
}

// toldHosts are where the other systems are that are told of objections.
func (b own) toldHosts() []string {
	var hosts []string
	for i := range b.loaded.Server.Webhooks {
		hook := &b.loaded.Server.Webhooks[i]
		u, err := url.Parse(hook.URL)
		told := slices.ContainsFunc([]string{"objection", "withdrawal", "decision"}, hook.Wants)
		if err == nil && told && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}
