package main

import (
	"flag"
	"slices"
	"strings"
)

// condition says of flags when they mean something: with one of some others, or without all of some others. Where they
// are given otherwise nothing would come of them, and so they are refused.
type condition struct {
	verb    string
	flags   []string
	with    []string // other flags, or words behind the verb ("=rotate"); one of them is needed
	without []string // none of these
	says    string   // when they mean something
}

// recorded stands for a third word behind diff, which is a recording as --traffic is.
const recorded = "=="

// refused is what is wrong with flags together; "" where nothing is.
func (w *condition) refused(set map[string]bool, rest []string) string {
	is := func(name string) bool {
		word, isWord := strings.CutPrefix(name, "=")
		if name == recorded {
			return len(rest) > 2
		}
		return isWord && slices.Contains(rest, word) || set[name]
	}
	for _, name := range w.flags {
		if !set[name] || (len(w.with) == 0 || slices.ContainsFunc(w.with, is)) && !slices.ContainsFunc(w.without, is) {
			continue
		}
		return dashed(name) + ": " + w.says
	}
	return ""
}

// aboutFiles is said of --scan where a server is asked.
const aboutFiles = "it is about the files of a log: a server goes by its index"

// notBoth are the conditions of verbs that read a ledger's folder, which is named in one way.
func notBoth() (all []condition) {
	for _, verb := range []string{"tail", "search", "subject", "export", "verify", "audit", "why", "prove", "set-aside",
		"restore", "witnesses"} {
		all = append(all, condition{
			verb: "logs " + verb, flags: []string{"config"}, without: []string{"dir"}, says: "--dir names the log's folder in " +
				"place of it: leave one out",
		})
	}
	return all
}

// meaningless are the flags that mean something only with others, or without.
var meaningless = append(notBoth(), []condition{
	{
		verb: "check", flags: []string{"config", "strict", "offline", "visitors-per-day", "fix", "dry-run"},
		without: []string{"rules"},
		says:    "it is about a configuration, and --rules lists what holds for all: leave one out",
	},
	{
		verb: "scan", flags: []string{"host", "objection", "decision", "receipt", "from", "at", "keys", "signal", "choice"},
		with: []string{"config"},
		says: "it is about what a policy does: which? Say so by --config FILE",
	},
	{
		verb: "diff", flags: []string{"host", "from"}, with: []string{"traffic", recorded},
		says: "it is about recorded hits: which? Say so by --traffic FILE",
	},
	{
		verb: "notice", flags: []string{"format", "out"}, without: []string{"check"},
		says: "nothing is written with --check, which looks at what is published: leave one out",
	},
	{
		verb: "snippet", flags: []string{"to"}, with: []string{"front"},
		says: "it is where a front reaches tagwarden: which front? Say so by --front; --origin says where SDKs send to",
	},
	{
		verb: "snippet", flags: []string{"origin"}, without: []string{"front"},
		says: "it is where SDKs send to, and goes with a vendor; --to says where a front reaches tagwarden",
	},
	{
		verb: "keys", flags: []string{"period", "catch-up"}, with: []string{"=rotate"},
		says: "it goes with `keys rotate`",
	},
	{
		verb: "keys", flags: []string{"format"}, with: []string{"=list"},
		says: "it goes with `keys list`",
	},
	{
		verb: "objections decide", with: nil, without: []string{"list"},
		flags: []string{"id", "country", "site", "assessment", "purpose", "until", "by", "because", "told",
			"restriction", "withdraw"},
		says: "it is of a decision that is made or ends, and --list lists those that stand: leave one out",
	},
	{
		verb: "objections decide", flags: []string{"id", "country", "site", "assessment", "purpose", "until", "by",
			"told", "restriction"},
		without: []string{"withdraw"}, says: "it is of a decision that is made, and --withdraw ends one, with --because: " +
			"leave one out",
	},
	{
		verb: "objections export", flags: []string{"since"}, with: []string{"log"},
		says: "it counts changes, which --log writes",
	},
	{
		verb: "objections link", flags: []string{"column"}, with: []string{"file"},
		says: "it is about columns of contacts: which? Say so by --file",
	},
	{
		verb: "objections link", flags: []string{"format"}, without: []string{"file"},
		says: "contacts are written as CSV: with --file leave it out",
	},
	{
		verb: "logs search", flags: []string{"country"}, with: []string{"id"},
		says: "it is about a phone number that --id names",
	},
	{
		verb: "logs export", flags: []string{"country"}, with: []string{"id", "tiles"},
		says: "it is about a phone number that --id names",
	},
	{
		verb: "logs erase", flags: []string{"country"}, with: []string{"id"},
		says: "it is about a phone number that --id names",
	},
	{
		verb: "logs search", flags: []string{"scan"}, without: []string{"server"}, says: aboutFiles,
	},
	{
		verb: "logs subject", flags: []string{"scan"}, without: []string{"server"}, says: aboutFiles,
	},
	{
		verb: "logs export", flags: []string{"scan"}, without: []string{"server"}, says: aboutFiles,
	},
	{
		verb: "logs audit", flags: []string{"policies"}, without: []string{"server"},
		says: "a server has its policies: leave it out, or name files by --config or --dir",
	},
	{
		verb: "logs why", flags: []string{"policies"}, without: []string{"server"},
		says: "a server has its policies: leave it out, or name files by --config or --dir",
	},
}...)

// mean says which flag means nothing as flags were given. False is that one does not.
func mean(t *terminal, f *flag.FlagSet, rest []string) bool {
	verb, _, _ := strings.Cut(f.Name(), behindVerb)
	set := map[string]bool{}
	f.Visit(func(one *flag.Flag) { set[one.Name] = true })
	for i := range meaningless {
		if of := &meaningless[i]; of.verb == verb {
			if said := of.refused(set, rest); said != "" {
				t.fail("%s", said)
				return false
			}
		}
	}
	return true
}
