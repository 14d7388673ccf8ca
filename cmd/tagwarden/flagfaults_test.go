package main

import (
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// fromBelow are words of packages below: they name calls, and nothing that who typed could mend.
var fromBelow = regexp.MustCompile(
	`strconv\.|parse error|out of range|invalid syntax|malformed verifier|parsing time|\n`)

// TestFlagFaultsArePlain: whatever is wrong with the value of a flag, of any verb, what was typed is named once, and
// what would be right is said in words of ours.
func TestFlagFaultsArePlain(t *testing.T) {
	t.Parallel()
	seen := 0
	everyVerb(t, func(called string, _ *verb, flags map[string]*flag.Flag) {
		for name, f := range flags {
			if isSwitch(f) {
				continue
			}
			for _, typed := range []string{
				"nonsense~", "99999999999999999999", "-99999999999999999999", "-1", "1.5", "9999999999d", "2026-99-99",
			} {
				err := f.Value.Set(typed)
				if err == nil {
					continue
				}
				seen++
				fault := flagFault(fmt.Errorf("invalid value %q for flag -%s: %w", typed, name, err), nil)
				if strings.Count(fault, typed) > 1 || fromBelow.MatchString(fault) {
					t.Errorf("%s: %s", called, fault)
				}
			}
		}
	})
	if seen < 300 {
		t.Errorf("only %d faults were seen", seen)
	}
}
