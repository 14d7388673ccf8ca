package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// assessmentDue is the event that webhooks are told when a review is near, or overdue.
const assessmentDue = "assessment_due"

// later is how long a webhook is let be that could not be told in a few attempts.
const later = time.Hour

// reviewsOptions are what reviews need.
type reviewsOptions struct {
	Log       *zap.Logger
	Now       func() time.Time
	Metrics   *metrics.Metrics
	Recovered *recovered
	Loaded    func() *config.Loaded                            // in force
	Note      func(ledger.Assessed) error                      // puts on the ledger that people were told
	Repeat    func() error                                     // records again what the ledger has to remember; once a day
	Pause     func(ctx context.Context, d time.Duration) error // waits between attempts to tell a webhook; nil: on the clock
}

// reviews tells people of reviews, each minute and after each reload, until the context ends. Hits do not wait for it.
type reviews struct {
	opts    reviewsOptions
	kick    chan struct{}
	logged  map[ledger.Review]int       // the last mark that was logged
	sent    map[string]bool             // by hook and message
	waiting map[ledger.Review]time.Time // until when a review is let be
	day     basis.Day                   // on which the ledger was last told again what it has to remember
}

func newReviews(o reviewsOptions) *reviews {
	return &reviews{
		opts: o, kick: make(chan struct{}, 1), logged: map[ledger.Review]int{}, sent: map[string]bool{},
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
		r.look(ctx)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-r.kick:
		}
	}
}

// look tells of each review that has reached another mark.
func (r *reviews) look(ctx context.Context) {
	now := r.opts.Now()
	if today := basis.DayOf(now); today != r.day {
		r.day = today
		if err := r.opts.Repeat(); err != nil {
			fault(r.opts.Log, "what is known of assessments, objections and keys cannot be recorded again", err)
		}
	}
	loaded := r.opts.Loaded()
	for _, due := range loaded.Due(now) {
		mark, reached := basis.Mark(due.Days)
		key := ledger.Review{Assessment: due.ID, By: due.ReviewBy.String()}
		told, before := r.opts.Recovered.Reminded[key]
		if !reached || !loaded.Policy.Assessments().Approved(due.ID) || before && told <= mark || now.Before(r.waiting[key]) {
			continue
		}
		if logged, before := r.logged[key]; !before || logged > mark {
			r.logged[key] = mark
			r.opts.Log.Warn(dueText(due), zap.String("assessment", due.ID), zap.Int("days_left", due.Days), zap.Stringer("review_by", due.ReviewBy))
		}
		hooks, err := r.tellHooks(ctx, loaded, due, mark, now)
		if err != nil {
			r.waiting[key] = now.Add(later)
			fault(r.opts.Log, "a webhook could not be told of a review: it is tried again in an hour", err)
			continue
		}
		r.opts.Recovered.Reminded[key] = mark
		record := ledger.Assessed{
			Kind: ledger.KindDue, Assessment: due.ID, Version: loaded.Policy.Assessments().Version(due.ID), ReviewBy: key.By, Days: mark, Told: "log",
		}
		if hooks > 0 {
			record.Told = fmt.Sprintf("log, %d webhooks", hooks)
		}
		if err := r.opts.Note(record); err != nil {
			fault(r.opts.Log, "that people were told of a review cannot be recorded", err)
		}
	}
}

// measure says in figures how long assessments hold.
func (r *reviews) measure() {
	register := r.opts.Loaded().Policy.Assessments()
	r.opts.Metrics.Due.Reset()
	for _, id := range register.IDs() {
		if days, ok := register.DaysLeft(id, r.opts.Now()); ok {
			r.opts.Metrics.Due.WithLabelValues(id).Set(float64(days))
		}
	}
}

// lookAtHooks says which webhooks could not be told, long before there is something to tell.
func lookAtHooks(log *zap.Logger, loaded *config.Loaded) {
	for _, hook := range loaded.Server.Webhooks {
		var err error
		switch {
		case hook.Request == nil:
			_, err = webhook.ReadSecret(hook.SecretFile)
		case hook.SecretFile != "":
			_, err = os.Stat(hook.SecretFile)
		}
		if err != nil {
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
		return fmt.Sprintf("assessment %s is to be ledger.Review in 1 day (%s); after that its activities deny", due.ID, due.ReviewBy)
	default:
		return fmt.Sprintf("assessment %s is to be ledger.Review in %d days (%s); after that its activities deny", due.ID, due.Days, due.ReviewBy)
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

// tellHooks tells every webhook that wants to know, and counts them. One that was told is not told again because another was not reached.
func (r *reviews) tellHooks(ctx context.Context, loaded *config.Loaded, due basis.Due, mark int, now time.Time) (told int, err error) {
	document := loaded.Policy.Assessments().Assessment(due.ID)
	data := dueMessage{
		Assessment: due.ID, Title: document.Title, Version: document.Version, Owner: document.Owner, ReviewBy: due.ReviewBy.String(), DaysLeft: due.Days,
		State: "due", Text: dueText(due), Activities: []string{}, Policy: loaded.Policy.Digest(),
	}
	if due.Days < 0 {
		data.State = basis.Expired.String()
	}
	for _, a := range loaded.Resting(due.ID) {
		data.Activities = append(data.Activities, a.ID)
	}
	message := webhook.Message{Key: fmt.Sprintf("%s %s %d", due.ID, data.ReviewBy, mark), Type: assessmentDue, Time: now, Data: data}
	for _, hook := range loaded.Server.Webhooks {
		if !hook.Wants(assessmentDue) {
			continue
		}
		told++
		if r.sent[hook.URL+" "+message.Key] {
			continue
		}
		one := webhook.New(webhook.Options{URL: hook.URL, SecretFile: hook.SecretFile, Now: r.opts.Now, Pause: r.opts.Pause})
		failed := one.Send(ctx, message)
		outcome := "taken"
		if failed != nil {
			outcome = "failed"
		}
		r.opts.Metrics.Webhooks.WithLabelValues(assessmentDue, outcome).Inc()
		r.sent[hook.URL+" "+message.Key] = failed == nil
		err = errors.Join(err, failed)
	}
	return told, err
}
