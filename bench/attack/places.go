package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// gauge follows how many connections are held.
type gauge struct{ now, most atomic.Int64 }

func (g *gauge) up() {
	n := g.now.Add(1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
	}
}

func (g *gauge) down() { g.now.Add(-1) }

// occupy opens connections from every address, so many from each, has each ask something, and keeps it until the
// context ends or the server closes it: then it is opened anew.
func (b *bout) occupy(ctx context.Context, group string, from []string, to string, each int, request []byte) *gauge {
	g := &gauge{}
	var all sync.WaitGroup
	for _, address := range from {
		for range each {
			all.Go(func() {
				for ctx.Err() == nil {
					b.got(group, occupyOne(ctx, address, to, request, g))
					pause(ctx, 250*time.Millisecond)
				}
			})
		}
	}
	all.Wait()
	return g
}

// occupyOne keeps one connection, and says in a word how it ended.
func occupyOne(ctx context.Context, from, to string, request []byte, g *gauge) string {
	l, err := dial(ctx, from, to, time.Minute)
	if err != nil {
		return word(err)
	}
	defer func() { _ = l.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = l.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := l.Write(request); err != nil {
		return word(err)
	}
	if bytes.HasPrefix(request, []byte("GET ")) {
		switch a, err := l.read(); {
		case err != nil:
			return word(err)
		case a.status/100 != 2:
			return strconv.Itoa(a.status)
		}
	}
	g.up()
	defer g.down()
	switch a, err := l.read(); { // nothing is asked for any more
	case ctx.Err() != nil:
		return "held"
	case err != nil:
		return word(err)
	default:
		return strconv.Itoa(a.status)
	}
}

// room tells whether this process may have so many connections.
func room(connections int) error {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	if wanted := uint64(connections) + 256; files.Cur < wanted {
		return errImpossible(fmt.Sprintf("ulimit -n is %d, and %d are needed", files.Cur, wanted))
	}
	return nil
}

// addressesOf are the first n addresses of a network of loopback.
func addressesOf(network string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, loopback(network, i))
	}
	return all
}

// deniedHit is a small hit of somebody who did not consent, over a connection that is kept.
var deniedHit = []byte("GET /g/collect?v=2&tid=G-ATTACK&cid=1.1&en=page_view HTTP/1.1\r\nHost: " + host + "\r\n\r\n")

// slow opens connections that announce much and send little.
func slow(ctx context.Context, b *bout) error {
	if err := room(b.sized(25) * b.sized(200)); err != nil {
		return err
	}
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at(), "segment": v.at()}, caged: true})
	if err != nil {
		return err
	}
	request := []byte("POST " + track + " HTTP/1.1\r\nHost: " + host + "\r\n" + asJSON + yes +
		"Content-Length: 1048576\r\n\r\n" + event + `"note":"` + strings.Repeat("a", 20))
	return b.besiege(ctx, p, visitors(p.hits, 24), 10*time.Second, true, func(ctx context.Context) {
		g := b.occupy(ctx, "occupier", addressesOf("127.1", b.sized(25)), p.hits, b.sized(200), request)
		b.figure("connections held at once", float64(g.most.Load()), "")
	})
}

