package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// askFlags are the flags that explain and replay share.
type askFlags struct {
	config     *string
	objections []string
	decisions  []string
	receipts   map[string]string
	from, at   *string
	keys       *string
	raw        *bool
	supposed   *supposeFlags
}

func addAskFlags(f *flag.FlagSet) *askFlags {
	a := &askFlags{
		config: f.String("config", "tagwarden.yaml", "the server file"),
		from:   f.String("from", "192.0.2.1", "the visitor's address"),
		at:     f.String("at", "", "the time of the hit, RFC 3339; now, where it is not given"),
		keys: f.String("keys", "",
			"a file with a root secret, or a folder of key state, in place of the published test key"),
		raw: new(bool),

		supposed: addSupposeFlags(f, signal.AsRecorded.String()),
	}
	what := "an objection of the visitor: a purpose's id, vendor:ID or all; kept_opt_out for an opt-out that is kept; " +
		"may be given again"
	f.Func("objection", what, func(scope string) error {
		a.objections = append(a.objections, scope)
		return nil
	})
	f.Func("receipt", "a receipt of a choice that stands for the visitor, CATEGORY=granted or CATEGORY=refused; it "+
		"counts where the site lists receipts; may be given again", func(text string) error {
		category, choice, _ := strings.Cut(text, "=")
		if category == "" || choice != "granted" && choice != "refused" {
			return errors.New("CATEGORY=granted or CATEGORY=refused is right")
		}
		if a.receipts == nil {
			a.receipts = map[string]string{}
		}
		a.receipts[category] = choice
		return nil
	})
	f.Func("decision", "a person's decision that lifts the objection for what rests on an assessment: its id, and as "+
		"ID=DAY until which day; may be given again", func(text string) error {
		a.decisions = append(a.decisions, text)
		return nil
	})
	return a
}

// rawFlag adds --raw.
func (a *askFlags) rawFlag(f *flag.FlagSet) {
	f.BoolVar(a.raw, "raw", false, "show identifying values whole")
}

// explainerOf reads what the flags name. Where that fails it says so and returns nil.
func newExplainer(t *terminal, f *askFlags) (*explainer, int) {
	loaded, code := t.knowing(*f.config)
	if loaded == nil {
		return nil, code
	}
	return explainerBy(t, f, loaded)
}

// explainerBy is [newExplainer] with a configuration that was read.
func explainerBy(t *terminal, f *askFlags, loaded *config.Loaded) (*explainer, int) {
	a := &explainer{loaded: loaded, policy: loaded.Policy, raw: *f.raw}
	var err error
	if a.from, err = netip.ParseAddr(*f.from); err != nil {
		t.fail("--from: %q is no address: one is written 203.0.113.77 or 2001:db8::1", *f.from)
		return nil, usage
	}
	at, ok := t.at(*f.at)
	if !ok {
		return nil, usage
	}
	state, err := testKeys(*f.keys, at)
	if err != nil {
		t.fail("--keys: %v", err)
		return nil, usage
	}
	for _, scope := range f.objections {
		if _, ok := loaded.Policy.AskedObjection(scope, at); !ok {
			t.fail("--objection: %q is no purpose, vendor:ID or all%s", scope,
				strict.SuggestionElse(scope, loaded.Policy.ScopeNames()))
			return nil, usage
		}
	}
	for _, text := range f.decisions {
		if _, err := rules.AskedLift(loaded.Policy, text); err != nil {
			t.fail("--decision: %v", err)
			return nil, usage
		}
	}
	for category := range f.receipts {
		if all := rules.CategoriesOf(loaded.Policy); !slices.Contains(all, category) {
			t.fail("--receipt: no purpose is in category %q%s", category, strict.SuggestionElse(category, all))
			return nil, usage
		}
	}
	supposed, ok := f.supposed.asked(t, loaded.Policy)
	if !ok {
		return nil, usage
	}
	a.question = rules.Question{
		Objections: f.objections, Receipts: f.receipts, Decisions: f.decisions, At: at,
		Keys:     rules.KeysOf(&state, loaded.Policy),
		Supposed: supposed[0],
	}
	return a, fine
}

func explain(_ context.Context, t *terminal, args []string) int {
	f := t.flags("explain", "--config FILE --hit FILE.http [--signal SIGNAL]... [--choice CHOICE] [--objection "+
		"SCOPE]... [--from IP] [--at TIME] [--format text|json] [--raw]")
	given := addAskFlags(f)
	given.rawFlag(f)
	file := f.String("hit", "", "a raw HTTP/1.1 request; - is standard input")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if *file == "" {
		t.fail("--hit is missing: which hit is to be explained?")
		return usage
	}
	a, code := newExplainer(t, given)
	if a == nil {
		return code
	}
	text, err := t.readFile(*file)
	if err != nil {
		t.fail("--hit: %v", err)
		return usage
	}
	a.question.Otherwise = true
	x, err := a.explain(text)
	if err != nil {
		t.fail("%s: %v", *file, err)
		return usage
	}
	if *form == "json" {
		printJSON(t.out, x, "  ")
	} else {
		printExplanation(t.out, x)
	}
	return fine
}

func (t *terminal) readFile(name string) ([]byte, error) {
	if name == "-" {
		return readBounded("standard input", t.in, mostNamed)
	}
	return readNamed(name, mostNamed)
}

