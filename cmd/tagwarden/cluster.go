package main

import (
	"context"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func clusterVerbs() []verb {
	return []verb{
		{"status", "[--format text|json]", "show the nodes, and what they differ in", clusterStatus},
		{"join", "--from DIR [--once|--again]",
			"begin a new node with the keys and objections of another one, out of its backup", clusterJoin},
		{"restore", "[--yes] [--format text|json]",
			"begin the nodes' log anew that the NATS servers have lost, from the node that has most", clusterRestore},
	}
}

func clusterVerb(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "cluster", clusterVerbs(), args)
}

func clusterStatus(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("cluster status", "--config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.ClusterStatus
		if err := c.call(ctx, http.MethodGet, "/cluster", nil, &got); err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
		} else {
			printCluster(t.out, &got)
		}
		if len(got.Look) > 0 {
			return findings
		}
		return fine
	})
}

// printCluster shows nodes as a table, and below it what has to be looked at.
func printCluster(out io.Writer, of *api.ClusterStatus) {
	printf(out, "cluster %s, asked at %s: %s\n", of.Name, of.Node, plural.Of(len(of.Nodes), "node"))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printf(table, "node\tcurrent\tacts\tadministration\tkeys\tobjections\teffect\tuntold\tqueue\trecords\tpolicy\tversion\tup\n")
	for i := range of.Nodes {
		n := &of.Nodes[i]
		current := "yes"
		switch {
		case n.Fresh < 0:
			current = "not yet"
		case n.Stale:
			current = "no, for " + time.Duration(n.Fresh*float64(time.Second)).Round(time.Second).String()
		}
		printf(table, "%s\t%s\t%d\t%d\t%.14s\t%d %.8s\t%s\t%d\t%d\t%d\t%.16s\t%s\t%s\n", n.Node, current,
			n.Acts, n.Administration,
			n.Keys, n.Changes, n.Root, effectOf(n), n.Untold, n.Queue, n.Records, n.Policy, n.Version, upSince(n.Since))
	}
	_ = table.Flush()
	for _, one := range of.Look {
		printf(out, "look at: %s\n", one)
	}
}

// effectOf says how long the last test objection took until it was in force on a node.
func effectOf(n *api.ClusterNode) string {
	switch {
	case n.Effect == nil:
		return "-"
	case *n.Effect < 0:
		return "not seen"
	default:
		return time.Duration(*n.Effect * float64(time.Second)).Round(time.Millisecond).String()
	}
}

func upSince(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "since " + t.UTC().Format("2006-01-02 15:04")
}

func clusterJoin(_ context.Context, t *terminal, args []string) int {
	f := t.flags("cluster join", "--from DIR [--once|--again] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the new node's server file")
	once := f.Bool("once", false,
		"do nothing where this node has its keys already: for what runs at each start of a machine")
	again := f.Bool("again", false, "this node has served: bring it to its cluster's log, with what it alone has")
	from := f.String("from", "", "a backup of another node, with its keys (tagwarden backup DIR)")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if *from == "" {
		t.fail("--from is missing: which backup of another node does it begin with?")
		return usage
	}
	if *once && *again {
		t.fail("--once is for a node that begins, --again for one that has served: one of them is right")
		return usage
	}
	loaded, code := t.load(*file)
	if loaded == nil {
		return code
	}
	if *again {
		return clusterJoinAgain(t, loaded, *from)
	}
	if !whole(t, loaded.Server.Data) {
		return usage
	}
	if *once {
		begun, err := proxy.Begun(loaded)
		if err != nil {
			return t.failed(err)
		}
		if begun {
			printf(t.out, "this node has its keys: nothing is done\n")
			return fine
		}
	}
	joined, err := proxy.Join(loaded, *from)
	if err != nil {
		return t.failed(err)
	}
	printf(t.out, "keys %s; of the cluster's log %s done\n", joined.Identity, plural.Of(joined.Acts, "act"))
	t.hint("serve does the others, and takes hits when it knows what the other nodes know")
	return fine
}

// clusterJoinAgain brings a node that has served to its cluster's log.
func clusterJoinAgain(t *terminal, loaded *config.Loaded, from string) int {
	done, err := proxy.Rejoin(loaded, from, proxy.Options{Node: t.node, Now: t.now, Version: version})
	if err != nil {
		return t.failed(err)
	}
	alone := done.Had.Size - done.Common.Size
	if done.Stays {
		printf(t.out, "the copy is of the log of objections that this node is in: its %s stay as they are\n",
			plural.Of(done.Had.Size, "change"))
	} else {
		printf(t.out, "of %s that this node had %d %s in the copy; %s only this one had, %d of them %s told the others\n",
			plural.Of(done.Had.Size, "change"), done.Common.Size, plural.Verb(done.Common.Size, "is", "are"),
			plural.Of(alone, "change"),
			done.Told, plural.Verb(done.Told, "is", "are"))
	}
	for _, one := range []struct {
		n    int
		what string
	}{
		{done.TakenBack, "of these take something back: that is not told, since it would come behind what was objected to " +
			"since; ask those people, or take it back again"},
		{done.Decisions, "of these are decisions on objections, or end one: not told; decide again"},
		{done.Shown, "of these were shown by hits, which show them again"},
	} {
		if one.n > 0 {
			printf(t.out, "%d %s\n", one.n, one.what)
		}
	}
	if done.Administered > 0 {
		printf(t.out, "%s on tokens and assessments are told the others\n", plural.Of(done.Administered, "act"))
	}
	if done.Keys {
		printf(t.out, "keys had been replaced on one side alone: they are the copy's now; what was shredded on this node "+
			"alone is to be shredded again (keys rotate)\n")
	}
	t.hint("serve tells it, and takes hits when it knows what the other nodes know")
	return fine
}
