package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/tagwarden/tagwarden/bench/load"
)

// contender is one of those who are measured. Each has a process of its own.
type contender struct {
	name string
	// in a folder, with where hits go to
	start   func(context.Context, *processes, string, string) (*process, string, error)
	render  func(dst []byte, serial uint64) []byte
	expect  load.Expect
	waits   bool    // what it has answered it delivers later
	goal    float64 // ratio to the first contender that it should not exceed, 0 for none
	other   bool    // it is none of ours
	process *process
	address string
}

// contenders are all of them; the first is the measure.
func contenders() []contender {
	yes, half := load.GA4{Host: host, Cookie: consentCookie + "=yes"},
		load.GA4{Host: host, Cookie: consentCookie + "=yes", Unseen: 50}
	no := load.GA4{Host: host, Cookie: consentCookie + "=no"}
	track := load.Segment{Host: host, Cookie: consentCookie + "=yes"}
	return []contender{
		{name: "nginx, bare proxy_pass", start: startNginx, render: yes.Append, other: true},
		{name: "nginx with Lua: parameters listed, cid hashed", start: startNginxLua, render: yes.Append, other: true},
		{name: "HAProxy", start: startHAProxy, render: yes.Append, other: true},
		{name: "Go, httputil.ReverseProxy", start: proxyOf("stdproxy"), render: yes.Append, other: true},
		{name: "Go, bare fasthttp proxy", start: proxyOf("bareproxy"), render: yes.Append, other: true},
		{name: "tagwarden direct, permitted", start: serving("direct"), render: yes.Append, goal: 1.5},
		{name: "tagwarden direct, permitted, 50 % unseen", start: serving("direct"), render: half.Append},
		{name: "tagwarden direct, denied", start: serving("direct"), render: no.Append, expect: load.None, goal: 0.8},
		{name: "tagwarden queued, permitted", start: serving("queued"), render: yes.Append, waits: true},
		{name: "tagwarden direct, an event of Segment", start: serving("direct"), render: track.Append},
		{name: "tagwarden queued, the same, merged", start: serving("queued"), render: track.Append, waits: true},
	}
}

// proxyOf starts a proxy of this tree that looks at nothing.
func proxyOf(command string) func(context.Context, *processes, string, string) (*process, string, error) {
	return func(ctx context.Context, started *processes, dir, upstream string) (*process, string, error) {
		p, err := started.start(ctx, filepath.Join(filepath.Dir(dir), command), "--upstream", upstream)
		if err != nil {
			return nil, "", err
		}
		address, err := p.ready()
		return p, address, err
	}
}

// serving starts tagwarden in a mode of delivery.
func serving(mode string) func(context.Context, *processes, string, string) (*process, string, error) {
	return func(ctx context.Context, started *processes, dir, upstream string) (*process, string, error) {
		config, err := writeConfig(dir, upstream, mode)
		if err != nil {
			return nil, "", err
		}
		return serve(ctx, started, filepath.Dir(dir), config)
	}
}

// startAll starts every contender, each with a folder of its own in a folder in which our commands lie. Those whose
// program is not on this machine are left out, and named; the first has to be there.
func startAll(ctx context.Context, started *processes, dir, upstream string, all []contender) (there []contender,
	missing []string, err error) {
	for i, c := range all {
		own := filepath.Join(dir, string(rune('a'+i)))
		c.process, c.address, err = c.start(ctx, started, own, upstream)
		switch {
		case errors.Is(err, errMissing) && i > 0:
			missing = append(missing, err.Error())
		case err != nil:
			return nil, nil, err
		default:
			there = append(there, c)
		}
	}
	return there, missing, nil
}
