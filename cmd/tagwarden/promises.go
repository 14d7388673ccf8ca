package main

import (
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/promise"
)

func promisesVerb(ctx context.Context, t *terminal, args []string) int {
	if len(args) > 0 && args[0] == "approve" {
		return promisesApprove(ctx, t, args[1:])
	}
	f := t.flags("promises", "[approve --key FILE] --config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	loaded, code := examine(t, *file)
	if loaded == nil {
		return code
	}
	proved := config.ProvedOf(loaded)
	if *form == "json" {
		printJSON(t.out, proved, "  ")
	} else {
		printProved(t, &proved)
	}
	if proved.State == promise.Broken || len(proved.Unguarded) > 0 {
		return findings
	}
	return fine
}

// examine reads a configuration, also one that breaks its promises, or whose promises are not what was signed.
func examine(t *terminal, file string) (*config.Loaded, int) {
	source, err := config.Read(file)
	if err == nil {
		var loaded *config.Loaded
		if loaded, err = config.Examine(source, basis.Past{}); err == nil {
			return loaded, fine
		}
	}
	printf(t.err, "%v\n", err)
	beginBy(t, file)
	return nil, usage
}

// printProved writes each promise with what its proof rests on.
func printProved(t *terminal, all *config.Proved) {
	count := map[promise.State]int{}
	for i := range all.Promises {
		p := &all.Promises[i]
		count[p.State]++
		printf(t.out, "%s  %s: %s\n", p.State, p.ID, p.Says)
		if p.Publish {
			printf(t.out, "    published: visitors are told\n")
		}
		if all.Approval != nil && p.Signed {
			printf(t.out, "    signed by %s at %s\n", all.Approval.By, all.Approval.At)
		}
		if p.Breaks != "" {
			printf(t.out, "    %s: %s\n", p.Place, p.Breaks)
		}
		if p.State == promise.Vacuous {
			printf(t.out, "    %s: nothing of this policy could break it: look whether it names what was meant\n", p.Place)
		}
		for _, assumed := range p.Assumed {
			if assumed.Kind != promise.Declared {
				printf(t.out, "    assumed: %s\n", assumed.Says)
			}
		}
	}
	for _, fault := range all.Unguarded {
		printf(t.out, "not as signed  %s\n", fault)
	}
	if len(all.Promises) == 0 {
		printf(t.out, "policy %.16s promises nothing: policy/promises.yaml is where promises stand\n", all.Policy)
		return
	}
	switch {
	case all.Approval == nil:
		printf(t.out, "nobody signed them: `tagwarden promises approve --key FILE` does\n")
	case all.Approval.Stands:
		printf(t.out, "signed by %s at %s, version %d\n", all.Approval.By, all.Approval.At, all.Approval.Version)
	}
	printf(t.out, "policy %.16s: %s, %d kept, %d broken, %d that nothing could break\n", all.Policy,
		plural.Of(len(all.Promises), "promise"), count[promise.Kept], count[promise.Broken], count[promise.Vacuous])
	if i := slices.IndexFunc(all.Promises[0].Assumed, func(a config.Assumed) bool {
		return a.Kind == promise.Declared
	}); i >= 0 {
		printf(t.out, "assumed of all: %s\n", all.Promises[0].Assumed[i].Says)
	}
}
