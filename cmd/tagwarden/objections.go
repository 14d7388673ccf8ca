package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/contact"
)

// objectionsVerbs are what can be done with objections.
func objectionsVerbs() []verb {
	return []verb{
		{"add", "--id NAME=VALUE... --purpose ID|--vendor ID|--all", "take an objection", objectionsAdd},
		{"withdraw", "--id NAME=VALUE... --purpose ID|--vendor ID|--all --because TEXT [--every-act]",
			"take one back for somebody", objectionsWithdraw},
		{"decide", "--id NAME=VALUE... --assessment ID --until DAY --by APPROVER --because TEXT | --list | --withdraw " +
			"NUMBER --because TEXT", "decide that compelling grounds outweigh what somebody objected to", objectionsDecide},
		{"check", "NAME=VALUE...", "say what is in force", objectionsCheck},
		{"import", "FILE.csv|FILE.jsonl [--column NAME=COLUMN]... --purpose ID|--vendor ID|--all",
			"take a list of objections, a suppression list", objectionsImport},
		{"export", "[--log] [--format csv|jsonl]", "write what is in force, by hash: identifiers are not kept",
			objectionsExport},
		{"stats", "[--days N] [--format text|json]", "count objections, by what they are of", objectionsStats},
		{"link", "--id NAME=VALUE... | --file FILE.csv", "make signed unsubscribe links", objectionsLink},
		{"feed-key", "", "print the key that the suppression feed is matched with", objectionsFeedKey},
		{"backup", "FILE", "copy the store, while it serves", objectionsBackup},
		{"restore", "[FILE] --because TEXT", "put a copy in its place, though it is older", objectionsRestore},
	}
}

func objections(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "objections", objectionsVerbs(), args)
}

// group runs one of the verbs of a verb.
func (t *terminal) group(ctx context.Context, name string, all []verb, args []string) int {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" {
		if len(args) == 0 {
			listVerbs(t.err, name, all)
			return usage
		}
		listVerbs(t.out, name, all)
		return fine
	}
	at := slices.IndexFunc(all, func(v verb) bool { return v.name == args[0] })
	if at < 0 {
		names := make([]string, len(all))
		for i, v := range all {
			names[i] = v.name
		}
		t.fail("there is no verb %s of %s%s", echoedOr(args[0], "of that name"), name, strict.SuggestionElse(args[0], names))
		listVerbs(t.err, name, all)
		return usage
	}
	return all[at].run(ctx, t, args[1:])
}

// listVerbs lists the verbs of a verb.
func listVerbs(w io.Writer, name string, all []verb) {
	printf(w, "Usage: tagwarden %s VERB --config FILE ...\n", name)
	column := 0
	for _, v := range all {
		column = max(column, len(v.name+" "+v.args))
	}
	for _, v := range all {
		printf(w, "  %-*s %s\n", column, v.name+" "+v.args, v.does)
	}
}

// idFlags adds --id. A value that is "-" is read from the terminal, so that it is not in the shell's history.
func (t *terminal) idFlags(f *flag.FlagSet, a *lists.Act) {
	f.Func("id", "whose: class and value, email=jane@example.com or client_id:ga4=...; NAME=- reads the value from "+
		"standard input; may be given again", func(given string) error {
		return t.addID(a, given)
	})
}

func (t *terminal) addID(a *lists.Act, given string) error {
	name, value, found := strings.Cut(given, "=")
	class, _, _ := strings.Cut(name, ":")
	if !found || !slices.Contains(rules.IdentityNames(), class) {
		return fmt.Errorf("NAME=VALUE is right, with one of %s", strings.Join(rules.IdentityNames(), ", "))
	}
	if value == "-" {
		line, err := bufio.NewReader(t.in).ReadString('\n')
		if value = strings.TrimSpace(line); value == "" {
			return fmt.Errorf("nothing is read from standard input: %w", err)
		}
	}
	if a.IDs == nil {
		a.IDs = map[string][]string{}
	}
	a.IDs[name] = append(a.IDs[name], value)
	return nil
}

// countryFlag adds --country.
func countryFlag(f *flag.FlagSet, a *lists.Act) {
	f.Func("country", "whose phone numbers are meant where one does not say: two letters, DE; else the site's "+
		"phone_country counts", func(given string) error {
		of, known := contact.FindCountry(given)
		if a.Country = of.Name; !known {
			return errors.New("a country is right that has phone numbers, in two letters: DE")
		}
		return nil
	})
}

// scopeFlags add what is objected to.
func scopeFlags(f *flag.FlagSet, a *lists.Act) {
	f.Func("purpose", "a purpose's id; may be given again", func(given string) error {
		a.Purposes = append(a.Purposes, given)
		return nil
	})
	f.Func("vendor", "a vendor's id; may be given again", func(given string) error {
		a.Vendors = append(a.Vendors, given)
		return nil
	})
	f.BoolVar(&a.All, "all", false, "everything")
}

