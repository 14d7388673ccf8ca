package recompute

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// calling is how long a call may be under way before it is recorded that it reads the log: its token may be taken back
// meanwhile.
const calling = time.Minute

// tokens are those that records say there are. Who reads is held against them only where records say of all: behind the
// first that tells of one, since a server that records them at all does so of each before it lets anybody in. Of a
// version that recorded none, or where records are missing, nothing is known until a server repeats them.
type tokens struct {
	known bool                 // of all tokens it is known whether they are there
	begun bool                 // a server began since nothing was known
	there map[string]time.Time // when it is over; zero: never
	gone  map[string]takenBack
}

// takenBack is that a token opens nothing any more.
type takenBack struct {
	number uint64
	at     time.Time
}

// forget has nothing be known, since records are missing.
func (t *tokens) forget() { *t = tokens{} }

// begin notes that a server began. It may be one that records no tokens.
func (t *tokens) begin() { t.known, t.begun = false, true }

// add reads a record about a token.
func (t *tokens) add(of *ledger.Token, number uint64, at time.Time) {
	if t.there == nil {
		t.there, t.gone = map[string]time.Time{}, map[string]takenBack{}
	}
	t.known = t.known || t.begun || of.Again
	if of.Change == ledger.TokenRevoked {
		delete(t.there, of.Name)
		t.gone[of.Name] = takenBack{number, at}
		return
	}
	delete(t.gone, of.Name)
	t.there[of.Name] = of.Expires
}

// access counts who read the log, whose calls were not let in, and who made tokens or took them back; and it holds
// readings against the tokens that there were.
func (w *walk) access() {
	said, n, kind := lineOf(&w.line), uint64(1), w.line.kind
	switch kind {
	case ledger.KindReading:
	case ledger.KindTurnedAway:
		n = said.Get("count").Uint()
	case ledger.KindToken:
		of := ledger.ParseToken([]byte(w.line.text))
		if w.tokens.add(&of, w.line.number, w.line.at); of.Again {
			return
		}
		kind = "token " + of.Change
	default:
		return
	}
	if !w.counts() {
		return
	}
	w.report.access[Access{Kind: strings.Clone(kind), By: strings.Clone(said.Get("by").String())}] += n
	if kind == ledger.KindReading {
		w.reader(said)
	}
}

// reader holds a reading against the tokens that there were.
func (w *walk) reader(said gjson.Result) {
	t, by := &w.tokens, said.Get("by").Str
	if !t.known || said.Get("through").Str != "http" {
		return
	}
	f := Finding{Kind: WithoutToken, Records: []uint64{w.line.number}}
	over, there := t.there[by]
	back, gone := t.gone[by]
	switch {
	case there && (over.IsZero() || !w.line.at.After(over.Add(calling))):
		return
	case there:
		f.What = fmt.Sprintf("somebody read the log with the token %q, which was over since %s", by, stamp(over))
	case gone && !w.line.at.After(back.at.Add(calling)):
		return
	case gone:
		f.What = fmt.Sprintf("somebody read the log with the token %q, and record %d says that it was taken back",
			by, back.number)
		f.Records = append(f.Records, back.number)
	default:
		f.What = fmt.Sprintf("somebody read the log with the token %q, and no record says that it was made", by)
	}
	w.found(f)
}
