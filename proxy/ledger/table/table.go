// Package table writes records of the ledger as columns, in files of Parquet that databases and data frames read, and
// finds where a file of lines or rows stops whose writing was interrupted.
//
// It promises that memory is bounded whatever is written, that the line of each record stands in its row as the ledger
// has it, and that a file which is gone on with holds no record twice and lacks none.
package table

import (
	"fmt"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// Row is a record as a row of a table: the form of the files. What a record does not say is null, a list empty. More
// columns may follow at the end.
type Row struct {
	Number     *uint64    `parquet:"number,optional"`
	Time       *time.Time `parquet:"time,optional,timestamp(microsecond:utc)"`
	Kind       string     `parquet:"kind,dict"`
	Node       string     `parquet:"node,optional,dict"`
	Hit        *uint64    `parquet:"hit,optional"`
	Event      *int32     `parquet:"event,optional"`
	Site       string     `parquet:"site,optional,dict"`
	Vendor     string     `parquet:"vendor,optional,dict"`
	Endpoint   string     `parquet:"endpoint,optional,dict"`
	Name       string     `parquet:"name,optional,dict"`
	Decision   string     `parquet:"decision,optional,dict"`
	Reason     string     `parquet:"reason,optional,dict"`
	Activity   string     `parquet:"activity,optional,dict"`
	Basis      string     `parquet:"basis,optional,dict"`
	Assessment string     `parquet:"assessment,optional,dict"`
	Version    *int32     `parquet:"version,optional"` // of the assessment
	Policy     string     `parquet:"policy,optional,dict"`
	Region     string     `parquet:"region,optional,dict"`
	ConsentAt  *time.Time `parquet:"consent_at,optional,timestamp(microsecond:utc)"`
	Objections []string   `parquet:"objections,list"`
	Subjects   []string   `parquet:"subjects,list"` // each as records have it, 32 hexadecimal digits
	Kept       []string   `parquet:"kept,list"`     // names of fields, by the shape
	Changed    []string   `parquet:"changed,list"`
	Dropped    []string   `parquet:"dropped,list"`
	BytesIn    *int64     `parquet:"bytes_in,optional"`
	BytesOut   *int64     `parquet:"bytes_out,optional"`
	Outcome    string     `parquet:"outcome,optional,dict"`
	Why        string     `parquet:"why,optional,dict"`
	Status     *int32     `parquet:"status,optional"`
	Text       string     `parquet:"text,optional,plain"`
	Record     string     `parquet:"record,plain"` // the line, as it stands in the ledger
	// lines that go on with it, where its fact takes several
	Parts []string `parquet:"parts,list" parquet-element:",plain"`
}

// rowGroup is how many bytes of records are held until they are written, and rowsInGroup how many records.
const (
	rowGroup    = 24 << 20
	rowsInGroup = 1 << 17
	bitsOfBloom = 10 // for each subject: one in a hundred groups is looked through in vain
)

// Writer writes rows. It is for one goroutine.
type Writer struct {
	out        *parquet.GenericWriter[Row]
	row        [1]Row
	bytes, all int
	of         named
	values     values
}

// values are what the pointers of a row point to.
type values struct {
	number, hit            uint64
	event, version, status int32
	in, out                int64
	time, consent          time.Time
}

// named is what rungs say for the events that name them.
type named struct {
	record                   *byte // where the record of the rungs begins
	policy, region, endpoint string
}

// NewWriter begins a file.
func NewWriter(to io.Writer) *Writer {
	options := []parquet.WriterOption{
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault}), parquet.PageBufferSize(256 << 10),
		parquet.BloomFilters(parquet.SplitBlockFilter(bitsOfBloom, "subjects", "list", "element")),
		parquet.CreatedBy("tagwarden", "", ""),
	}
	for _, long := range [][]string{{"record"}, {"text"}, {"parts", "list", "element"}} {
		// nobody asks for the least of these
		options = append(options, parquet.SkipPageBounds(long...), parquet.SkipPageStatistics(long...))
	}
	return &Writer{out: parquet.NewGenericWriter[Row](to, options...)}
}

// Write adds a record.
func (w *Writer) Write(f *query.Found) error {
	r := &w.row[0]
	clear(w.row[:])
	w.fill(r, f)
	if _, err := w.out.Write(w.row[:]); err != nil {
		return fmt.Errorf("a record cannot be written as a row: %w", err)
	}
	w.all++
	if w.bytes += len(r.Record); w.bytes < rowGroup && w.all%rowsInGroup != 0 {
		return nil
	}
	w.bytes = 0
	return w.out.Flush()
}

