package api

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Entry is what the suppression feed says of one subject in one change: a hash that a tool can compare with
// those of its own contacts, and never an identifier, since none is kept. E-mail addresses and phone numbers are
// in it by their own hashes alone: an address is hashed with SHA-256 first, and the hexadecimal digits are what
// is matched, in the space email_sha256.
type Entry struct {
	Seq   uint64    `json:"seq"`
	Time  time.Time `json:"time"`
	Op    string    `json:"op"` // objection, restriction, kept_opt_out, withdrawal, decision, decision_end
	Space string    `json:"space"`
	// the first 16 bytes, in hexadecimal, of HMAC-SHA256(feed key, space, a zero byte, the normalised id)
	Hash    string   `json:"hash"`
	Scopes  []string `json:"scopes"`   // of this act; of a withdrawal those that no other act keeps in force
	InForce []string `json:"in_force"` // after it: what a tool that keeps one state a hash puts there
	Source  string   `json:"source"`

	Decision *FeedDecision `json:"decision,omitempty"` // of one, and of its end; in_force stays as it is
}

// FeedDecision is what a person decided on an objection, or which decision ended.
type FeedDecision struct {
	Number     uint64     `json:"number"`
	Assessment string     `json:"assessment,omitempty"`
	Version    int        `json:"assessment_version,omitempty"`
	Until      *time.Time `json:"until,omitempty"`
}

// Feed is a page of the suppression feed.
type Feed struct {
	Size    uint64  `json:"size"` // changes that there are
	Last    uint64  `json:"last"` // the number to ask with next time: since
	Entries []Entry `json:"entries"`
	Next    string  `json:"next,omitempty"` // address of the next page; not there on the last one
}

// page is which part of the feed is asked for.
type page struct {
	since uint64
	limit int
	form  string // json, csv
}

