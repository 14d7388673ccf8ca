package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/alarm"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// alarmsOptions are what alarms need.
type alarmsOptions struct {
	Log     *zap.Logger
	Now     func() time.Time
	Rand    io.Reader
	Disk    durable.Disk
	File    string // where it is kept what alarms go by
	Node    string // this machine's name in messages
	Key     [32]byte
	InForce func() *Snapshot
	Counts  func() []alarm.Count
	Facts   func(now time.Time, loaded *config.Loaded) []alarm.Fact
	Post    func(context.Context, objection.Notice) (bool, error) // as in reviewsOptions
}

// alarms looks each minute, and after each reload, at what was counted and how things stand, and tells people of what
// begins and ends: in the log, and by messages that wait in the outbox. Hits do not wait for it.
type alarms struct {
	opts alarmsOptions
	kick chan struct{}

	// of run alone
	kept    time.Time // when it was last written down
	unsaved bool      // something began or ended since
	waits   time.Time // until when nothing is posted, since it could not be kept

	mu     sync.Mutex // guards what follows against who reads; run alone changes it
	watch  *alarm.Watch
	stands []metrics.Alarm
}

// alarmsFile is where in a data folder it is kept what alarms go by: numbers by site and vendor, and names of both.
const alarmsFile = "alarms"

func openAlarms(s *Server) error {
	s.alarms = newAlarms(alarmsOptions{
		Log: s.opts.Log, Now: s.opts.Now, Rand: s.opts.Rand, Disk: s.opts.Disk,
		File: filepath.Join(s.loaded.Server.Data, alarmsFile), Node: s.opts.node(s.loaded.Server.Cluster),
		Key: s.keyring.store.State().OutboxKey(), InForce: s.snapshot.Load,
		Counts: func() []alarm.Count { return alarmCounts(s.metrics) }, Facts: newAlarmFacts(s).all, Post: posting(s),
	})
	s.metrics.Alarms(s.alarms.figures)
	return nil
}

func closeAlarms(s *Server) error {
	if s.opts.Aside {
		return nil // it did not look
	}
	return s.alarms.keep()
}

func watchAlarms(ctx context.Context, s *Server) { s.alarms.run(ctx) }
func lookAtAlarms(s *Server)                     { s.alarms.soon() }

// newAlarms goes on with what was kept. Where that is lost what was counted before is not known, and
// alarms that ring are told of once more.
func newAlarms(o alarmsOptions) *alarms {
	a := &alarms{opts: o, kick: make(chan struct{}, 1), watch: new(alarm.Watch), kept: o.Now()}
	text, err := os.ReadFile(o.File)
	if errors.Is(err, fs.ErrNotExist) {
		return a
	}
	var watch *alarm.Watch
	if err == nil {
		watch, err = alarm.Read(text)
	}
	if err != nil {
		fault(o.Log, o.File+" cannot be read: alarms begin anew, and know nothing of the days before", err)
		return a
	}
	a.watch = watch
	return a
}

// soon makes the next look happen now.
func (a *alarms) soon() {
	select {
	case a.kick <- struct{}{}:
	default:
	}
}

// run looks, and again whenever it is soon, until the context ends.
func (a *alarms) run(ctx context.Context) {
	for ctx.Err() == nil {
		a.look(ctx)
		select {
		case <-ctx.Done():
		case <-a.kick:
		}
	}
}

// look judges, and tells of what began and ended. What cannot be told is tried again at a later look.
func (a *alarms) look(ctx context.Context) {
	now, snapshot := a.opts.Now(), a.opts.InForce()
	facts, counts := a.opts.Facts(now, snapshot.Loaded), a.opts.Counts()
	before := len(a.watch.Pending())
	a.judge(now, snapshot.Loaded, counts, facts)
	pending := a.watch.Pending()
	for i := before; i < len(pending); i++ {
		a.say(&pending[i])
		a.unsaved = true
	}
	if a.unsaved || now.Sub(a.kept).Abs() >= time.Hour {
		a.write(now)
	}
	if len(pending) > 0 && !now.Before(a.waits) {
		a.tell(ctx, snapshot, now, pending)
	}
}

