package main

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/observe"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/promise"
	"github.com/tagwarden/tagwarden/rules/replay"
)

// What --only lists. Hits that nobody here takes are told apart from those that were judged, and of which something is
// denied.
const (
	onlyAll       = "all"
	onlyDenied    = "denied"
	onlyUncovered = "uncovered"
)

func replayVerb(_ context.Context, t *terminal, args []string) int {
	f := t.flags("replay", "--config FILE FILE.har|FILE.jsonl... [--host HOST] [--signal SIGNAL]... [--choice CHOICE] "+
		"[--objection SCOPE]... [--only denied|uncovered] [--from IP] [--at TIME] [--format text|jsonl] [--raw]")
	given := addAskFlags(f)
	given.rawFlag(f)
	host := f.String("host", "", "a site's host name, in place of the recorded Host")
	only := choice(f, "only", "which hits are listed: all, denied (something of them is denied) or uncovered (no site, "+
		"vendor or activity here is for them)",
		[]string{onlyAll, onlyDenied, onlyUncovered})
	form := format(f, "jsonl")
	files, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(files) == 0 {
		t.fail("no recording is given: which files are to be replayed?")
		return usage
	}
	a, code := newExplainer(t, given)
	if a == nil {
		return code
	}
	if !isHost(t, *host, a.policy) {
		return usage
	}
	r := replaying{explainer: a, now: t.now}
	var listed bytes.Buffer // behind the summary
	for _, file := range files {
		passed, err := recording(file, *host, func(q *replay.Request) error {
			h, err := r.hit(q)
			if err != nil {
				return err
			}
			r.sum.add(h)
			r.taken.add(h.Explanation)
			switch {
			case !h.isListed(*only):
			case *form == "jsonl":
				printJSON(t.out, h, "")
			default:
				printReplayed(&listed, h)
			}
			return nil
		})
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		if passed > 0 {
			printf(t.err, "%s: %s, passed over\n", file, noHTTP(passed))
		}
	}
	if *form == "text" {
		r.sum.print(t.out, a.loaded)
		if listed.Len() > 0 {
			printf(t.out, "\n")
			_, _ = listed.WriteTo(t.out)
		}
	}
	if r.sum.broken > 0 {
		t.fail("%s broken by these hits", plural.Of(r.sum.broken, "promise"))
		return findings
	}
	if r.taken.none(t, *host, a.policy) {
		return usage
	}
	return fine
}

// noHTTP says how many entries of a HAR file are none that could be judged.
func noHTTP(entries int) string {
	return plural.Of(entries, "entry") + " " + plural.Verb(entries, "is no HTTP request", "are no HTTP requests")
}

// replaying judges recorded hits one after another.
type replaying struct {
	*explainer
	now     func() time.Time
	scanner *observe.Scanner // which knows the catalog; nil: it was not asked yet
	sum     summary
	taken   ofSites
}

// hit judges a hit, and looks up who would take it where nobody here does.
func (r *replaying) hit(q *replay.Request) (*replayed, error) {
	x, broken, err := r.judge(q.Text)
	if err != nil {
		return nil, err
	}
	h := &replayed{Source: observe.Source{File: q.File, Line: q.Line}, Explanation: x, Broken: broken}
	if !slices.Contains(nobodyTakes, x.Reason) {
		return h, nil
	}
	if r.scanner == nil {
		if r.scanner, err = observe.New(r.now()); err != nil {
			return nil, err
		}
	}
	where, err := r.scanner.Where(q)
	if err != nil {
		return nil, err
	}
	h.Uncovered = &where
	return h, nil
}

// nobodyTakes are the reasons for which a hit is none of anybody's here.
var nobodyTakes = []string{rules.UnknownHost.String(), rules.UnknownPath.String(), rules.WrongMethod.String()}

// judge judges a recorded hit, and says which promises it broke.
func (a *explainer) judge(text []byte) (x *rules.Explanation, broken []promise.Violation, err error) {
	if x, err = a.explain(text); err != nil {
		return nil, nil, err
	}
	if a.promises == nil {
		a.promises = config.NewOnHits(a.loaded)
	}
	return x, a.promises.BrokenBy(x), nil
}

// replayed is an explanation with where its hit came from in front.
type replayed struct {
	Source observe.Source `json:"source"`
	*rules.Explanation
	Uncovered *observe.Where      `json:"uncovered,omitempty"` // where a hit was sent that nobody here takes
	Broken    []promise.Violation `json:"broken_promises,omitempty"`
}

// isListed tells whether a hit is one of those that --only asks for.
func (h *replayed) isListed(only string) bool {
	switch only {
	case onlyDenied:
		return h.Uncovered == nil && (h.Reason != "" && h.Reason != preflight || slices.ContainsFunc(h.Events, isDenied))
	case onlyUncovered:
		return h.Uncovered != nil || slices.ContainsFunc(h.Events, isUnspoken)
	default:
		return true
	}
}

// preflight is the reason of a browser's question, which is answered and is no hit.
const preflight = "preflight"

func isDenied(e rules.ExplainedEvent) bool { return e.Facts.Decision != rules.Permit }

// isUnspoken tells whether no activity speaks of an event.
func isUnspoken(e rules.ExplainedEvent) bool { return e.Reason == rules.NoActivity.String() }

func printReplayed(w io.Writer, h *replayed) {
	x := h.Explanation
	printf(w, "%s:%d  %s  ", h.Source.File, h.Source.Line, x.Decision)
	if at := h.Uncovered; at != nil {
		printf(w, "%s %s  %s\n", cmp.Or(visible(at.Host), "-"), short(at.Path), x.Reason)
		return
	}
	printf(w, "%s %s  %d → %s\n", cmp.Or(x.Vendor, "-"), cmp.Or(x.Endpoint, "-"), x.Bytes.In,
		plural.Of(x.Bytes.Out, "byte"))
	if x.Reason != "" {
		printf(w, "    refused: %s\n", x.Reason)
	}
	for _, e := range x.Events {
		printf(w, "    %s: %s %s", cmp.Or(short(e.Name), "-"), e.Decision, e.Reason)
		if e.Decision == "permit" {
			printf(w, " by %s", e.Activity)
		}
		printf(w, "\n")
		if !isDenied(e) {
			printTreated(w, e.Fields)
		}
	}
	if x.Forward != nil {
		printTreated(w, x.Shared)
	}
	for _, one := range h.Broken {
		printf(w, "      %s\n", one)
	}
}

func printTreated(w io.Writer, fields []rules.ExplainedField) {
	var dropped, changed []string
	for _, f := range fields {
		switch {
		case !f.Sent:
			dropped = append(dropped, f.Path)
		case f.Before != f.After:
			changed = append(changed, f.Path)
		}
	}
	if len(dropped) > 0 {
		printf(w, "      dropped: %s\n", strings.Join(dropped, ", "))
	}
	if len(changed) > 0 {
		printf(w, "      changed: %s\n", strings.Join(changed, ", "))
	}
}
