package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// choicesOptions are what choices need.
type choicesOptions struct {
	Now     func() time.Time
	Metrics *metrics.Metrics
	InForce func() (*Snapshot, *rules.Keys, error) // what a choice is read with
	Apply   func(context.Context, objection.Batch) ([]objection.Receipt, error)
	Note    func([]ledger.Objected) error // puts records on the ledger
}

// choices takes choices: what visitors answered when a banner asked, in the browser or by the site's server. Each is a
// record. Where the site lists receipts it is an act of the objections' store, too, and so on disk, recorded and in
// force before it is acknowledged; elsewhere the record is all.
type choices struct {
	opts     choicesOptions
	nameless *rate.Limiter // records without a subject: they can be shown for nobody
}

// How long ago and how far ahead a choice may be dated.
const (
	oldestChoice = 396 * 24 * time.Hour // 13 months: a platform tells on later visits what was chosen on an earlier one
	choiceAhead  = 24 * time.Hour       // clocks of visitors are wrong by whole time zones: that is now
	oldestProof  = 24 * time.Hour
	proofAhead   = 5 * time.Minute
)

func newChoices(o choicesOptions) *choices {
	return &choices{opts: o, nameless: rate.NewLimiter(rate.Every(time.Minute/cookieRecords), cookieRecords)}
}

// errNotMeant says that a choice which a platform asked for means nothing here: nothing of it is known, or it was made
// long ago. That is not the page's doing.
var errNotMeant = errors.New("what the platform asked for means nothing here")

// notMeant is what is wrong with a member of a choice; of one that a platform asked for that it means nothing.
func notMeant(of *objection.Choice, what string, err error) *objection.Fault {
	if of.Platform != "" {
		err = errNotMeant
	}
	return &objection.Fault{What: what, Err: err}
}

// errDated says that a choice is dated when it cannot have been made.
func errDated(oldest, ahead time.Duration) error {
	return fmt.Errorf("it is more than %s ago, or more than %v ahead", plural.Of(int(oldest/(24*time.Hour)), "day"), ahead)
}

// read checks a choice against the policy in force, and says whether its site lists receipts.
func (c *choices) read(snapshot *Snapshot, site string, of *objection.Choice, oldest, ahead time.Duration) (
	bool, *objection.Fault) {
	if site == "" {
		return false, &objection.Fault{What: "site", Err: errors.New("it is missing: which site asked?")}
	}
	if fault := siteFault(snapshot.Loaded, site); fault != nil {
		return false, fault
	}
	if of.Platform != "" {
		translate(of, snapshot.Loaded.Server.Sites[site].Signals.Mirror)
		of.Granted, of.Refused = known(snapshot.Policy, of.Granted), known(snapshot.Policy, of.Refused)
		if _, known := cmp.Parse(of.Platform); !known {
			return false, &objection.Fault{What: "platform", Err: errors.New("there is no platform of that name")}
		}
	}
	if len(of.Granted)+len(of.Refused) == 0 {
		return false, notMeant(of, "categories", errors.New("none of them is one of the site's: signals.mirror.categories "+
			"maps them"))
	}
	for _, name := range slices.Concat(of.Granted, of.Refused) {
		if rules.CategoryOf(snapshot.Policy, name) == 0 {
			what := "no purpose is in a category of that name"
			if known := rules.CategoriesOf(snapshot.Policy); rules.ScopeName(name) { // else it may be anything
				what += strict.SuggestionElse(name, known)
			}
			return false, &objection.Fault{What: "categories", Err: errors.New(what)}
		}
	}
	now := c.opts.Now()
	switch age := now.Sub(of.At); {
	case age > oldest || age < -ahead:
		return false, notMeant(of, "time", errDated(oldest, ahead))
	case age < 0 && ahead != proofAhead: // what the site vouches for keeps its time: sent again, it is no newer
		of.At = now
	}
	of.At = of.At.UTC().Truncate(time.Second)
	_, of.Kept = snapshot.texts[of.Text]
	return snapshot.readsReceipts(site), nil
}

// translate puts the site's consent categories in the place of a platform's own ids, as the site maps them for the
// mirror's cookie: what is not mapped means nothing, and of two ids that stand for one category both have to be
// granted. Where nothing is mapped, ids that are called as a category stand for it.
func translate(of *objection.Choice, mirror *config.CMP) {
	granted, refused := map[string]bool{}, map[string]bool{}
	for _, answer := range []struct {
		ids []string
		to  map[string]bool
	}{{of.Granted, granted}, {of.Refused, refused}} {
		for _, id := range answer.ids {
			if mirror == nil || len(mirror.Categories) == 0 {
				answer.to[id] = true
			} else if category := mirror.Categories[id]; category != "" {
				answer.to[category] = true
			}
		}
	}
	maps.DeleteFunc(granted, func(category string, _ bool) bool { return refused[category] })
	of.Granted, of.Refused = slices.Sorted(maps.Keys(granted)), slices.Sorted(maps.Keys(refused))
}

