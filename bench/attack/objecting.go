package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// objecting has visitors object while somebody floods: from many networks behind a trusted proxy, and with one valid
// link again and again; and behind a proxy that writes ports into X-Forwarded-For.
func objecting(ctx context.Context, b *bout) error {
	v, err := newVendor(noContent)
	if err != nil {
		return err
	}
	defer v.close()
	for _, part := range []func(context.Context, *bout, *product) error{floodOfNetworks, floodOfLinks, portsInAddresses} {
		p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at()}, trusted: "127.0.0.0/8"})
		if err != nil {
			return err
		}
		spent := p.spent()
		if err := part(ctx, b, p); err != nil {
			return err
		}
		b.close(p, spent, nil, nil)
	}
	return nil
}

// objection is a visitor who objects, by the endpoint for front ends, behind a trusted proxy.
func objection(forwarded string, n int) []byte {
	cookie := fmt.Sprintf("Cookie: _ga=GA1.1.%d.%d\r\n", 100_000_000+n, 1_700_000_000+n)
	return post("/privacy/objections", asJSON+"X-Forwarded-For: "+forwarded+"\r\n"+cookie, []byte(`{"all":true}`))
}

// flood asks again and again over many connections, until the context ends, and notes under a name what came of it.
// Rendering is told a number that no other call gets.
func (b *bout) flood(ctx context.Context, p *product, group string, render func(n int) []byte) func() {
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			ask := asker(ctx, p.hits)
			for n := i; ctx.Err() == nil; n += 32 {
				b.got(group, ask(render(n)))
			}
			ask(nil)
		})
	}
	return all.Wait
}

// real sends what visitors send, one after another over some time, each once, and counts those who were not taken.
func (b *bout) real(ctx context.Context, p *product, group string, over time.Duration, requests [][]byte) {
	var all sync.WaitGroup
	for i, request := range requests {
		all.Go(func() {
			pause(ctx, b.over(time.Second)+over*time.Duration(i)/time.Duration(len(requests)))
			_, status := once(context.WithoutCancel(ctx), "", p.hits, request, 20*time.Second)
			b.got(group, status)
		})
	}
	all.Wait()
	refused, got := 0, b.counted(group)
	for status, n := range got {
		if status != "200" && status != "303" {
			refused += n
		}
	}
	b.figure("refused, "+group, float64(refused), fmt.Sprintf("of %d", len(requests)))
	b.hold(refused == 0, "%s: %d of %d were refused", group, refused, len(requests))
}

// floodOfNetworks floods from a thousand networks, while 27 visitors object.
func floodOfNetworks(ctx context.Context, b *bout, p *product) error {
	during, stop := context.WithTimeout(ctx, 12*time.Second)
	defer stop()
	wait := b.flood(during, p, "flood from many networks", func(n int) []byte {
		return objection(fmt.Sprintf("198.%d.%d.7", 18+n/250%4, n%250), 10_000+n)
	})
	requests := make([][]byte, 0, 27)
	for i := range 27 {
		requests = append(requests, objection(fmt.Sprintf("203.0.%d.9", i), i))
	}
	b.real(ctx, p, "real visitors beside a flood from many networks", b.over(6*time.Second), requests)
	stop()
	wait()
	return nil
}

// floodOfLinks repeats one valid link, while 44 others follow theirs.
func floodOfLinks(ctx context.Context, b *bout, p *product) error {
	link := func(n int) ([]byte, error) {
		text, err := b.tool(ctx, "objections", "link", "--config", p.file, "--id", fmt.Sprintf("email=visitor%d@example.com",
			n), "--all", "--format", "json")
		if err != nil {
			return nil, err
		}
		var got struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			return nil, fmt.Errorf("no link was printed: %w", err)
		}
		parsed, err := url.Parse(got.URL)
		if err != nil || parsed.Path == "" {
			return nil, fmt.Errorf("no address of a link: %w", err)
		}
		return post(parsed.RequestURI(), asForm+"X-Forwarded-For: 203.0.113."+strconv.Itoa(n%250)+"\r\n",
			[]byte("List-Unsubscribe=One-Click")), nil
	}
	n := b.sized(44)
	requests := make([][]byte, 0, n+1)
	for i := range n + 1 {
		r, err := link(i)
		if err != nil {
			return err
		}
		requests = append(requests, r)
	}
	during, stop := context.WithTimeout(ctx, 12*time.Second)
	defer stop()
	wait := b.flood(during, p, "flood of one link", func(int) []byte { return requests[n] })
	b.real(ctx, p, "real visitors beside a flood of one link", b.over(6*time.Second), requests[:n])
	stop()
	wait()
	return nil
}

// portsInAddresses has visitors object behind a proxy that writes "address:port", as some balancers do.
func portsInAddresses(ctx context.Context, b *bout, p *product) error {
	requests := make([][]byte, 0, 40)
	for i := range 40 {
		forwarded := fmt.Sprintf("203.0.113.%d:%d", i, 40000+i)
		if i%2 == 1 {
			forwarded = fmt.Sprintf("[2001:db8:%d::1]:%d", i, 40000+i)
		}
		requests = append(requests, objection(strings.TrimSpace(forwarded), 1000+i))
	}
	b.real(ctx, p, "visitors behind a proxy that writes address:port", b.over(time.Second), requests)
	return nil
}
