package main

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
)

// decision is what the API takes: a decision, or the end of one.
type decision struct {
	IDs         map[string][]string `json:"ids,omitempty"`
	Country     string              `json:"country,omitempty"`
	Site        string              `json:"site,omitempty"`
	Assessment  string              `json:"assessment,omitempty"`
	Purposes    []string            `json:"purposes,omitempty"`
	Until       string              `json:"until,omitempty"`
	By          string              `json:"by,omitempty"`
	Because     string              `json:"because,omitempty"`
	Told        string              `json:"told,omitempty"`
	Restriction bool                `json:"restriction,omitempty"`
	Number      uint64              `json:"number,omitempty"`
}

func objectionsDecide(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections decide", "--id NAME=VALUE... [--country DE] --assessment ID [--purpose ID]... --until DAY "+
		"--by APPROVER --because TEXT [--told TEXT] [--restriction] | --list | --withdraw NUMBER --because TEXT --config "+
		"FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	var d decision
	var who lists.Act
	t.idFlags(f, &who)
	countryFlag(f, &who)
	f.StringVar(&d.Site, "site", "", "the site that the objection is about")
	f.StringVar(&d.Assessment, "assessment", "",
		"the assessment whose compelling grounds outweigh this person's situation")
	f.Func("purpose", "a purpose that it is about, else all that rest on the assessment; may be given again",
		func(given string) error {
			d.Purposes = append(d.Purposes, given)
			return nil
		})
	f.StringVar(&d.Until, "until", "", "the last day, in UTC, on which it holds: 2027-05-04; at most 12 months ahead")
	f.StringVar(&d.By, "by", "", "who decided: one of the server file's approvers")
	f.StringVar(&d.Because, "because", "", "why: the person is shown it; with --withdraw, why the decision ends")
	f.StringVar(&d.Told, "told", "", "how the person was told: by letter of 2026-12-01")
	f.BoolVar(&d.Restriction, "restriction", false, "what was restricted (Art. 18) goes on, too")
	f.Uint64Var(&d.Number, "withdraw", 0, "take back the decision of that number")
	list := f.Bool("list", false, "list the decisions that stand")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	d.IDs, d.Country = who.IDs, who.Country
	switch {
	case *list:
		return listDecisions(ctx, t, *file, *form)
	case d.Number > 0:
		return endDecision(ctx, t, *file, &d, *form)
	default:
		return makeDecision(ctx, t, *file, &d, *form)
	}
}

// makeDecision makes a decision and says what became of it.
func makeDecision(ctx context.Context, t *terminal, file string, d *decision, form string) int {
	for _, needed := range []struct{ flag, given, ask string }{
		{"--id", strings.Repeat("x", len(d.IDs)), "whose objection is it?"},
		{"--assessment", d.Assessment, "which compelling grounds outweigh it?"},
		{"--until", d.Until, "until which day is it decided? At most 12 months ahead"},
		{"--by", d.By, "who decided? One of the server file's approvers"},
		{"--because", d.Because, "why do the grounds outweigh this person's situation? The person is shown it"},
	} {
		if strings.TrimSpace(needed.given) == "" {
			t.fail("%s is missing: %s", needed.flag, needed.ask)
			return usage
		}
	}
	return t.with(ctx, file, func(_ *config.Loaded, c *client) int {
		var got api.Decided
		if err := c.call(ctx, http.MethodPost, "/objections/decisions", d, &got); err != nil {
			return t.failed(err)
		}
		if form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		printf(t.out, "decision %d: what rests on %s goes on for %s, through %s\nobjected to: %s; all else of it stays "+
			"stopped\n",
			got.Number, d.Assessment, masked(got.IDs), d.Until, strings.Join(got.InForce, ", "))
		if d.Told == "" {
			t.hint("tell the person within one month (Art. 12(3), (4)): why, and of the right to complain and to go to court")
		}
		return fine
	})
}

// endDecision takes a decision back.
func endDecision(ctx context.Context, t *terminal, file string, d *decision, form string) int {
	if strings.TrimSpace(d.Because) == "" {
		t.fail("--because is missing: why does the decision end?")
		return usage
	}
	return t.with(ctx, file, func(_ *config.Loaded, c *client) int {
		var got api.Ended
		end := decision{Number: d.Number, Because: d.Because}
		if err := c.call(ctx, http.MethodDelete, "/objections/decisions", end, &got); err != nil {
			return t.failed(err)
		}
		if form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		printf(t.out, "decision %d has ended: the objection restricts again\n", d.Number)
		return fine
	})
}

// listDecisions lists the decisions that stand.
func listDecisions(ctx context.Context, t *terminal, file, form string) int {
	return t.with(ctx, file, func(_ *config.Loaded, c *client) int {
		var got api.Decisions
		if err := c.call(ctx, http.MethodGet, "/objections/decisions", nil, &got); err != nil {
			return t.failed(err)
		}
		if form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		if len(got.Decisions) == 0 {
			printf(t.out, "no decision stands\n")
		}
		for i := range got.Decisions {
			printf(t.out, "%s\n", decisionLine(&got.Decisions[i]))
		}
		return fine
	})
}

// decisionLine is a decision in one line.
func decisionLine(d *api.Decision) string {
	about := d.Assessment + " version " + sprintf("%d", d.Version)
	if len(d.Purposes) > 0 {
		about += " for " + strings.Join(d.Purposes, ", ")
	}
	over := ""
	if d.Over {
		over = ", which is over"
	}
	return sprintf("decision %d of %s, until %s%s: %s, by %s, because: %s; told: %s", d.Number,
		d.Made.Format(time.DateOnly), d.Until.Format(time.RFC3339), over, about, d.By, d.Because,
		cmp.Or(d.Told, "nobody said"))
}
