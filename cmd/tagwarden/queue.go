package main

import (
	"bufio"
	"context"
	"flag"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// queueVerbs are what can be done with events that wait for their vendors.
func queueVerbs() []verb {
	return []verb{
		{"status", "[--format text|json]", "count what waits, and what is parked", queueStatus},
		{"inspect", "[VENDOR] [--parked] [--reason REASON] [--limit N] [--format text|json]",
			"show events that wait or are parked, without their values", queueInspect},
		{"retry", "[VENDOR] [--reason REASON] [--limit N] [--because TEXT]",
			"have parked events wait for their vendors again", queueRetry},
		{"purge", "[VENDOR] --parked [--reason REASON] | --all --because TEXT [--yes]", "delete events for good", queuePurge},
	}
}

func queueVerb(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "queue", queueVerbs(), args)
}

func queueStatus(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("queue status", "--config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.QueueStatus
		if err := c.call(ctx, http.MethodGet, "/queue", nil, &got); err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		printQueue(t.out, &got)
		return fine
	})
}

// whichEvents adds what says which events are meant.
func whichEvents(f *flag.FlagSet, of *api.QueueAsk) {
	f.StringVar(&of.Reason, "reason", "", "those alone that are parked for this reason, as `queue status` names it")
}

// vendorIn takes the vendor, where one is given: all are meant where none is.
func vendorIn(rest []string, of *api.QueueAsk) {
	if len(rest) > 0 {
		of.Vendor = rest[0]
	}
}

func queueInspect(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("queue inspect", "[VENDOR] [--parked] [--reason REASON] [--limit N] --config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var of api.QueueAsk
	f.BoolVar(&of.Parked, "parked", false, "those alone that are parked")
	whichEvents(f, &of)
	f.IntVar(&of.Limit, "limit", 20, "how many, the oldest first; 1000 at most")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	vendorIn(rest, &of)
	asked := url.Values{"limit": {strconv.Itoa(of.Limit)}, "parked": {strconv.FormatBool(of.Parked)}}
	asked.Set("vendor", of.Vendor)
	asked.Set("reason", of.Reason)
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.QueueEvents
		if err := c.call(ctx, http.MethodGet, "/queue/events?"+asked.Encode(), nil, &got); err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		printQueueEvents(t.out, &got)
		return fine
	})
}

func queueRetry(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("queue retry",
		"[VENDOR] [--reason REASON] [--limit N] [--because TEXT] --config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var of api.QueueAsk
	whichEvents(f, &of)
	f.IntVar(&of.Limit, "limit", 0, "how many at most; all")
	f.StringVar(&of.Because, "because", "", "why: it is recorded")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	vendorIn(rest, &of)
	if of.Limit < 0 {
		t.fail("--limit: a number of events is wanted")
		return usage
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.QueueChanged
		if err := c.call(ctx, http.MethodPost, "/queue/retry", of, &got); err != nil {
			return t.failed(err)
		}
		code := printChanged(t, &got, *form, "waits again", "wait again")
		if got.Resumed && *form == "text" {
			printf(t.out, "%s had asked to be left alone, and is asked again now\n", of.Vendor)
		}
		if got.Hastened > 0 && *form == "text" {
			printf(t.out, "%s that had been put off %s due now\n", plural.Of(got.Hastened, "event"),
				plural.Verb(got.Hastened, "is", "are"))
		}
		if got.Events > 0 && *form == "text" {
			t.hint("each is judged again before it leaves, and waits for its vendor for as long as `delivery: { ttl }` says")
		}
		return code
	})
}

func queuePurge(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("queue purge", "[VENDOR] --parked [--reason REASON] | --all --because TEXT [--yes] --config FILE "+
		"[--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var of api.QueueAsk
	f.BoolVar(&of.Parked, "parked", false, "those that are parked")
	f.BoolVar(&of.All, "all", false, "those that are parked, and those that wait")
	whichEvents(f, &of)
	f.StringVar(&of.Because, "because", "", "why they are deleted, and who asked for that: it is recorded")
	yes := f.Bool("yes", false, "do not ask")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	vendorIn(rest, &of)
	switch {
	case of.Parked == of.All:
		t.fail("which? --parked are those that vendors refused, --all those that wait as well")
		return usage
	case of.All && of.Reason != "":
		t.fail("--reason: a reason is of what is parked alone: it goes with --parked")
		return usage
	case strings.TrimSpace(of.Because) == "":
		t.fail("--because is missing: why are they deleted, and who asked for that?")
		return usage
	case !*yes && !t.tty:
		t.fail("nobody can be asked here whether they are to be deleted: --yes says so")
		return usage
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		if !*yes {
			var now api.QueueStatus
			if err := c.call(ctx, http.MethodGet, "/queue", nil, &now); err != nil {
				return t.failed(err)
			}
			if !sure(t, &now, &of) {
				t.fail("nothing was deleted")
				return usage
			}
		}
		var got api.QueueChanged
		if err := c.call(ctx, http.MethodPost, "/queue/purge", of, &got); err != nil {
			return t.failed(err)
		}
		return printChanged(t, &got, *form, "is deleted", "are deleted")
	})
}

// sure asks whether events are to be deleted.
func sure(t *terminal, now *api.QueueStatus, of *api.QueueAsk) bool {
	n := 0
	for _, v := range now.Vendors {
		if of.Vendor != "" && of.Vendor != v.Vendor {
			continue
		}
		if of.All {
			n += v.Waiting
		}
		for _, p := range v.ParkedBy {
			if of.Reason == "" || of.Reason == p.Reason {
				n += p.Events
			}
		}
	}
	printf(t.err, "%s would be deleted, and never reach their vendors. yes? ", plural.Of(n, "event"))
	line, _ := bufio.NewReader(t.in).ReadString('\n') // what was read counts
	return strings.TrimSpace(line) == "yes"
}
