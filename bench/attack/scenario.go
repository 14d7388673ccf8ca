package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"
)

// scenario is one attack. Its function returns an error only where the attack itself could not be carried out.
type scenario struct {
	ID      string
	Title   string
	Promise string // what has to hold, in words
	run     func(context.Context, *bout) error
	apart   bool // it needs a network namespace of its own
}

// scenarios are in the order in which they run.
var scenarios = []scenario{
	{ID: "bombs", Title: "200 gzip bombs at once from one address", Promise: "alive, below 400 MiB, others answered",
		run: bombs},
	{ID: "slow", Title: "5,000 connections that announce 1 MiB and send 100 bytes", Promise: "alive, below 400 MiB, " +
		"others answered", run: slow},
	{ID: "network64", Title: "17 addresses of one IPv6 /64, 256 connections each", Promise: "one network does not hold " +
		"all places, others answered", run: network64, apart: true},
	{ID: "files", Title: "ulimit -n 256, and more connections than that", Promise: "alive, and answering again afterwards",
		run: files},
	{ID: "work", Title: "bodies that cost most to look through", Promise: "CPU in proportion to bytes", run: work},
	{ID: "setlines", Title: "a profile with 100 set: lines", Promise: "CPU a hit close to that without them",
		run: setLines},
	{ID: "vendor", Title: "a vendor whose answer never ends", Promise: "other vendors' visitors do not notice, below " +
		"400 MiB", run: badVendor},
	{ID: "twice", Title: "a vendor that answers twice", Promise: "nobody gets somebody else's answer", run: twice},
	{ID: "objecting", Title: "objections while others flood", Promise: "no real visitor is refused", run: objecting},
	{ID: "answers", Title: "refusals by vendor and proxy, as the SDK sees them", Promise: "status, Retry-After, CORS " +
		"and, where the SDK acts on it, body", run: answers},
	{ID: "batches", Title: "batches as SDKs send them", Promise: "every event arrives", run: batches},
	{ID: "idle", Title: "idle connections from few networks hold the places", Promise: "newcomers and the health path " +
		"are answered", run: idle},
}

// enough is how much memory the process may take in any scenario.
const enough = 400 << 20

// Figure is one number of a scenario's own.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// Result is what came of a scenario.
type Result struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Promise  string   `json:"promise"`
	Possible bool     `json:"possible"`           // false: it cannot be carried out on this machine
	Why      string   `json:"why,omitempty"`      // it is not possible
	Confined string   `json:"confined,omitempty"` // how memory was bounded
	Holds    bool     `json:"holds"`              // every part of the promise
	Broken   []string `json:"broken,omitempty"`   // the parts that do not hold
	Alive    bool     `json:"alive"`              // the process, at the end
	// the attack could not be carried out to its end, and why
	Failed string `json:"failed,omitempty"`
	Ended  string `json:"ended,omitempty"` // how it ended, where it did not live
	Peak   int64  `json:"max_rss"`         // bytes
	// bytes, some seconds after the attack; 0: the process had ended
	After int64 `json:"rss_after,omitempty"`
	// of the process, from before the attack to that moment
	CPU      float64                   `json:"cpu_seconds"`
	Calm     *Tally                    `json:"others_before,omitempty"`
	Others   *Tally                    `json:"others,omitempty"`
	Statuses map[string]map[string]int `json:"statuses,omitempty"` // of the attackers: what they did, and what they got
	Figures  []Figure                  `json:"figures,omitempty"`
	Took     float64                   `json:"seconds"`
}

// bout is one scenario under way.
type bout struct {
	o       *options
	dir     string
	started products

	mu     sync.Mutex // guards what follows
	result *Result
	number int // of configurations written
}