// markFlags add what is counted of an objection.
func markFlags(f *flag.FlagSet, a *lists.Act, source string) {
	f.BoolVar(&a.Restriction, "restriction", false, "it is a restriction (Art. 18), not an objection")
	f.StringVar(&a.Site, "site", "", "the site that it came from")
	f.StringVar(&a.Channel, "channel", "", "the channel that it came by: mail, phone")
	f.StringVar(&a.Campaign, "campaign", "", "the campaign that it came after")
	f.StringVar(&a.Source, "source", source, "who says so")
}

func objectionsAdd(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections add",
		"--id NAME=VALUE... [--country DE] --purpose ID|--vendor ID|--all [--restriction] [--complaint] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var a lists.Act
	t.idFlags(f, &a)
	countryFlag(f, &a)
	scopeFlags(f, &a)
	markFlags(f, &a, objection.Command)
	f.BoolVar(&a.Complaint, "complaint", false, "it came with a complaint")
	f.StringVar(&a.Time, "time", "", "when the person said so, RFC 3339; now")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return changeObjections(ctx, t, *file, http.MethodPost, &a, *form)
}

func objectionsWithdraw(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections withdraw",
		"--id NAME=VALUE... [--country DE] --purpose ID|--vendor ID|--all --because TEXT [--restriction] "+
			"[--every-act] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var a lists.Act
	t.idFlags(f, &a)
	countryFlag(f, &a)
	scopeFlags(f, &a)
	markFlags(f, &a, objection.Command)
	f.StringVar(&a.Because, "because", "", "why it is taken back, and who asked for that: it is recorded")
	f.BoolVar(&a.EveryAct, "every-act", false, "end also what browsers objected to, and what follows from another "+
		"identifier: where the person asked for that")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if strings.TrimSpace(a.Because) == "" {
		t.fail("--because is missing: why is it taken back, and who asked for that?")
		return usage
	}
	return changeObjections(ctx, t, *file, http.MethodDelete, &a, *form)
}

// changeObjections makes one change and says what became of it.
func changeObjections(ctx context.Context, t *terminal, file, method string, a *lists.Act, form string) int {
	if len(a.IDs) == 0 {
		t.fail("--id is missing: whose objection is it?")
		return usage
	}
	return t.with(ctx, file, func(_ *config.Loaded, c *client) int {
		var got api.Receipt
		if err := c.call(ctx, method, "/objections", a, &got); err != nil {
			return t.failed(err)
		}
		if form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		what := "nothing was new"
		switch {
		case got.Untold:
			what = "kept here, and not told to the other nodes yet"
		case got.New:
			what = sprintf("recorded as change %d", got.Seq)
		}
		printf(t.out, "%s; in force now: %s\nit is of %s\n", what, cmp.Or(strings.Join(got.InForce, ", "), "nothing"),
			masked(got.IDs))
		if got.Untold {
			t.hint("%s", got.Detail)
		} else if !got.New && len(got.Acts) == 0 && got.Detail != "" {
			t.hint("%s", got.Detail)
		} else if got.Detail != "" {
			t.hint("it stands by acts of others (%s): --every-act ends them, too, where the person asked for that",
				kindsOf(got.Acts))
		}
		return fine
	})
}

// masked lists identifiers as they were understood.
func masked(ids []objection.Masked) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = id.Name + " " + id.Is
	}
	return strings.Join(all, ", ")
}

func objectionsCheck(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections check", "NAME=VALUE... [--country DE] --config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var a lists.Act
	countryFlag(f, &a)
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) == 0 {
		t.fail("who is asked about? email=jane@example.com, say")
		return usage
	}
	people := struct {
		Subjects []lists.Act `json:"subjects"`
	}{make([]lists.Act, len(rest))}
	for i, given := range rest {
		people.Subjects[i].Country = a.Country
		if err := t.addID(&people.Subjects[i], given); err != nil {
			t.fail("identifier %d: %v", i+1, err)
			return usage
		}
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		var got api.Standings
		if err := c.call(ctx, http.MethodPost, "/objections/check", people, &got); err != nil {
			return t.failed(err)
		}
		if len(got.Subjects) != len(rest) {
			return t.failed(errors.New("the server answers for others than were asked about"))
		}
		code := fine
		if slices.ContainsFunc(got.Subjects, func(one api.Standing) bool { return one.Detail != "" }) {
			code = usage // who asks in a script is not to take it for a person who did not object
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
			return code
		}
		for i, one := range got.Subjects {
			name, _, _ := strings.Cut(rest[i], "=")
			printf(t.out, "%d. %s: %s\n", i+1, name, cmp.Or(strings.Join(one.InForce, ", "), one.Detail, "nothing"))
			if len(one.Acts) > 0 {
				printf(t.out, "   by acts of: %s\n", kindsOf(one.Acts))
			}
			for k := range one.Decisions {
				printf(t.out, "   lifted by %s\n", decisionLine(&one.Decisions[k]))
			}
		}
		return code
	})
}

// kindsOf says by how many acts of which kinds something stands.
func kindsOf(held []api.Held) string {
	kinds := make([]string, len(held))
	for i, one := range held {
		kinds[i] = sprintf("%s %d", one.Kind, one.Acts)
	}
	return strings.Join(kinds, ", ")
}
