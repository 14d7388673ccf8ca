package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// later is how long a review is let be that could not be put into the outbox.
const later = time.Hour

// reviewsOptions are what reviews need.
type reviewsOptions struct {
	Log       *zap.Logger
	Now       func() time.Time
	Rand      io.Reader
	Metrics   *metrics.Metrics
	Recovered *recovered
	Key       [32]byte // that messages are sealed with
	InForce   func() *Snapshot
	Note      func(ledger.Assessed) error // puts on the ledger that people were told
	Repeat    func() error                // records again what the ledger has to remember; once a day

	// Post keeps messages until they are sent, each step of a notice once.
	Post func(context.Context, objection.Notice) (bool, error)
}

// reviews tells people of reviews, each minute and after each reload, until the context ends: in the log, and by
// messages that wait in the outbox until they are sent. That a review was told is on the ledger behind that; where a
// crash came between the two, the outbox knows that it has it. Hits do not wait for it.
type reviews struct {
	opts    reviewsOptions
	kick    chan struct{}
	logged  map[ledger.Review]int       // the last mark that was logged
	waiting map[ledger.Review]time.Time // until when a review is let be
	day     basis.Day                   // on which the ledger was last told again what it has to remember
}

func newReviews(o reviewsOptions) *reviews {
	return &reviews{
		opts: o, kick: make(chan struct{}, 1), logged: map[ledger.Review]int{},
		waiting: map[ledger.Review]time.Time{}, day: basis.DayOf(o.Now()),
	}
}

// soon makes the next look happen now.
func (r *reviews) soon() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// watch looks at reviews until the context ends.
func (r *reviews) watch(ctx context.Context) {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for ctx.Err() == nil {
		r.remind(ctx)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-r.kick:
		}
	}
}

// remind tells of each review that has reached another mark.
func (r *reviews) remind(ctx context.Context) {
	now := r.opts.Now()
	if today := basis.DayOf(now); today != r.day {
		r.day = today
		if err := r.opts.Repeat(); err != nil {
			fault(r.opts.Log, "what is known of assessments, objections and keys cannot be recorded again", err)
		}
	}
	snapshot := r.opts.InForce()
	loaded := snapshot.Loaded
	for _, due := range loaded.Due(now) {
		mark, reached := basis.Mark(due.Days)
		key := ledger.Review{Assessment: due.ID, By: due.ReviewBy.String()}
		told, before := r.opts.Recovered.Reminded[key]
		if !reached || !loaded.Policy.Assessments().Approved(due.ID) || before && told <= mark || now.Before(r.waiting[key]) {
			continue
		}
		if logged, before := r.logged[key]; !before || logged > mark {
			r.logged[key] = mark
			r.opts.Log.Warn(dueText(due), zap.String("assessment", due.ID), zap.Int("days_left", due.Days),
				zap.Stringer("review_by", due.ReviewBy))
		}
		hooks, err := r.post(ctx, snapshot, due, mark, now)
		if ctx.Err() != nil {
			return // it is the next start's
		}
		if err != nil {
			r.waiting[key] = now.Add(later)
			const text = "webhooks cannot be told of a review, as that cannot be kept: it is tried again in an hour"
			fault(r.opts.Log, text, err)
			continue
		}
		r.opts.Recovered.Reminded[key] = mark
		record := ledger.Assessed{
			Kind: ledger.KindDue, Assessment: due.ID, Version: loaded.Policy.Assessments().Version(due.ID),
			ReviewBy: key.By, Days: mark, Told: "log",
		}
		if hooks > 0 {
			record.Told = "log, " + plural.Of(hooks, "webhook")
		}
		if err := r.opts.Note(record); err != nil {
			fault(r.opts.Log, "that people were told of a review cannot be recorded", err)
		}
	}
}