// one carries a scenario out. Whatever it started has ended when it returns.
func one(ctx context.Context, o *options, s scenario, dir string) (*Result, error) {
	from := time.Now()
	b := &bout{o: o, dir: dir, result: &Result{ID: s.ID, Title: s.Title, Promise: s.Promise, Possible: true,
		Statuses: map[string]map[string]int{}}}
	within, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	var err error
	if s.apart && !o.inside {
		err = b.goApart(within, s)
	} else {
		err = s.run(within, b)
	}
	b.hold(within.Err() == nil, "it was not over within %v", o.patience)
	err = errors.Join(err, b.started.end())
	if why, ok := errors.AsType[errImpossible](err); ok {
		b.result.Possible, b.result.Why = false, string(why)
		return b.result, nil
	}
	if err != nil {
		b.result.Failed = err.Error()
	}
	b.result.Holds = len(b.result.Broken) == 0 && err == nil
	b.result.Took = time.Since(from).Seconds()
	return b.result, os.RemoveAll(dir)
}

// errImpossible says why a scenario cannot be carried out on this machine.
type errImpossible string

// Error says why.
func (e errImpossible) Error() string { return string(e) }

// sized scales a number of the attack, to at least one.
func (b *bout) sized(n int) int { return max(1, int(float64(n)*b.o.size)) }

// over scales a time, to no less than a quarter of a second.
func (b *bout) over(d time.Duration) time.Duration {
	return max(time.Duration(float64(d)*min(b.o.size, 1)), min(d, time.Second/4))
}

// hold notes a part of the promise, which may not hold.
func (b *bout) hold(holds bool, broken string, args ...any) {
	if !holds {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.result.Broken = append(b.result.Broken, fmt.Sprintf(broken, args...))
	}
}

// figure notes a number.
func (b *bout) figure(name string, value float64, unit string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.result.Figures = append(b.result.Figures, Figure{name, value, unit})
}

// got notes what an attacker was answered.
func (b *bout) got(group, status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.result.Statuses[group] == nil {
		b.result.Statuses[group] = map[string]int{}
	}
	b.result.Statuses[group][status]++
}

// counted is how often attackers of a group were answered with a status.
func (b *bout) counted(group string) map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.result.Statuses[group])
}

// besiege has an attack go on while other visitors go about their business, and notes how both fared. The attack is
// told to stop after at most the time given. Promised: all but one in a hundred of the others' hits are to be answered.
func (b *bout) besiege(ctx context.Context, p *product, at crowd, most time.Duration, promised bool,
	attack func(context.Context)) error {
	calm := at.watch(ctx, b.over(2*time.Second))
	if calm.Answered == 0 {
		return fmt.Errorf("not even in calm hits are answered: %+v\n%s", calm, p.said.text())
	}
	spent := p.spent()
	during, stop := context.WithTimeout(ctx, b.over(most))
	go func() {
		select {
		case <-p.ended: // there is nothing left to attack
			pause(during, time.Second)
			stop()
		case <-during.Done():
		}
	}()
	others := at.start(during)
	attack(during)
	stop()
	tally := others()
	pause(ctx, b.o.settle)
	b.close(p, spent, calm, tally)
	b.hold(!promised || tally.Answered*100 >= tally.Sent*99, "%d of %d hits of others were not answered",
		tally.Sent-tally.Answered, tally.Sent)
	return nil
}

// close notes how a process is after an attack. Several in one scenario are added up: the worst counts.
func (b *bout) close(p *product, spent time.Duration, calm, others *Tally) {
	alive, ended := p.alive()
	peak, now := p.memory()
	b.hold(alive, "the process ended: %s", ended)
	b.hold(peak < enough, "%d MiB were held", peak>>20)
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.result
	r.Alive = alive && (r.Alive || r.Peak == 0)
	if r.Ended == "" {
		r.Ended = ended
	}
	r.Peak, r.After = max(r.Peak, peak), max(r.After, now)
	if at := p.spent(); at > spent {
		r.CPU += (at - spent).Seconds()
	}
	if calm != nil {
		r.Calm = r.Calm.join(calm)
	}
	if others != nil {
		r.Others = r.Others.join(others)
	}
}

// pause waits, unless the scenario's time is up.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
