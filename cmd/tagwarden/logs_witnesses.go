package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/ledger/witness"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// witnessed is what `logs witnesses` says.
type witnessed struct {
	Size      int64          `json:"size"`                // records of the newest checkpoint
	Witnessed *int64         `json:"witnessed,omitempty"` // records of the newest one that enough witnesses signed
	Witnesses []witnessState `json:"witnesses"`
}

// witnessState is how one of them stands.
type witnessState struct {
	witness.State
	Lag int64 `json:"lag"` // records that it has not signed
}

// logsWitnesses shows what witnesses have signed, of the ledger's folder alone. It ends with findings where one saw
// another log.
func logsWitnesses(_ context.Context, t *terminal, args []string) int {
	f := t.flags("logs witnesses", "[--config FILE | --dir DIR] [--format text|json]")
	of := t.ledgerFlags(f)
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	dir, code := of.folder(t)
	if dir == "" {
		return code
	}
	out, err := readWitnesses(dir)
	if err != nil {
		return t.failed(err)
	}
	code = fine
	for i := range out.Witnesses {
		if out.Witnesses[i].Dispute.Kind != "" {
			code = findings
		}
	}
	if *form == "json" {
		printJSON(t.out, out, "  ")
		return code
	}
	printWitnesses(t, out)
	return code
}

// readWitnesses reads what a folder knows of its witnesses.
func readWitnesses(dir string) (*witnessed, error) {
	checkpoint, key, err := readHead(dir)
	if err != nil {
		return nil, err
	}
	now, err := tree.OpenCheckpoint(checkpoint, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	states, err := witness.ReadStates(dir)
	if err != nil {
		return nil, err
	}
	out := &witnessed{Size: now.Tree.N, Witnesses: []witnessState{}}
	for _, s := range states {
		out.Witnesses = append(out.Witnesses, witnessState{s, max(now.Tree.N-s.Size, 0)})
	}
	signed, err := witness.ReadWitnessed(dir)
	if err != nil || signed == nil {
		return out, err
	}
	read, err := tree.OpenCheckpoint(signed, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", witness.WitnessedFile, err)
	}
	out.Witnessed = &read.Tree.N
	return out, nil
}

func printWitnesses(t *terminal, out *witnessed) {
	if len(out.Witnesses) == 0 {
		printf(t.out, "no witness was asked yet: ledger.witness of the server file names them\n")
		return
	}
	newest := "none yet"
	if out.Witnessed != nil {
		newest = plural.Of(*out.Witnessed, "record")
	}
	printf(t.out, "the log: %s; the newest checkpoint that enough witnesses signed: %s\n\n",
		plural.Of(out.Size, "record"), newest)
	table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	printf(table, "witness\trecords\tlag\tsigned\turl\tlast error\n")
	for i := range out.Witnesses {
		s := &out.Witnesses[i]
		at := "never"
		if !s.Signed.IsZero() {
			at = s.Signed.Format(time.RFC3339)
		}
		printf(table, "%s\t%d\t%d\t%s\t%s\t%s\n", s.Name, s.Size, s.Lag, at, s.URL, cmp.Or(s.Error, "-"))
	}
	_ = table.Flush()
	for i := range out.Witnesses {
		if d := &out.Witnesses[i].Dispute; d.Kind != "" {
			printf(t.out, "\nsince %s nothing is forwarded: %s\n", d.Since.Format(time.RFC3339), d)
		}
	}
}
