package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// title is that of this run's part of the results.
const title = "# A cluster with faults"

// report prints what was found, by phase. Bad: something was not as it was promised.
func (r *run) report(context.Context) (bad bool, err error) {
	if r.o.queue {
		return r.reportWaiting()
	}
	names, by, late := r.books.check(r.o.stale)
	var t strings.Builder
	ms := func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	row := func(all []time.Duration) string {
		if len(all) == 0 {
			return "| | | "
		}
		return fmt.Sprintf("| %s | %s | %s ", ms(quantile(all, .5)), ms(quantile(all, .99)), ms(quantile(all, 1)))
	}
	t.WriteString("| phase | told | untold | not answered | acknowledged p50 | p99 | max | after, connected p50 | p99 | " +
		"max | after, cut off p50 | p99 | max |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	told, untold := 0, 0
	var own []time.Duration
	for _, name := range names {
		e := by[name]
		told, untold, own = told+e.told, untold+e.untold, append(own, e.own...)
		fmt.Fprintf(&t, "| %s | %d | %d | %d %s%s%s|\n", name, e.told, e.untold, e.failed, row(e.acks),
			row(e.connected), row(e.cut))
	}
	fmt.Fprintf(&t, "\n- %d objections were acknowledged as told, %d as untold; %d page views, of %d nodes with clocks "+
		"that differ by up to 2 hours; stale.after %v.\n",
		told, untold, len(r.books.hits), len(r.nodes), r.o.stale)
	fmt.Fprintf(&t, "- On the node that was asked the last page view came to the vendor at most %s after the "+
		"acknowledgement.\n",
		ms(quantile(own, 1)))
	fmt.Fprintf(&t, "- Lost: %d. Forwarded too late: %d.\n", countLost(r.books.wrong), len(late))
	if len(r.elections) > 0 {
		fmt.Fprintf(&t, "- From the end of the leader until an objection was acknowledged as told again: %s to %s (%d "+
			"times).\n",
			ms(quantile(r.elections, 0)), ms(quantile(r.elections, 1)), len(r.elections))
	}
	most := map[string]time.Duration{}
	var order []string
	for _, h := range r.books.heals {
		if _, known := most[h.phase]; !known {
			order = append(order, h.phase)
		}
		most[h.phase] = max(most[h.phase], h.took)
	}
	t.WriteString("- All nodes current after the cause was over, at most: ")
	for i, name := range order {
		if i > 0 {
			t.WriteString("; ")
		}
		fmt.Fprintf(&t, "%s %s", name, ms(most[name]))
	}
	t.WriteString(".\n")
	for _, one := range r.skipped {
		fmt.Fprintf(&t, "- Not done: %s.\n", one)
	}
	_, _ = fmt.Fprint(r.o.out, "\n", t.String())
	for _, one := range append(r.books.wrong, late...) {
		_, _ = fmt.Fprintln(r.o.out, "FOUND:", one)
	}
	bad = len(r.books.wrong)+len(late) > 0
	if r.o.results != "-" {
		head := title + "\n\nWritten by `make faults` on " + time.Now().UTC().Format(time.DateOnly) +
			"; bench/FAULTS.md says what is " +
			"promised and what is done. *After* is how long after\nan acknowledgement a page view of that visitor still came " +
			"to the vendor through another node: one that was connected, and one that was cut off.\n\n"
		err = writeDown(r.o.results, title, head+t.String())
	}
	return bad, err
}

// waitingTitle is that of the part about events that wait.
const waitingTitle = "# A cluster's queue with faults"

// reportWaiting prints what became of events that waited on the cluster.
func (r *run) reportWaiting() (bad bool, err error) {
	text := r.reportQueue()
	_, _ = fmt.Fprint(r.o.out, "\n", text)
	for _, one := range r.books.wrong {
		_, _ = fmt.Fprintln(r.o.out, "FOUND:", one)
	}
	if r.o.results != "-" {
		head := waitingTitle + "\n\nWritten by `make faults` on " + time.Now().UTC().Format(time.DateOnly) +
			"; bench/FAULTS.md says what is " +
			"promised and what is done. Vendors decline, fail and break\noff as it goes; a silent node's events are handed to " +
			"others after " +
			silence.String() + ".\n\n"
		err = writeDown(r.o.results, waitingTitle, head+text)
	}
	return len(r.books.wrong) > 0, err
}

func countLost(wrong []string) (n int) {
	for _, one := range wrong {
		if strings.Contains(one, "LOST") {
			n++
		}
	}
	return n
}

// writeDown puts a part in place of the one with its title, or behind all others.
func writeDown(name, title, part string) error {
	b, err := os.ReadFile(filepath.Clean(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before, after := string(b), ""
	if i := strings.Index(before, title+"\n"); i >= 0 {
		rest := before[i+1:]
		before = before[:i]
		if j := strings.Index(rest, "\n# "); j >= 0 {
			after = rest[j:]
		}
	} else {
		before += "\n"
	}
	return os.WriteFile(name, []byte(before+strings.TrimRight(part, "\n")+"\n"+after), 0o644)
}