// Close writes the end of the file.
func (w *Writer) Close() error { return w.out.Close() }

// fill says a record in columns.
func (w *Writer) fill(r *Row, f *query.Found) {
	w.values = values{number: f.Number}
	if f.Numbered {
		r.Number = &w.values.number
	}
	r.Record = string(f.Record)
	gjson.Parse(r.Record).ForEach(func(key, value gjson.Result) bool {
		w.set(r, key.Str, value)
		return true
	})
	if f.Rungs != nil {
		w.fillNamed(r, f.Rungs)
	}
	if f.Shape != nil {
		r.Kept, r.Changed, r.Dropped = f.Shape.Kept, f.Shape.Changed, f.Shape.Dropped
	}
	for _, part := range f.Parts {
		line := string(part)
		r.Parts = append(r.Parts, line)
		w.bytes += len(line)
		for name, list := range r.lists() {
			*list = append(*list, texts(gjson.Get(line, name))...)
		}
	}
}

// lists are the columns that several records of a fact fill together.
func (r *Row) lists() map[string]*[]string {
	return map[string]*[]string{
		"objections": &r.Objections, "subjects": &r.Subjects, "kept": &r.Kept, "changed": &r.Changed, "dropped": &r.Dropped,
	}
}

// text is the column of a name that holds a text; nil: there is none.
func (r *Row) text(name string) *string {
	switch name {
	case "kind":
		return &r.Kind
	case "node":
		return &r.Node
	case "site":
		return &r.Site
	case "vendor":
		return &r.Vendor
	case "endpoint":
		return &r.Endpoint
	case "name":
		return &r.Name
	case "decision":
		return &r.Decision
	case "reason":
		return &r.Reason
	case "activity":
		return &r.Activity
	case "basis":
		return &r.Basis
	case "assessment":
		return &r.Assessment
	case "policy":
		return &r.Policy
	case "region":
		return &r.Region
	case "outcome":
		return &r.Outcome
	case "why":
		return &r.Why
	case "text":
		return &r.Text
	}
	return nil
}

// set takes over a member.
func (w *Writer) set(r *Row, name string, value gjson.Result) {
	if to := r.text(name); to != nil {
		*to = value.String()
		return
	}
	v := &w.values
	switch name {
	case "time":
		r.Time = instant(&v.time, value)
	case "consent_at":
		r.ConsentAt = instant(&v.consent, value)
	case "hit":
		r.Hit = number(&v.hit, value.Uint(), value)
	case "event":
		r.Event = number(&v.event, int32(value.Int()), value)
	case "assessment_version":
		r.Version = number(&v.version, int32(value.Int()), value)
	case "status":
		r.Status = number(&v.status, int32(value.Int()), value)
	case "bytes_in":
		r.BytesIn = number(&v.in, value.Int(), value)
	case "bytes_out":
		r.BytesOut = number(&v.out, value.Int(), value)
	case "objections":
		r.Objections = texts(value)
	case "subjects":
		r.Subjects = texts(value)
	case "kept":
		r.Kept = texts(value)
	case "changed":
		r.Changed = texts(value)
	case "dropped":
		r.Dropped = texts(value)
	}
}

// fillNamed says what an event leaves to its rungs.
func (w *Writer) fillNamed(r *Row, rungs []byte) {
	if n := &w.of; n.record != &rungs[0] {
		n.record = &rungs[0]
		said := gjson.GetManyBytes(rungs, "policy", "region", "endpoint")
		n.policy, n.region, n.endpoint = said[0].String(), said[1].String(), said[2].String()
	}
	for _, one := range []struct {
		to   *string
		said string
	}{{&r.Policy, w.of.policy}, {&r.Region, w.of.region}, {&r.Endpoint, w.of.endpoint}} {
		if *one.to == "" {
			*one.to = one.said
		}
	}
}

// instant takes over a time; nil: it is none.
func instant(to *time.Time, value gjson.Result) *time.Time {
	at, err := time.Parse(time.RFC3339Nano, value.Str)
	if err != nil {
		return nil
	}
	*to = at.UTC()
	return to
}

// number takes over a number; nil: the member is none.
func number[N int32 | int64 | uint64](to *N, n N, value gjson.Result) *N {
	if value.Type != gjson.Number {
		return nil
	}
	*to = n
	return to
}

// texts are the values of a list.
func texts(list gjson.Result) (all []string) {
	if !list.IsArray() {
		return nil
	}
	list.ForEach(func(_, one gjson.Result) bool {
		all = append(all, one.String())
		return true
	})
	return all
}
