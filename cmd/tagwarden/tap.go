package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/tap"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// tapAsk is what a server is asked to show.
type tapAsk struct {
	Endpoints []string `json:"endpoint,omitempty"`
	Vendors   []string `json:"vendor,omitempty"`
	Reasons   []string `json:"reason,omitempty"`
	Own       bool     `json:"own,omitempty"`
}

// tapVerb shows hits as they come, until the user ends it.
func tapVerb(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("tap", "[--endpoint ID]... [--vendor ID]... [--reason REASON]... [--own] [--config FILE | "+
		"--server URL --token-file FILE] [--format text|json]")
	file, remote := f.String("config", "tagwarden.yaml", "the server file"), addRemoteFlags(f)
	var of tapAsk
	for name, to := range map[string]*[]string{"endpoint": &of.Endpoints, "vendor": &of.Vendors, "reason": &of.Reasons} {
		help := map[string]string{
			"endpoint": "a vendor's endpoint", "vendor": "a vendor's id",
			"reason": "why an event was denied, or permitted: no_consent",
		}[name]
		f.Func(name, help+"; may be given again", func(given string) error {
			if given == "" || len(given) > 64 || slices.Contains(*to, given) {
				return errors.New("it is given once, and holds from 1 to 64 bytes")
			}
			*to = append(*to, given)
			return nil
		})
	}
	f.BoolVar(&of.Own, "own", false, "hits of your own browser alone, with their values: a cookie tells them apart")
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if remote.given() {
		c, err := remote.client()
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		return tapServer(ctx, t, c, of, *form)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		if c.here {
			t.fail("no server runs on this data folder: there is nothing to watch")
			return usage
		}
		return tapServer(ctx, t, c, of, *form)
	})
}

// tapServer shows what a server has to show. However it ends, the server is told.
func tapServer(ctx context.Context, t *terminal, c *client, of tapAsk, form string) int {
	var opened api.TapOpened
	if err := c.call(ctx, http.MethodPost, "/tap", of, &opened); err != nil {
		return t.failed(err)
	}
	t.endsTidily(leftAlone...)
	which := "/tap?" + url.Values{"tap": {opened.Tap}}.Encode()
	defer func() { // it ends by itself where the server cannot be reached
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = c.call(within, http.MethodDelete, which, nil, &struct{}{})
	}()
	sayTapped(t, &opened)
	out := tapPrinter{t: t, json: form == "json"}
	for {
		var got api.TapLines
		err := c.call(ctx, http.MethodGet, which, nil, &got)
		switch {
		case ctx.Err() != nil:
			return fine
		case err != nil && !t.now().Before(opened.Until):
			t.hint("an hour is over: `tagwarden tap` begins again")
			return fine
		case err != nil:
			if _, answered := errors.AsType[*problem.Document](err); answered {
				return t.failed(err)
			}
			t.fail("the server ended, or cannot be reached any more: nothing is watched")
			return usage
		}
		if got.Lost > 0 {
			printf(t.err, "%s lost here: more came than could be shown\n", plural.Of(got.Lost, "line")+" "+
				plural.Verb(got.Lost, "was", "were"))
		}
		for i := range got.Lines {
			out.show(&got.Lines[i])
		}
	}
}

// sayTapped says how long hits are shown, and how one has one's own shown.
func sayTapped(t *terminal, opened *api.TapOpened) {
	until := opened.Until.Format(time.RFC3339)
	if opened.Preview == "" {
		printf(t.err, "watching until %s; Ctrl-C ends it. Values are not shown, and the log says that somebody watched.\n",
			until)
		return
	}
	printf(t.err, "watching hits that carry this cookie, until %s; Ctrl-C ends it. "+
		"In the browser's console, on a page of the site:\n\n"+
		"  document.cookie = \"%s=%s; path=/; max-age=%d; samesite=lax\"\n\n"+
		"or `curl --cookie %[2]s=%[3]s`. It has your own hits shown and does nothing else: no vendor is sent it, and it is "+
		"worth nothing once this ends.\n", until, tap.Cookie, opened.Preview, int(tap.Lasts.Seconds()))
}

// tapPrinter shows lines.
type tapPrinter struct {
	t    *terminal
	json bool
}

func (p tapPrinter) show(l *tap.Line) {
	if p.json {
		printJSON(p.t.out, l, "")
		return
	}
	printTapped(p.t.out, l)
}