// judge takes in what was counted, and notes how alarms stand.
func (a *alarms) judge(now time.Time, loaded *config.Loaded, counts []alarm.Count, facts []alarm.Fact) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watch.Add(now, counts)
	all := a.watch.Judge(now, alarmRules(&loaded.Server.Alarms), alarmSubjects(loaded), facts)
	a.stands = a.stands[:0]
	for name, subjects := range all {
		for subject, rings := range subjects {
			a.stands = append(a.stands, metrics.Alarm{Name: string(name), Subject: subject, Rings: rings})
		}
	}
}

// say puts an alarm into the log.
func (a *alarms) say(one *alarm.Alarm) {
	about := []zap.Field{zap.String("alarm", string(one.Name)), zap.String("subject", one.Subject),
		zap.Time("since", one.Since)}
	if one.Rings() {
		a.opts.Log.Warn("alarm: "+one.Text(), append(about, zap.String("do", one.Do()), zap.String("docs", one.Docs()))...)
		return
	}
	a.opts.Log.Info("the alarm is over: "+one.Text(), about...)
}

// tell puts messages about alarms into the outbox, in their order. Where that cannot be done they wait for a while.
func (a *alarms) tell(ctx context.Context, in *Snapshot, now time.Time, pending []alarm.Alarm) {
	told := 0
	for i := range pending {
		if err := a.post(ctx, in, &pending[i]); err != nil {
			if ctx.Err() == nil {
				a.waits = now.Add(later)
				fault(a.opts.Log, "webhooks cannot be told of an alarm, as that cannot be kept: it is tried again in an hour", err)
			}
			break
		}
		told++
	}
	a.mu.Lock()
	a.watch.Told(told)
	a.mu.Unlock()
	if told > 0 {
		a.write(now)
	}
}

// alarmMessage is the data of the event alarm.
type alarmMessage struct {
	Alarm   alarm.Name `json:"alarm"`
	Subject string     `json:"subject"`
	State   string     `json:"state"` // begun, or ended
	Since   string     `json:"since"`
	Until   string     `json:"until,omitempty"`
	Text    string     `json:"text"`
	Do      string     `json:"do,omitempty"`
	Docs    string     `json:"docs"`
	Seen    alarm.Seen `json:"seen"`
	Node    string     `json:"node"`
}

// post puts into the outbox what every webhook is told that wants to know. What was put there before a crash is not put
// there again.
func (a *alarms) post(ctx context.Context, in *Snapshot, one *alarm.Alarm) error {
	data := alarmMessage{
		Alarm: one.Name, Subject: one.Subject, State: "begun", Since: one.Since.Format(time.RFC3339),
		Text: one.Text(), Do: one.Do(),
		Docs: one.Docs(), Seen: one.Seen, Node: a.opts.Node,
	}
	at := one.Since
	if !one.Rings() {
		at, data.State, data.Until, data.Do = one.Until, "ended", one.Until.Format(time.RFC3339), ""
	}
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("cannot write a message: %w", err)
	}
	about := fmt.Sprintf("alarm %s %q %s", one.Name, one.Subject, a.opts.Node)
	notice := objection.Notice{About: about, Step: uint64(max(at.Unix(), 1))}
	act := webhook.Act{Type: webhook.Alarm, Time: at, Notice: text, Key: fmt.Sprintf("%s %d", about, at.Unix())}
	if notice.Messages, err = messagesOf(in, &act, &a.opts.Key, a.opts.Rand); err != nil || len(notice.Messages) == 0 {
		return err
	}
	_, err = a.opts.Post(ctx, notice)
	return err
}

// write writes down what alarms go by. What cannot be written is tried again at the next look.
func (a *alarms) write(now time.Time) {
	text, err := a.watch.State()
	if err == nil {
		err = durable.Files{Disk: a.opts.Disk}.Replace(a.opts.File, text, 0o600)
	}
	if a.unsaved = err != nil; err != nil {
		fault(a.opts.Log, "what alarms go by cannot be written: after a restart less will be known", err)
		return
	}
	a.kept = now
}

// keep writes it down at the end.
func (a *alarms) keep() error {
	a.write(a.opts.Now())
	return nil
}

// figures are how alarms stand.
func (a *alarms) figures() []metrics.Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.stands)
}

// alarmsMention names the alarms that ring.
func alarmsMention(s *Server) (all []string) {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	for _, one := range s.alarms.watch.Ringing() {
		all = append(all, fmt.Sprintf("alarm %s since %s: %s", one.Name, one.Since.Format(time.RFC3339), one.Text()))
	}
	return all
}
