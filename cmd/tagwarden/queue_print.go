package main

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// printQueue says how the queue stands: in words, then by vendor.
func printQueue(w io.Writer, q *api.QueueStatus) {
	printf(w, "%s %s, and %s parked: %s pending.\n", plural.Of(q.Waiting, "event"),
		plural.Verb(q.Waiting, "waits for its vendor", "wait for their vendors"), numberIs(q.Parked), numberIs(q.Pending))
	switch {
	case !q.Running:
		printf(w, "No server runs on this data folder: nothing is delivered, and no hits are taken.\n")
	case !q.Taken:
		printf(w, "Hits are not taken: %s.\n", q.Why)
	case q.Why != "":
		printf(w, "Hits are taken still: %s.\n", q.Why)
	default:
		printf(w, "Hits are taken.\n")
	}
	if q.Mode == "direct" {
		printf(w, "Delivery is direct: no more events come to wait.\n")
	}
	if q.Damaged > 0 {
		printf(w, "%s lost by damage on the disk since the start: the log has named them, and so does the ledger.\n",
			plural.Of(q.Damaged, "event"))
	}
	printf(w, "room for what waits: %s of %s used; for what is parked: %s of %s; "+
		"free on the disk, above the reserve: %s\n",
		sizeOf(q.Room.Used), sizeOf(q.Room.Size), sizeOf(q.Room.ParkedUsed), sizeOf(q.Room.ParkedSize), sizeOf(q.Room.Free))
	if c := q.Cluster; c != nil {
		printf(w, "the cluster's queue, which all nodes share: %s, %s of %s used; this node has taken %s of them\n",
			plural.Of(c.Messages, "message"), sizeOf(int64(c.Bytes)), sizeOf(c.Size), plural.Of(c.Taken, "event"))
		for _, v := range c.Vendors {
			printf(w, "  for %s: %s\n", v.Vendor, plural.Of(v.Messages, "message"))
		}
	}
	for i := range q.Vendors {
		if v := &q.Vendors[i]; v.PausedUntil != nil {
			printf(w, "%s is not asked until %s: it answered %d and asked to be left alone for so long (Retry-After); "+
				"`tagwarden queue retry %s` ends that\n", v.Vendor, v.PausedUntil.Format(time.RFC3339), v.PausedBy, v.Vendor)
		}
	}
	if len(q.Vendors) == 0 {
		return
	}
	printf(w, "\n")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(table, "vendor\twaiting\tbytes\toldest\tunder way\tbreaker\tparked\n")
	for i := range q.Vendors {
		v := &q.Vendors[i]
		oldest := "-"
		if v.Waiting > 0 {
			oldest = spanOf(v.Oldest)
		}
		printf(table, "%s\t%d\t%s\t%s\t%d\t%s\t%d\n", v.Vendor, v.Waiting, sizeOf(v.Bytes), oldest, v.UnderWay,
			cmp.Or(strings.ReplaceAll(v.Breaker, "_", " "), "-"), v.Parked)
		for _, p := range v.ParkedBy {
			printf(table, "\t\t\t\t\t  %s\t%d, %s\n", p.Reason, p.Events, sizeOf(p.Bytes))
		}
	}
	_ = table.Flush()
	if q.Parked > 0 {
		printf(w, "\nWhat is parked was refused by its vendor (`restored`: it waited in the copy that this data folder is,\n"+
			"and may have been sent since), and is kept for a while: `tagwarden queue inspect --parked` shows it,\n"+
			"`queue retry` has it sent again, `queue purge` deletes it.\n")
	}
}

func numberIs(n int) string { return strconv.Itoa(n) + " " + plural.Verb(n, "is", "are") }

// sizeOf is a number of bytes in words.
func sizeOf(n int64) string {
	switch {
	case n < 1<<10:
		return sprintf("%d B", n)
	case n < 1<<20:
		return sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return sprintf("%.1f GiB", float64(n)/(1<<30))
	}
}

// spanOf is a number of seconds in words.
func spanOf(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return "less than 1s"
	}
	return d.Truncate(time.Second).String()
}

// printQueueEvents shows events, a few lines each.
func printQueueEvents(w io.Writer, all *api.QueueEvents) {
	for i := range all.Events {
		e := &all.Events[i]
		printf(w, "%s %s %s since %s", e.Name, e.Vendor, e.State, e.Since.Format(time.RFC3339))
		if e.Reason != "" {
			printf(w, ", because of %s", e.Reason)
		}
		if e.Reason == "" {
			printf(w, ", %s since the start", plural.Of(e.Attempts, "attempt"))
		}
		if e.Attempted {
			printf(w, ", may have arrived (nobody knows how an attempt went)")
		}
		printf(w, "; kept for %s more\n", spanOf(e.Left))
		if e.Fault != "" {
			printf(w, "  %s\n", e.Fault)
			continue
		}
		printf(w, "  event %s of site %s, activity %s, endpoint %s\n", cmp.Or(e.Event, "-"), cmp.Or(e.Site, "-"),
			cmp.Or(e.Activity, "-"), cmp.Or(e.Endpoint, "-"))
		printf(w, "  %s %s at the vendor's host %s, %s; headers: %s\n", e.Method, e.Path, cmp.Or(e.Host, "-"),
			sizeOf(int64(e.Bytes)), cmp.Or(strings.Join(e.Headers, ", "), "none"))
		printQueueFields(w, "query", e.Query)
		printQueueFields(w, "body", e.Body)
	}
	if shown := len(all.Events); shown < all.Of {
		printf(w, "%d of %d are shown, the oldest first: --limit shows more\n", shown, all.Of)
	} else if shown == 0 {
		printf(w, "there are none\n")
	}
}

// printQueueFields shows what stands in a query or body: names that the catalog has, and kinds of values.
func printQueueFields(w io.Writer, what string, fields []api.QueueField) {
	if len(fields) == 0 {
		return
	}
	var all []string
	for _, f := range fields {
		all = append(all, strings.TrimSpace(f.Name+" ("+f.Is+")"))
	}
	printf(w, "  %s: %s\n", what, strings.Join(all, "; "))
}

// printChanged says what was done with events.
func printChanged(t *terminal, got *api.QueueChanged, form, one, many string) int {
	code := fine
	if got.Why != "" {
		code = findings
	}
	if form == "json" {
		printJSON(t.out, got, "  ")
		return code
	}
	if got.Events == 0 {
		printf(t.out, "there were none\n")
	} else {
		printf(t.out, "%s %s\n", plural.Of(got.Events, "event"), plural.Verb(got.Events, one, many))
	}
	for _, by := range got.By {
		printf(t.out, "  %s, %s: %d\n", by.Vendor, cmp.Or(by.Reason, "waited"), by.Events)
	}
	if got.Left > 0 {
		printf(t.out, "%s %s as it is: under way, or come meanwhile\n", plural.Of(got.Left, "event"),
			plural.Verb(got.Left, "stays", "stay"))
	}
	if got.Why != "" {
		t.fail("not all of them: %s", got.Why)
	}
	return code
}
