package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// report prints the results, and writes them down where that is asked for.
func report(o *options, w io.Writer, results []*Result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if o.out != "" {
		if err := os.WriteFile(o.out, text, 0o644); err != nil {
			return fmt.Errorf("cannot write down the results: %w", err)
		}
	}
	var before []*Result
	if o.before != "" {
		if before, err = readResults(o.before); err != nil {
			return err
		}
	}
	switch {
	case o.format == "json":
		_, err = w.Write(text)
	case o.format != "text":
		err = fmt.Errorf("format %q: text and json are right", o.format)
	case before != nil:
		_, err = io.WriteString(w, compare(before, results))
	default:
		for _, r := range results {
			if _, err = io.WriteString(w, r.text()); err != nil {
				return err
			}
		}
	}
	return err
}

// text is a result for people.
func (r *Result) text() string {
	var t strings.Builder
	verdict := "holds"
	switch {
	case !r.Possible:
		verdict = "not possible here: " + r.Why
	case r.Failed != "":
		verdict = "COULD NOT BE CARRIED OUT: " + r.Failed
	case !r.Holds:
		verdict = "DOES NOT HOLD"
	}
	fmt.Fprintf(&t, "\n%s: %s\n  promise: %s: %s\n", r.ID, r.Title, r.Promise, verdict)
	for _, broken := range r.Broken {
		fmt.Fprintf(&t, "    ✗ %s\n", broken)
	}
	for _, row := range r.rows() {
		fmt.Fprintf(&t, "  %-70s %s\n", row.name, row.value)
	}
	for _, group := range slices.Sorted(maps.Keys(r.Statuses)) {
		fmt.Fprintf(&t, "  %-70s %s\n", "statuses, "+group, statuses(r.Statuses[group]))
	}
	return t.String()
}

// row is a line of a table.
type row struct{ name, value string }

// rows are the figures of a result, each with a name that is the same in every run.
func (r *Result) rows() []row {
	if !r.Possible {
		return []row{{"possible here", "no"}}
	}
	alive := "yes"
	if !r.Alive {
		alive = "NO: " + r.Ended
	}
	rows := []row{{"alive", alive}, {"memory at most", mib(r.Peak)}, {"memory afterwards", mib(r.After)},
		{"CPU", fmt.Sprintf("%.1f s", r.CPU)}}
	if r.Confined != "" {
		rows = append(rows, row{"memory bounded by", r.Confined})
	}
	if r.Calm != nil {
		rows = append(rows, row{"others in calm, p50 / p99", fmt.Sprintf("%.1f / %.1f ms", r.Calm.P50, r.Calm.P99)})
	}
	if o := r.Others; o != nil {
		rows = append(rows, row{"others' hits answered", fmt.Sprintf("%d of %d", o.Answered, o.Sent)},
			row{"others' p50 / p99 / most", fmt.Sprintf("%.1f / %.1f / %.0f ms", o.P50, o.P99, o.Most)},
			row{"others' statuses", statuses(o.Statuses)})
	}
	for _, f := range r.Figures {
		rows = append(rows, row{f.Name, strings.TrimSpace(fmt.Sprintf("%s %s", number(f.Value), f.Unit))})
	}
	return rows
}

// compare prints the figures of two runs side by side, as Markdown.
func compare(before, after []*Result) string {
	var t strings.Builder
	for _, a := range after {
		fmt.Fprintf(&t, "\n### %s: %s\n\n| | before | after |\n|---|--:|--:|\n", a.ID, a.Title)
		var old []row
		verdicts := [2]string{"-", a.verdict()}
		if i := slices.IndexFunc(before, func(r *Result) bool { return r.ID == a.ID }); i >= 0 {
			old, verdicts[0] = before[i].rows(), before[i].verdict()
		}
		fmt.Fprintf(&t, "| %s | %s | %s |\n", a.Promise, verdicts[0], verdicts[1])
		for _, is := range a.rows() {
			was := "-"
			if i := slices.IndexFunc(old, func(o row) bool { return o.name == is.name }); i >= 0 {
				was = old[i].value
			}
			fmt.Fprintf(&t, "| %s | %s | %s |\n", is.name, was, is.value)
		}
	}
	return t.String()
}

func (r *Result) verdict() string {
	switch {
	case !r.Possible:
		return "not possible"
	case r.Failed != "":
		return "failed"
	case r.Holds:
		return "holds"
	default:
		return "**does not hold**"
	}
}

func statuses(of map[string]int) string {
	var all []string
	for _, status := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s: %d", status, of[status]))
	}
	return strings.Join(all, ", ")
}

// mib is an amount of memory; of a process that has ended there is none.
func mib(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

// number leaves out decimals where they say nothing.
func number(v float64) string {
	if v == float64(int64(v)) || v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