// feed serves the suppression feed: GET /objections.
func (h *handler) feed(w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Store == nil {
		return missing("objections are not kept here")
	}
	asked, err := pageOf(r)
	if err != nil {
		return err
	}
	head := h.opts.Store.Head()
	if asked.since > head.Size {
		return problem.New(http.StatusConflict, "restored", fmt.Sprintf(
			"there are %s, and since says %d: an older copy was restored here; begin again with since=0",
			plural.Of(head.Size, "change"), asked.since))
	}
	tag := asked.tag(head)
	w.Header().Set("Etag", tag)
	w.Header().Set("Vary", "Accept")
	w.Header().Set("Cache-Control", "private, no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	out, err := h.entries(r.Context(), asked, head.Size)
	if err != nil {
		return err
	}
	if out.Next != "" {
		w.Header().Set("Link", "<"+out.Next+`>; rel="next"`)
	}
	if asked.form == "json" {
		return reply(w, out)
	}
	var text strings.Builder
	if err := writeCSV(&text, out.Entries); err != nil {
		return err
	}
	send(w, "text/csv; charset=utf-8", []byte(text.String()))
	return nil
}

// tag names the very answer to what is asked for: the same part, in the same form,
// of a log that stands at the same head.
func (p *page) tag(head objection.Head) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d %x", p.form, p.since, p.limit, head.Size, head.Root))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// pageOf reads what is asked for. A form that is named goes before what the caller would accept.
func pageOf(r *http.Request) (page, error) {
	asked := page{limit: 1000, form: "json"}
	fault := func(detail string) (page, error) {
		return page{}, problem.New(http.StatusBadRequest, "query", detail)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fault("the query cannot be read")
	}
	if strings.Contains(r.Header.Get("Accept"), "text/csv") {
		asked.form = "csv"
	}
	for name, values := range query {
		value := values[0]
		switch name {
		case "since":
			asked.since, err = strconv.ParseUint(value, 10, 63)
		case "limit":
			asked.limit, err = strconv.Atoi(value)
			if err == nil && (asked.limit < 1 || asked.limit > mostEntries) {
				return fault(fmt.Sprintf("limit is from 1 to %d", mostEntries))
			}
		case "format":
			if asked.form = value; value != "json" && value != "csv" {
				return fault("format is json or csv")
			}
		default:
			return fault("the query knows since, limit and format; identifiers do not belong into addresses: POST " +
				"/api/v1/objections/check takes them")
		}
		if err != nil || len(values) > 1 {
			return fault(name + " is one whole number")
		}
	}
	return asked, nil
}

// matches tells whether a header If-None-Match names a tag.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// entries gathers a page of whole changes, the last of which has at most the number size. It holds more entries than
// were asked for only where one change alone has more.
func (h *handler) entries(ctx context.Context, asked page, size uint64) (*Feed, error) {
	out := &Feed{Size: size, Last: asked.since, Entries: []Entry{}}
	more := false
	err := h.opts.Store.Changes(ctx, asked.since, func(one objection.Recorded) bool {
		if one.Seq <= asked.since {
			return true
		}
		before := len(out.Entries)
		if one.Seq > size {
			return false
		}
		out.Entries = appendEntries(out.Entries, &one)
		if before > 0 && len(out.Entries) > asked.limit {
			out.Entries, more = out.Entries[:before], true
			return false
		}
		out.Last = one.Seq
		return true
	})
	if err != nil {
		return nil, err
	}
	if more {
		query := url.Values{"since": {strconv.FormatUint(out.Last, 10)}, "limit": {strconv.Itoa(asked.limit)},
			"format": {asked.form}}
		out.Next = Base + "/objections?" + query.Encode()
	}
	return out, nil
}

// appendEntries appends what the feed says of a change.
func appendEntries(to []Entry, one *objection.Recorded) []Entry {
	change := &one.Change
	switch {
	case change.Choice != nil:
		return to // no objection, and nobody else's to know
	case change.Decide != nil || change.EndDecision != 0:
		return appendDecision(to, one)
	}
	said := change.Time
	if said.IsZero() {
		said = one.Time
	}
	op := "objection"
	switch {
	case change.Holder.Kind == objection.Kept:
		op = objection.KeptOptOut
	case change.Restriction:
		op = "restriction"
	}
	withdrawal := func(subject int) []string {
		_, scopes := one.Of(subject)
		return scopes
	}
	for _, act := range []struct {
		op     string
		scopes func(subject int) []string
	}{{op, func(int) []string { return change.Object }}, {"withdrawal", withdrawal}} {
		for i, subject := range change.Subjects {
			scopes := act.scopes(i)
			if len(scopes) == 0 {
				continue
			}
			inForce, _ := one.Of(i)
			to = append(to, Entry{
				Seq: one.Seq, Time: said.UTC(), Op: act.op, Space: subject.Space, Hash: hex.EncodeToString(subject.Feed[:]),
				Scopes: scopes, InForce: orEmpty(inForce), Source: change.Source,
			})
		}
	}
	return to
}

// columns are those of the feed as CSV. Several scopes stand in one cell with a space between them.
var columns = []string{"seq", "time", "op", "space", "hash", "scopes", "in_force", "source"}

func writeCSV(w io.Writer, entries []Entry) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		err := out.Write([]string{
			strconv.FormatUint(e.Seq, 10), e.Time.Format(time.RFC3339), e.Op, e.Space, e.Hash, strings.Join(e.Scopes, " "),
			strings.Join(e.InForce, " "), e.Source,
		})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// appendDecision adds the entries of a decision, or of the end of one: for each subject, with what is in force for it.
func appendDecision(to []Entry, one *objection.Recorded) []Entry {
	change := &one.Change
	op, of := "decision_end", &FeedDecision{Number: change.EndDecision}
	if d := change.Decide; d != nil {
		until := d.Until.UTC()
		op, of = "decision", &FeedDecision{d.Number, d.Assessment, d.Version, &until}
	}
	for i, subject := range change.Subjects {
		inForce, _ := one.Of(i)
		to = append(to, Entry{
			Seq: one.Seq, Time: one.Time.UTC(), Op: op, Space: subject.Space, Hash: hex.EncodeToString(subject.Feed[:]),
			Scopes: []string{}, InForce: orEmpty(inForce), Source: change.Source, Decision: of,
		})
	}
	return to
}