// measure says in figures how long assessments hold.
func (r *reviews) measure() {
	register := r.opts.InForce().Policy.Assessments()
	r.opts.Metrics.Due.Reset()
	for _, id := range register.IDs() {
		if days, ok := register.DaysLeft(id, r.opts.Now()); ok {
			r.opts.Metrics.Due.WithLabelValues(id).Set(float64(days))
		}
	}
}

// lookAtHooks says which webhooks could not be told, long before there is something to tell.
func lookAtHooks(log *zap.Logger, loaded *config.Loaded) {
	for i := range loaded.Server.Webhooks {
		hook := &loaded.Server.Webhooks[i]
		if err := hookSecret(hook); err != nil {
			fault(log, "the webhook "+hook.ID()+" cannot be told anything", err)
		}
	}
}

// dueText says in a sentence what is to be done.
func dueText(due basis.Due) string {
	switch {
	case due.Days < 0:
		return fmt.Sprintf("assessment %s is past its review (%s): its activities deny", due.ID, due.ReviewBy)
	case due.Days == 1:
		const text = "assessment %s is to be reviewed in 1 day (%s); after that its activities deny"
		return fmt.Sprintf(text, due.ID, due.ReviewBy)
	default:
		const text = "assessment %s is to be reviewed in %d days (%s); after that its activities deny"
		return fmt.Sprintf(text, due.ID, due.Days, due.ReviewBy)
	}
}

// dueMessage is the data of the event assessment_due: enough to open a ticket.
type dueMessage struct {
	Assessment string   `json:"assessment"`
	Title      string   `json:"title"`
	Version    int      `json:"version"`
	Owner      string   `json:"owner"`
	ReviewBy   string   `json:"review_by"`
	DaysLeft   int      `json:"days_left"`
	State      string   `json:"state"` // due, or expired
	Text       string   `json:"text"`
	Activities []string `json:"activities"` // that deny from then on
	Policy     string   `json:"policy"`     // digest
}

// post puts into the outbox what every webhook is told that wants to know, and counts them.
func (r *reviews) post(
	ctx context.Context, in *Snapshot, due basis.Due, mark int, now time.Time,
) (hooks int, err error) {
	document := in.Policy.Assessments().Assessment(due.ID)
	title, _ := document.Title.In("en")
	data := dueMessage{
		Assessment: due.ID, Title: title, Version: document.Version, Owner: document.Owner,
		ReviewBy: due.ReviewBy.String(), DaysLeft: due.Days, State: "due", Text: dueText(due), Activities: []string{},
		Policy: in.Policy.Digest(),
	}
	if due.Days < 0 {
		data.State = basis.Expired.String()
	}
	for _, a := range in.Loaded.Resting(due.ID) {
		data.Activities = append(data.Activities, a.ID)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return 0, fmt.Errorf("cannot write a message: %w", err)
	}
	notice := objection.Notice{About: "review " + due.ID + " " + data.ReviewBy, Step: stepOf(mark)}
	act := webhook.Act{
		Type: webhook.AssessmentDue, Time: now, Notice: text, Key: fmt.Sprintf("%s %s %d", due.ID, data.ReviewBy, mark),
	}
	if notice.Messages, err = messagesOf(in, &act, &r.opts.Key, r.opts.Rand); err != nil || len(notice.Messages) == 0 {
		return 0, err
	}
	_, err = r.opts.Post(ctx, notice)
	return len(notice.Messages), err
}

// messagesOf are the messages that say an act to every webhook which wants to know of it.
func messagesOf(in *Snapshot, act *webhook.Act, key *[32]byte, random io.Reader) (all []objection.Message, err error) {
	for _, hook := range in.receivers {
		if !hook.Wants(act) {
			continue
		}
		body, err := hook.Message(act, key, random)
		if err != nil {
			return nil, err
		}
		all = append(all, objection.Message{To: hook.Name(), Body: body})
	}
	return all, nil
}

// stepOf numbers the marks of a review (see basis.Mark) so that they go up as it comes nearer: 71 where it is 30 days
// ahead, 102 where it is overdue.
func stepOf(mark int) uint64 { return uint64(101 - mark) }
