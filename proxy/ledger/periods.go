package ledger

import (
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"
)

// KindPeriods is a record that says for how long records are kept from then on, or that nothing is deleted: text. What
// it says counts a day later: who mistyped it has that day.
const KindPeriods = "periods"

// Periods are for how long records are kept, as a record said it last. The zero value is that none did.
type Periods struct {
	Text  string    `json:"text"`
	Since time.Time `json:"since"` // when that was recorded, to the millisecond
}

var _ zapcore.ObjectMarshaler = (*Periods)(nil)

// MarshalLogObject writes the record's members. Since is its time.
func (p *Periods) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("text", cut(p.Text, longestPeriods))
	return nil
}

// longestPeriods is how long the text of periods may be.
const longestPeriods = 32 << 10

// observe remembers what a record of periods says.
func (p *Periods) observe(record []byte) {
	said := gjson.GetManyBytes(record, "text", "time")
	since, err := time.Parse(time.RFC3339Nano, said[1].Str)
	if err != nil {
		return
	}
	*p = Periods{said[0].Str, since}
}

// Keeps records for how long records are kept from then on, and returns what a start will find.
func (e *Eraser) Keeps(text string) (Periods, error) {
	p := Periods{Text: cut(text, longestPeriods)}
	now := e.opts.Now()
	if err := e.put(synced, entry{KindPeriods, &p}); err != nil {
		return Periods{}, err
	}
	p.Since = now
	return p, nil
}
