package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Trace gathers what explaining shows and judging alone does not keep. It is nil in production.
type Trace struct {
	Signals []SignalNote
	Fields  []FieldNote
	Why     string // why the hit as a whole was refused, where its reason alone does not say; "" else

	brief bool // what was found in a field, and why it was dropped, is not asked for
}

// SignalNote is a signal as it was looked for.
type SignalNote struct {
	Source string
	Where  string
	State  signal.State
	Says   string
}

// FieldNote is what became of a field. Event is [hit.Shared] for what belongs to the whole hit.
type FieldNote struct {
	Event  int
	Path   string
	Name   string // as the catalog calls it; "*" where it does not
	Class  hit.Class
	Action string // the minimiser, or drop
	Rule   string // the line that decided, "policy/profiles.yaml:12"; "" where no line names the field
	Before string
	After  string // what is forwarded; "" where nothing is
	Sent   bool
	Why    string   // why a field is dropped that a line names; "" where the line says it, or where none does
	Found  []string // what the scrubber found in Before, by the labels of its markers
}

// overspent notes that a hit took more than it may. It does nothing where nobody asked.
func (t *Trace) overspent() {
	if t != nil {
		t.Why = fmt.Sprintf("looking for personal data took more than %d steps for each byte received and unpacked, and %d "+
			"for the hit", StepsPerByte, StepsPerHit)
	}
}

// over notes which limit a hit is over. It does nothing where nobody asked.
func (t *Trace) over(l *Limits, err error) {
	if t == nil || !errors.Is(err, codec.ErrLimit) {
		return
	}
	t.Why = "it unpacks to over 1 MiB and over 100 times its size"
	if o, ok := errors.AsType[codec.Over](err); ok {
		says := map[codec.Over]int{"body": l.Body, "decompressed": l.Decompressed, "events": l.Events, "depth": l.Depth,
			"fields": l.Fields, "nodes": l.Nodes}
		t.Why = fmt.Sprintf("it holds more than limits.%s allows here: %d", string(o), says[o])
	}
}

func (t *Trace) signalNote() signal.Note {
	if t == nil {
		return nil
	}
	return func(source signal.Kind, where string, state signal.State, says string) {
		n := SignalNote{source.String(), where, state, says}
		if slices.Contains(t.Signals, n) {
			return
		}
		t.Signals = append(t.Signals, n)
	}
}
