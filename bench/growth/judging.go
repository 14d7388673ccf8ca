package growth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// variants is how many hits of one size are judged in turn, of other visitors and pages.
const variants = 32

// judging is what a server does with a hit between receiving and recording: find the route, read, look objections up,
// judge. What a server keeps between hits (decoded consent strings, ids that were denied, which values are rare) is
// left out: a hit costs what it costs alone.
type judging struct {
	policy   *rules.Policy
	in       rules.Inputs
	j        rules.Judgement
	requests []hit.Request
	denied   bool
	next     uint64

	store  *objection.Store // nil: there is none
	lookup *objection.Resolved
	filled int
	anew   func(*judging, uint64)
}

// load reads a configuration from files, as serve does.
func load(o *Options, dir string, change func(n int, files map[string]string), n int) (*judging, error) {
	files := maps.Clone(o.Files)
	if change != nil {
		change(n, files)
	}
	server, err := o.Write(dir, files)
	if err != nil {
		return nil, err
	}
	loaded, err := config.Load(server)
	if err != nil {
		return nil, err
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	state := pseudonym.TestRoot.State(now)
	return &judging{policy: loaded.Policy, in: rules.Inputs{Now: now, Keys: rules.KeysOf(&state, loaded.Policy),
		NewestForm: true}}, nil
}

// beside is another one under the same policy.
func (g *judging) beside() *judging { return &judging{policy: g.policy, in: g.in} }

// take makes the requests of a size, and judges each once: it has to end as it is meant to.
func (g *judging) take(d *dimension, n int) error {
	g.denied, g.anew = d.denied, d.anew
	for serial := range uint64(variants) {
		request, refused, err := wire.ParseRequest(d.hit(n, serial), netip.MustParseAddr("192.0.2.1"), g.policy.Trusted())
		if err != nil || refused {
			return fmt.Errorf("a request that cannot be read: %w", errors.Join(err, errRefused))
		}
		g.requests = append(g.requests, request)
	}
	for range g.requests {
		if err := g.judge(); err != nil {
			return err
		}
	}
	return nil
}

var errRefused = errors.New("it can be read in two ways")

// judge judges the next hit.
func (g *judging) judge() error {
	r := &g.requests[g.next%variants]
	g.next++
	g.j.Reset()
	headers := append(g.j.Hit.Request.Headers, r.Headers...)
	g.j.Hit.Request = *r
	g.j.Hit.Request.Headers = headers
	if reason := rules.FindRoute(g.policy, &g.j); reason != rules.Unjudged {
		return fmt.Errorf("a hit that finds no way: %v", reason)
	}
	if reason := rules.Read(g.policy, &g.j, &g.in, nil); reason != rules.Unjudged {
		return fmt.Errorf("a hit that cannot be read: %v", reason)
	}
	if g.anew != nil {
		g.anew(g, g.next)
	}
	var all rules.Objections
	for i := range g.j.Subjects {
		if g.store == nil {
			break
		}
		found, err := g.lookup.Lookup(g.j.Subjects[i].Hash)
		if err != nil {
			return err
		}
		all.Merge(found)
	}
	for range g.j.Hit.Events {
		g.j.Objections = append(g.j.Objections, all)
	}
	if reason := rules.Judge(&g.j, &g.in); reason != rules.Unjudged {
		return fmt.Errorf("a hit that is refused: %v", reason)
	}
	if permitted := g.j.Permitted(); permitted != len(g.j.Hit.Events) && !g.denied || permitted > 0 && g.denied {
		return fmt.Errorf("of %d events %d are permitted: denied %v", len(g.j.Hit.Events), permitted, g.denied)
	}
	return nil
}

// calm is the least time of a hit, of as many measurements as were asked for, and more until three agree.
func (g *judging) calm(ctx context.Context, o *Options) (float64, error) {
	const agree, patience = 1.03, 10
	var all []float64
	for {
		t, err := g.timed(ctx, o.Batch)
		if err != nil {
			return 0, err
		}
		all = append(all, t)
		slices.Sort(all)
		if n := len(all); n >= o.Rounds && (n >= patience*o.Rounds || n >= 3 && all[2] < all[0]*agree) {
			return all[0], nil
		}
	}
}

// timed is the CPU time of a hit, in microseconds, of as many as take so long.
func (g *judging) timed(ctx context.Context, long time.Duration) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	runtime.LockOSThread() // its clock is the thread's
	defer runtime.UnlockOSThread()
	for n := 4; ; n *= 2 {
		from, err := ran()
		if err != nil {
			return 0, err
		}
		for range n {
			if err := g.judge(); err != nil {
				return 0, err
			}
		}
		to, err := ran()
		if err != nil {
			return 0, err
		}
		if took := to - from; took >= long {
			return float64(took) / float64(n) / float64(time.Microsecond), nil
		}
	}
}

// ran is the CPU time that this thread has had.
func ran() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}
