package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// clusterRestore begins logs anew that are gone, from this node. Without --yes, and where
// nobody can be asked, it says how it stands.
func clusterRestore(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("cluster restore", "[--yes] --config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file of the node that has most")
	yes := f.Bool("yes", false, "do not ask")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		call := func(begin bool) (got api.ClusterRestored, err error) {
			return got, c.call(ctx, http.MethodPost, "/cluster/restore", map[string]bool{"begin": begin}, &got)
		}
		got, err := call(false)
		if err != nil {
			return t.failed(err)
		}
		if can := restorable(&got); can > 0 && *form == "text" && !*yes {
			printRestored(t.out, &got)
			if !t.tty {
				t.hint("nothing is begun: --yes does it")
				return findings
			}
			printf(t.err, "begin %s anew from this node? yes? ", plural.Of(can, "log"))
			line, _ := bufio.NewReader(t.in).ReadString('\n') // what was read counts
			if strings.TrimSpace(line) != "yes" {
				t.fail("nothing is begun")
				return usage
			}
			*yes = true
		}
		if *yes {
			if got, err = call(true); err != nil {
				return t.failed(err)
			}
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
		} else {
			printRestored(t.out, &got)
		}
		if restorable(&got) > 0 || hindered(&got) {
			return findings
		}
		return fine
	})
}

// restorable counts logs that can be begun anew from here.
func restorable(of *api.ClusterRestored) (n int) {
	for i := range of.Logs {
		if l := &of.Logs[i]; l.Gone && l.Wrong == "" && !l.Begun {
			n++
		}
	}
	return n
}

// hindered tells whether something is wrong with a log that nothing was done about.
func hindered(of *api.ClusterRestored) bool {
	for i := range of.Logs {
		if of.Logs[i].Wrong != "" {
			return true
		}
	}
	return false
}

// printRestored says of each log how it stands.
func printRestored(out io.Writer, of *api.ClusterRestored) {
	for i := range of.Logs {
		switch l := &of.Logs[i]; {
		case l.Begun:
			printf(out, "%s: begun anew behind act %d\n", l.Log, l.Acts)
		case l.Gone && l.Wrong == "":
			printf(out, "%s: gone; it can be begun anew from %s, behind act %d\n", l.Log, of.Node, l.Acts)
		case l.Gone:
			printf(out, "%s: gone; not from %s: %s\n", l.Log, of.Node, l.Wrong)
		case l.Wrong != "":
			printf(out, "%s: %s\n", l.Log, l.Wrong)
		default:
			printf(out, "%s: there; nothing is to be done\n", l.Log)
		}
		for _, n := range of.Logs[i].Nodes {
			printf(out, "  %s has done %s\n", n.Node, plural.Of(n.Acts, "act"))
		}
		for _, one := range of.Logs[i].Says {
			printf(out, "  %s\n", one)
		}
	}
	if of.Untold > 0 {
		printf(out, "%s that %s took and the others do not know: told when the log is there\n",
			plural.Of(of.Untold, "act"), of.Node)
	}
}