// printJSON prints a value as JSON, in one line where indent is empty.
func printJSON(w io.Writer, value any, indent string) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(value); err != nil {
		printf(w, "%v\n", err)
	}
}

// printExplanation prints the ladder with each rung's reason, then what became of every field.
func printExplanation(w io.Writer, x *rules.Explanation) {
	printf(w, "%s  %s → %s %s", strings.ToUpper(x.Decision), cmp.Or(x.Site, "-"), cmp.Or(x.Vendor, "-"), x.Endpoint)
	if x.Region != "" {
		printf(w, "  region %s", x.Region)
	}
	if x.Server {
		printf(w, "  sent by a server")
	}
	printf(w, "\n")
	if x.Reason != "" {
		printf(w, "\nThe hit was refused as a whole: %s. Nothing is forwarded.\n", x.Reason)
		if x.Why != "" {
			printf(w, "  %s\n", x.Why)
		}
	}
	if len(x.Signals) > 0 {
		printf(w, "\nSignals\n")
		table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, s := range x.Signals {
			printf(table, "  %s\t%s\t%s\t%s\n", s.Source, s.Where, s.State, s.Says)
		}
		_ = table.Flush()
	}
	for i := range x.Events {
		printEvent(w, &x.Events[i])
	}
	if len(x.Shared) > 0 {
		printf(w, "\nOf the whole hit\n")
		printFields(w, x.Shared, x.Forward == nil)
	}
	printf(w, "\n")
	if x.Forward != nil {
		printf(w, "Forwarded (%d of %s)\n  %s %s\n", x.Bytes.Out, plural.Of(x.Bytes.In, "byte"),
			x.Forward.Method, x.Forward.URL)
		for _, name := range slices.Sorted(maps.Keys(x.Forward.Headers)) {
			printf(w, "  %s: %s\n", name, x.Forward.Headers[name])
		}
		if x.Forward.Body != "" {
			printf(w, "\n")
			for line := range strings.SplitSeq(x.Forward.Body, "\n") {
				printf(w, "  %s\n", line)
			}
		}
		if x.Asked {
			printf(w, "\nThe SDK gets the vendor's answer.\n")
		} else {
			printf(w, "\nThe SDK gets %d when the vendor takes it, else the vendor's status.\n", x.Respond.Status)
		}
		return
	}
	printf(w, "Nothing is forwarded. The SDK gets %d.\n", x.Respond.Status)
}

func printEvent(w io.Writer, e *rules.ExplainedEvent) {
	printf(w, "\nEvent %d: %s\n", e.Index, e.Name)
	if len(e.Objections) > 0 {
		printf(w, "  objections: %s\n", strings.Join(e.Objections, ", "))
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, r := range e.Ladder {
		sign := map[string]string{"permit": "✓", "deny": "✗", "skip": "-"}[r.Decision]
		reason := r.Reason
		if r.Why != "" {
			reason += ": " + r.Why
		}
		printf(table, "  %s %s\t%s\t%s\n", sign, r.Activity, r.Decision, reason)
	}
	_ = table.Flush()
	if e.Decision == "permit" {
		printf(w, "  → travels on %s (%s)\n", e.Activity, strings.TrimSpace(e.Basis+" "+e.Assessment))
	} else {
		printf(w, "  → denied: %s\n", e.Reason)
	}
	printFields(w, e.Fields, e.Decision != "permit")
}

// printFields prints what became of fields. Denied tells that nothing of what they belong to travels.
func printFields(w io.Writer, fields []rules.ExplainedField, denied bool) {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, f := range fields {
		after := short(f.After)
		if !f.Sent {
			after = "—"
		}
		rule := f.Rule
		switch {
		case denied:
			rule = otherwise(&f)
		case f.Why != "":
			rule = strings.TrimSpace(rule + "  dropped: " + f.Why)
		case rule == "" && f.Action == "drop":
			rule = "no line names it"
		}
		if len(f.Found) > 0 {
			rule += "  found: " + strings.Join(f.Found, ", ")
		}
		printf(table, "  %s\t%s\t%s\t%s\t→ %s\t%s\n", f.Path, f.Class, f.Action, short(f.Before), after, rule)
	}
	_ = table.Flush()
}

// otherwise says of a field of a denied event what would become of it on the activities that denied the event.
func otherwise(f *rules.ExplainedField) string {
	said := make([]string, len(f.Otherwise))
	for i := range f.Otherwise {
		said[i] = "on " + f.Otherwise[i].Activity + " it would be " + wouldBe(&f.Otherwise[i])
	}
	return strings.TrimSuffix("the event is denied; "+strings.Join(said, ", "), "; ")
}

// wouldBe says what would become of a field.
func wouldBe(of *rules.ExplainedOtherwise) string {
	switch {
	case of.Sent && of.Action == "keep":
		return "kept"
	case of.Sent:
		return sprintf("sent as %s (%s)", short(of.After), of.Action)
	case of.Why != "":
		return "dropped (" + of.Why + ")"
	case of.Rule == "":
		return "dropped (no line names it)"
	default:
		return "dropped (" + of.Rule + ")"
	}
}

// short cuts a value to what fits a line of a terminal.
func short(value string) string { return cut(value, 60) }

// cut shows at most so many characters of a value.
func cut(value string, most int) string {
	runes := []rune(visible(value))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
