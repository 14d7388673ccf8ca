package stream

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/words"
)

// appendLogs writes records as ExportLogsServiceRequest in OTLP's JSON: the record in words as the body, its number and
// its members as attributes tagwarden.NAME, its kind as the name of the event.
func (o *OTLP) appendLogs(b []byte, batch []Record) []byte {
	b = append(b, `{"resourceLogs":[{"resource":{"attributes":[`...)
	b = appendText(b, "service.name", "tagwarden")
	b = appendText(append(b, ','), "service.version", o.opts.Version)
	b = appendText(append(b, ','), "host.name", o.opts.Host)
	b = append(b, `]},"scopeLogs":[{"scope":{"name":"tagwarden/ledger"},"logRecords":[`...)
	observed := o.opts.Now()
	for i := range batch {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLog(b, &batch[i], observed)
	}
	return append(b, `]}]}]}`...)
}

// numbersOf are OpenTelemetry's numbers and names of severities.
var numbersOf = map[severity]struct {
	number int
	name   string
}{info: {9, "INFO"}, notice: {10, "INFO2"}, warning: {13, "WARN"}}

func appendLog(b []byte, r *Record, observed time.Time) []byte {
	if !r.At.IsZero() {
		b = append(b, `{"timeUnixNano":"`...)
		b = strconv.AppendInt(b, r.At.UnixNano(), 10)
		b = append(b, `",`...)
	} else {
		b = append(b, '{')
	}
	b = append(b, `"observedTimeUnixNano":"`...)
	b = strconv.AppendInt(b, observed.UnixNano(), 10)
	of := numbersOf[severityOf(r)]
	b = append(b, `","severityNumber":`...)
	b = strconv.AppendInt(b, int64(of.number), 10)
	b = append(b, `,"severityText":"`...)
	b = append(b, of.name...)
	b = append(b, `","eventName":`...)
	b = appendQuoted(b, "tagwarden."+r.Kind)
	b = append(b, `,"body":{"stringValue":`...)
	b = appendQuoted(b, words.Line(r.Line, words.Names{}))
	b = append(b, `},"attributes":[{"key":"tagwarden.number","value":{"intValue":"`...)
	b = strconv.AppendUint(b, r.Number, 10)
	b = append(b, `"}}`...)
	gjson.ParseBytes(r.Line).ForEach(func(key, value gjson.Result) bool {
		if key.Str == "time" || value.Type == gjson.Null {
			return true
		}
		b = append(b, `,{"key":`...)
		b = appendQuoted(b, "tagwarden."+key.Str)
		b = append(b, `,"value":`...)
		if key.Str == "hit" { // it takes more than an int64 has
			value = gjson.Result{Type: gjson.String, Str: value.Raw}
		}
		b = append(appendAny(b, value), '}')
		return true
	})
	return append(b, `]}`...)
}

// appendText writes an attribute that is a text.
func appendText(b []byte, name, value string) []byte {
	b = append(b, `{"key":`...)
	b = appendQuoted(b, name)
	b = append(b, `,"value":{"stringValue":`...)
	return append(appendQuoted(b, value), `}}`...)
}

// appendAny writes a value as AnyValue. Records are a few levels deep; what reads them has looked at that.
func appendAny(b []byte, value gjson.Result) []byte {
	switch {
	case value.IsArray():
		b = append(b, `{"arrayValue":{"values":[`...)
		first := true
		value.ForEach(func(_, one gjson.Result) bool {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = appendAny(b, one)
			return true
		})
		return append(b, `]}}`...)
	case value.IsObject():
		b = append(b, `{"kvlistValue":{"values":[`...)
		first := true
		value.ForEach(func(key, one gjson.Result) bool {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, `{"key":`...)
			b = append(appendQuoted(b, key.Str), `,"value":`...)
			b = append(appendAny(b, one), '}')
			return true
		})
		return append(b, `]}}`...)
	case value.Type == gjson.True, value.Type == gjson.False:
		b = append(b, `{"boolValue":`...)
		return append(strconv.AppendBool(b, value.Bool()), '}')
	case value.Type == gjson.Number && value.Num == math.Trunc(value.Num) && math.Abs(value.Num) < 1<<53:
		b = append(b, `{"intValue":"`...)
		return append(strconv.AppendInt(b, value.Int(), 10), `"}`...)
	case value.Type == gjson.Number:
		b = append(b, `{"doubleValue":`...)
		return append(strconv.AppendFloat(b, value.Num, 'g', -1, 64), '}')
	}
	b = append(b, `{"stringValue":`...)
	return append(appendQuoted(b, value.String()), '}')
}

// appendQuoted writes a text as JSON.
func appendQuoted(b []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		return append(b, `""`...) // no text is none
	}
	return append(b, quoted...)
}
