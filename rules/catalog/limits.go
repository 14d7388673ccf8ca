package catalog

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/codec"
)

// The most that a vendor file may allow: what memory and time of one hit are thought for.
var most = Limits{Body: 64 << 20, Decompressed: 256 << 20, Events: 10_000, Fields: 100_000, Nodes: 5_000_000}

// check refuses limits that are none.
func (l Limits) check() error {
	for _, one := range []struct {
		name       string
		says, most int
	}{
		{"body", int(l.Body), int(most.Body)}, {"decompressed", int(l.Decompressed), int(most.Decompressed)},
		{"events", l.Events, most.Events},
		{"fields", l.Fields, most.Fields}, {"nodes", l.Nodes, most.Nodes},
	} {
		if one.says < 0 || one.says > one.most {
			return fmt.Errorf("limits.%s: %d is no limit: a number from 1 to %d is right", one.name, one.says, one.most)
		}
	}
	if l.Decompressed > 0 && l.Decompressed < l.Body {
		return fmt.Errorf("limits.decompressed: %d is less than body (%d): make it at least that",
			int(l.Decompressed), int(l.Body))
	}
	return nil
}

// batches tells whether an endpoint takes lists of events: there is a member that
// holds them, or the body is one of lines.
func batches(f *EndpointFile, stacks []codec.Stack) bool {
	for _, location := range f.Events {
		if strings.Contains(location, ".") {
			return true
		}
	}
	for i := range stacks {
		if stacks[i].Format == codec.Lines || stacks[i].Format == codec.Records {
			return true
		}
	}
	return false
}
