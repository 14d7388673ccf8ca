package ledger

import (
	"strings"

	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"
)

// Keys is a record of the key state: how it stands where a node begins, each day, and where some keys were replaced.
// What a start has to know of a state that is lost stands in members of their own; the text is for people.
type Keys struct {
	Text     string // what happened; it names no key
	Identity string // of the root that the state was made from, and of all that were made of it
	Day      int    // where the chain of days stands
	Shredded bool   // the key of the ledger's subjects was replaced by a random one, which no root gives again
	node     string
}

var _ zapcore.ObjectMarshaler = (*Keys)(nil)

// Keys records how the key state stands. Where that cannot be written it is kept in memory until it can.
func (l *Ledger) Keys(k Keys) error {
	k.node = l.opts.Node
	return l.put(kept, entry{KindKey, &k})
}

// MarshalLogObject writes the record's members. What is empty is left out.
func (k *Keys) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "node", k.node)
	addWords(to, "text", k.Text)
	addText(to, "identity", k.Identity)
	to.AddInt("day", k.Day)
	addTrue(to, "shredded", k.Shredded)
	return nil
}

// RecoveredKeys is what a ledger remembers of the key state.
type RecoveredKeys struct {
	Known    bool   // there was one
	Identity string // see Keys; "" where no record says it
	Shredded bool   // see Keys: once, and for good
}

// RecoverKeys reads what a ledger remembers of the key state. A ledger that is not there, or holds nothing, remembers
// none; one that cannot be read is an error.
func RecoverKeys(dir string) (RecoveredKeys, error) {
	s, err := Recover(dir)
	if err != nil {
		return RecoveredKeys{Known: true}, err
	}
	return s.Keys, nil
}

// observe remembers what a record says.
func (r *RecoveredKeys) observe(record []byte) {
	identity := gjson.GetBytes(record, "identity")
	if !identity.Exists() {
		r.observeText(gjson.GetBytes(record, "text").Str)
		return
	}
	r.Identity = identity.Str
	r.Shredded = r.Shredded || gjson.GetBytes(record, "shredded").Bool()
}

// observeText remembers what a record says in its text alone, as they did before they had members of their own:
// "found; identity 7ef0c3a1b2c4d5e6, day 20785, ledger subjects shredded", "rotated: week; ledger subjects shredded".
func (r *RecoveredKeys) observeText(text string) {
	if _, rest, found := strings.Cut(text, "identity "); found {
		r.Identity, _, _ = strings.Cut(rest, ",")
	}
	r.Shredded = r.Shredded || strings.Contains(text, "ledger subjects shredded")
}
