package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
)

// staying are the verbs that go on until they are ended: they take no more memory at their start than they have to.
var staying = []string{"serve", "demo"}

// collectLater puts the first collection of garbage off until 64 MiB were allocated, where Go's collector would begin
// at 4: most verbs have ended by then, and a fourth of their time went into collecting what ends with them. From then
// on it collects as it does by itself, and all along as the operator says (GOGC).
func collectLater(args []string) {
	if _, said := os.LookupEnv("GOGC"); said || len(args) > 0 && slices.Contains(staying, args[0]) {
		return
	}
	usual := debug.SetGCPercent(100 * 64 / 4)
	runtime.AddCleanup(new(garbage), func(usual int) { debug.SetGCPercent(usual) }, usual)
}

// garbage is what nobody has: the first collection finds it. It is as large as what is not put together with others.
type garbage [64]byte