// known leaves those of a platform's ids out that are no category of the policy.
func known(p *rules.Policy, names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return rules.CategoryOf(p, name) == 0 })
}

// readsReceipts tells whether a site lists receipts.
func (s *Snapshot) readsReceipts(site string) bool {
	return s.Loaded.Server.Sites[site].Signals.Receipts != nil
}

// subjects are those of identifiers, none of which may stand for nobody.
func (*choices) subjects(snapshot *Snapshot, keys *rules.Keys, ids []objection.ID) ([]objection.Subject,
	*objection.Fault) {
	for _, id := range ids {
		if rules.Placeholder([]byte(id.Value)) {
			return nil, &objection.Fault{What: "ids." + id.Name, Err: objection.ErrPlaceholder}
		}
	}
	return subjectsOf(snapshot.Policy, keys, ids, nil)
}

// post takes a choice that a page posted. See [visitor.Options].
func (c *choices) post(ctx context.Context, of visitor.Choosing) (visitor.Chose, error) {
	snapshot, keys, err := c.opts.InForce()
	if err != nil {
		return visitor.Chose{}, err
	}
	oldest, ahead, choice := oldestChoice, choiceAhead, of.Choice
	var changes []objection.Change
	if of.User != "" {
		secret := config.ReceiptSecret(snapshot.Loaded, of.Site)
		if !objection.Vouches(of.Proof, secret, of.Site, of.User, of.Signed, &choice) {
			c.count("wrong_proof")
			return visitor.Chose{}, visitor.ErrProof
		}
		oldest, ahead = oldestProof, proofAhead
	}
	counts, fault := c.read(snapshot, of.Site, &choice, oldest, ahead)
	switch {
	case fault == nil:
	case errors.Is(fault, errNotMeant):
		c.count("not_meant")
		return visitor.Chose{}, nil
	default:
		return visitor.Chose{}, fault
	}
	if of.User != "" {
		vouched := choice
		vouched.Proof = true
		change := objection.Change{Site: of.Site, Source: objection.FrontEnd, Choice: &vouched,
			Holder: objection.Holder{Kind: objection.Role}}
		if change.Subjects, fault = c.subjects(snapshot, keys,
			[]objection.ID{{Name: "user_id", Value: of.User}}); fault != nil {
			return visitor.Chose{}, fault
		}
		changes = append(changes, change)
	}
	for _, by := range of.Browsers {
		change := objection.Change{Site: of.Site, Source: objection.FrontEnd, Choice: &choice, Holder: by.Holder}
		if change.Subjects, fault = c.subjects(snapshot, keys, by.IDs); fault != nil {
			return visitor.Chose{}, fault
		}
		changes = append(changes, change)
	}
	became := visitor.Chose{Recorded: true, Counts: counts && len(changes) > 0, Kept: choice.Kept}
	if len(changes) == 0 {
		became.Recorded, err = c.noteNameless(of.Site, &choice)
		return became, err
	}
	err = c.take(ctx, changes, counts)
	return became, err
}

// vouch takes a choice that the site's server vouches for by a token.
func (c *choices) vouch(ctx context.Context, ids []objection.ID, change objection.Change) (
	counts, kept bool, err error) {
	snapshot, keys, err := c.opts.InForce()
	if err != nil {
		return false, false, err
	}
	choice := *change.Choice
	counts, fault := c.read(snapshot, change.Site, &choice, oldestChoice, proofAhead)
	if fault != nil {
		return false, false, fault
	}
	change.Choice, change.Holder, change.Source = &choice, objection.Holder{Kind: objection.Role}, objection.API
	if change.Subjects, fault = c.subjects(snapshot, keys, ids); fault != nil {
		return false, false, fault
	}
	err = c.take(ctx, []objection.Change{change}, counts)
	return counts, choice.Kept, err
}

// take has choices recorded, and where they count in force.
func (c *choices) take(ctx context.Context, changes []objection.Change, counts bool) (err error) {
	if counts {
		_, err = c.opts.Apply(ctx, objection.Batch{Changes: changes})
	} else {
		records := make([]ledger.Objected, len(changes))
		for i := range changes {
			records[i] = *chosen(&changes[i])
		}
		err = c.opts.Note(records)
	}
	if err != nil {
		c.count("failed")
		return err
	}
	c.count("recorded")
	return nil
}

// noteNameless records a choice of a browser that sends no identifier, unless there are too many of those.
func (c *choices) noteNameless(site string, choice *objection.Choice) (recorded bool, err error) {
	if !c.nameless.AllowN(c.opts.Now(), 1) {
		c.count("unrecorded")
		return false, nil
	}
	record := chosen(&objection.Change{Site: site, Source: objection.FrontEnd, Choice: choice})
	record.Act = "cookie"
	if err := c.opts.Note([]ledger.Objected{*record}); err != nil {
		c.count("failed")
		return false, err
	}
	c.count("recorded")
	return true, nil
}

func (c *choices) count(outcome string) { c.opts.Metrics.Choices.WithLabelValues(outcome).Inc() }