// network64 opens as many connections as each address may from 17 addresses of one
// /64: together more than there are places.
func network64(ctx context.Context, b *bout) error {
	if err := room(b.sized(17) * b.sized(256)); err != nil {
		return err
	}
	for _, command := range [][]string{{"link", "set", "lo", "up"}, {"-6", "addr", "add", "2001:db8:a:1::1/64",
		"dev", "lo", "nodad"}} {
		if out, err := exec.CommandContext(ctx, "ip", command...).CombinedOutput(); err != nil {
			return errImpossible(fmt.Sprintf("ip %s: %v: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out))))
		}
	}
	var from []string
	for i := range b.sized(17) {
		address := fmt.Sprintf("2001:db8:1:2::%x", i+1)
		if out, err := exec.CommandContext(ctx, "ip", "-6", "addr", "add", address+"/64", "dev", "lo",
			"nodad").CombinedOutput(); err != nil {
			return errImpossible(fmt.Sprintf("no address of IPv6 can be added: %v: %s", err, strings.TrimSpace(string(out))))
		}
		from = append(from, address)
	}
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at()}, listen: "[::]:0"})
	if err != nil {
		return err
	}
	others := visitors(on("127.0.0.1", p.hits), 20)
	for range 4 {
		others = append(others, visitor{"2001:db8:a:1::1", on("2001:db8:a:1::1", p.hits)})
	}
	return b.besiege(ctx, p, others, 8*time.Second, true, func(ctx context.Context) {
		g := b.occupy(ctx, "occupier", from, on("2001:db8:a:1::1", p.hits), b.sized(256), deniedHit)
		b.figure("connections of the /64 held at once", float64(g.most.Load()), "")
		b.hold(g.most.Load() <= 512, "one /64 held %d connections", g.most.Load())
	})
}

// files opens more connections than the process may have files: to one listener,
// then, of another process, to the other.
func files(ctx context.Context, b *bout) error {
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	for _, listener := range []struct {
		name    string
		at      func(*product) string
		request []byte
	}{
		{"hits", func(p *product) string { return p.hits }, deniedHit},
		{"admin", func(p *product) string { return p.admin }, []byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")},
	} {
		p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at()}, files: 256})
		if err != nil {
			return err
		}
		others := visitors(p.hits, 8)
		err = b.besiege(ctx, p, others, 5*time.Second, false, func(ctx context.Context) {
			g := b.occupy(ctx, "occupier of "+listener.name, addressesOf("127.2", b.sized(4)), listener.at(p),
				b.sized(100), listener.request)
			b.figure("connections held at once, "+listener.name, float64(g.most.Load()), "")
		})
		if err != nil {
			return err
		}
		after := others.watch(ctx, b.over(time.Second))
		b.figure("hits answered after the flood, "+listener.name, float64(after.Answered), fmt.Sprintf("of %d", after.Sent))
		b.hold(after.Answered == after.Sent && after.Sent > 0, "after the flood on %s %d of %d hits were answered",
			listener.name, after.Answered, after.Sent)
	}
	return nil
}

// idle has connections from few networks lie about: first many, then more than there are places.
func idle(ctx context.Context, b *bout) error {
	if err := room(b.sized(22) * b.sized(200)); err != nil {
		return err
	}
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at()}})
	if err != nil {
		return err
	}
	for _, n := range []int{10, 22} {
		group := fmt.Sprintf("health path, beside %d", b.sized(n)*b.sized(200))
		err := b.besiege(ctx, p, visitors(p.hits, 24), 6*time.Second, true, func(ctx context.Context) {
			var asking sync.WaitGroup
			asking.Go(func() { b.askHealth(ctx, p.hits, group) })
			g := b.occupy(ctx, "occupier", addressesOf("127.3", b.sized(n)), p.hits, b.sized(200), deniedHit)
			asking.Wait()
			b.figure(fmt.Sprintf("idle connections held of %d", b.sized(n)*b.sized(200)), float64(g.most.Load()), "")
		})
		if err != nil {
			return err
		}
		health, total := b.counted(group), 0
		for _, count := range health {
			total += count
		}
		b.hold(health["200"] == total && total > 0, "%s: answered %d of %d times", group, health["200"], total)
	}
	return nil
}

// askHealth asks the health path every 100 ms, over a new connection each time, as balancers do.
func (b *bout) askHealth(ctx context.Context, to, group string) {
	for ctx.Err() == nil {
		b.got(group, healthy(context.WithoutCancel(ctx), "127.8.0.1", to))
		pause(ctx, 100*time.Millisecond)
	}
}
