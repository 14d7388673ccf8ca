package main

import (
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/config/change"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func diff(_ context.Context, t *terminal, args []string) int {
	f := t.flags("diff", "OLD NEW [--traffic FILE.har|FILE.jsonl]... [--host HOST] [--signal SIGNAL]... [--choice "+
		"CHOICE] [--from IP] [--at TIME] [--format text|json]")
	var traffic []string
	f.Func("traffic", "recorded hits, to be judged by both policies; may be given again", func(file string) error {
		traffic = append(traffic, file)
		return nil
	})
	host := f.String("host", "", "a site's host name, in place of the recorded Host")
	from := f.String("from", "192.0.2.1", "the visitors' address")
	moment := f.String("at", "", "the time of the comparison and of the hits, RFC 3339; now, where it is not given")
	supposed := addSupposeFlags(f, "each of them in turn")
	form := format(f, "json")
	files, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(files) > 2 && len(traffic) > 0 {
		files, traffic = files[:2], append(traffic, files[2:]...)
	}
	if len(traffic) == 0 && (*supposed.choice != "" || len(supposed.signals) > 0) {
		t.fail("--choice and --signal are about recorded hits: which? Say so by --traffic FILE")
		return usage
	}
	if len(files) != 2 {
		t.fail("two server files are wanted: the old one and the new one")
		return usage
	}
	at, ok := t.at(*moment)
	if !ok {
		return usage
	}
	old, code := t.load(files[0])
	if old == nil {
		return code
	}
	changed, code := examine(t, files[1])
	if changed == nil {
		return code
	}
	result := comparison{Changes: change.Between(old, changed, at)}
	if len(traffic) > 0 {
		if !isHost(t, *host, old.Policy, changed.Policy) {
			return usage
		}
		result.impacts, ok = impactsOf(t, &comparing{old: old, changed: changed, files: traffic, host: *host, from: *from,
			at: at, supposed: supposed})
		if !ok {
			return usage
		}
	}
	result.Wider = slices.ContainsFunc(result.Changes, func(c change.Change) bool { return c.Effect == change.Wider }) ||
		result.wider()
	if *form == "json" {
		if result.Changes == nil {
			result.Changes = []change.Change{}
		}
		printJSON(t.out, result, "  ")
	} else {
		result.print(t)
	}
	compared := len(traffic) == 0 || result.compared(t, *host, old.Policy, changed.Policy)
	switch {
	case result.Wider:
		return findings
	case !compared:
		return usage
	}
	return fine
}

// comparison is what a new policy changes. Its JSON is fixed: members may be added, none taken away.
type comparison struct {
	Wider   bool            `json:"wider"`
	Changes []change.Change `json:"changes"`
	impacts
}

func (c *comparison) print(t *terminal) {
	for _, c := range c.Changes {
		printf(t.out, "%s\n", c)
	}
	if c.Recorded != nil || c.Supposed != nil {
		c.impacts.print(t.out)
	}
	wider, narrower := 0, 0
	for _, c := range c.Changes {
		switch c.Effect {
		case change.Wider:
			wider++
		case change.Narrower:
			narrower++
		case change.Neutral:
		}
	}
	switch {
	case len(c.Changes) == 0 && !c.Wider && c.nothing():
		printf(t.out, "nothing is different in the files, and no traffic was compared\n")
	case len(c.Changes) == 0 && !c.Wider:
		printf(t.out, "nothing is different\n")
	default:
		printf(t.out, "%s: %d wider, %d narrower\n", plural.Of(len(c.Changes), "change"), wider, narrower)
	}
	if c.Wider {
		printf(t.out, "something widens: let somebody else look at it, too\n")
	}
}
