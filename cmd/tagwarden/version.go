package main

import (
	"context"
	"runtime"
	"runtime/debug"
)

// version is set by the build of a release.
var version = "0.1.0-dev"

func printVersion(_ context.Context, t *terminal, args []string) int {
	f := t.flags("version", "")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	printf(t.out, "tagwarden %s %s", version, runtime.Version())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				printf(t.out, " %.12s", s.Value)
			}
		}
	}
	printf(t.out, "\n")
	return fine
}
