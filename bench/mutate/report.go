package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

func printList(out io.Writer, mutants []mutant) error {
	for i := range mutants {
		if _, err := fmt.Fprintf(out, "%s  %s\n", mutants[i].place(), mutants[i].change()); err != nil {
			return err
		}
	}
	return nil
}

func printSurvivors(out io.Writer, all []tried, drawn bool) {
	heading := "\nNot noticed:"
	for i := range all {
		t := &all[i]
		if t.fate != survived && t.fate != uncompiled {
			continue
		}
		fmt.Fprintln(out, heading)
		heading = ""
		note := ""
		switch {
		case t.fate == uncompiled:
			note = " (does not compile)"
		case drawn && !t.executed:
			note = " (no test comes by)"
		}
		fmt.Fprintf(out, "%s%s\n    %s\n", t.place(), note, t.change())
	}
}

// counts are how many mutants of a package, or of a kind, were tried, and what became of them.
type counts struct {
	all, survived, late, unseen, seen, seenNoticed int
}

func (c *counts) add(t *tried) {
	c.all++
	if t.fate == survived {
		c.survived++
	}
	if t.fate == late {
		c.late++
	}
	if !t.executed {
		c.unseen++
		return
	}
	c.seen++
	if t.fate != survived {
		c.seenNoticed++
	}
}

// printTable prints how many were noticed, by package and, of drawn ones, by kind of change.
func printTable(out io.Writer, all []tried, drawn bool) error {
	packages, byKind, total := map[string]*counts{}, map[string]*counts{}, &counts{}
	of := func(m map[string]*counts, key string) *counts {
		if m[key] == nil {
			m[key] = &counts{}
		}
		return m[key]
	}
	for i := range all {
		t := &all[i]
		if t.fate == uncompiled {
			continue
		}
		of(packages, filepath.ToSlash(filepath.Dir(t.file))).add(t)
		of(byKind, kinds[t.kind]).add(t)
		total.add(t)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	table := func(heading string, rows map[string]*counts) {
		fmt.Fprintf(w, "\n%s\tmutants\tsurvived\tlate\tno test comes by\tnoticed of the others\n", heading)
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			printRow(w, name, rows[name])
		}
	}
	table("package", packages)
	printRow(w, "all", total)
	if drawn {
		table("change", byKind)
	}
	return w.Flush()
}

func printRow(w io.Writer, name string, c *counts) {
	share := "-"
	if c.seen > 0 {
		share = fmt.Sprintf("%.0f %%", 100*float64(c.seenNoticed)/float64(c.seen))
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", name, c.all, c.survived, c.late, c.unseen, share)
}
