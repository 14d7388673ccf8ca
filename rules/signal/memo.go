package signal

import (
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Memo remembers what sources said of cookies, between hits below one policy. It holds no cookie, but keyed hashes of
// what it is asked for, which is every byte of the hit that the source reads, and which source reads it for whom: a hit
// whose cookies are others is read anew. It is asked from many goroutines at once.
type Memo interface {
	// Recall returns what was remembered of a text; nil where nothing was. The sum stands for the text.
	Recall(text []byte) (sum [2]uint64, known *Reading)
	// Remember is told what was said of the text that has the sum.
	Remember(sum [2]uint64, said Reading)
}

// Reading is what a source said of cookies, but for what the time makes of it.
type Reading struct {
	said           SourceReading
	at, last, ends int64 // of a platform's statement, Unix milliseconds
	gpc            cmp.Flag
}

// statement is as much of a platform's statement as is asked for beside what it said.
func (r *Reading) statement() cmp.Statement {
	return cmp.Statement{AtMilli: r.at, LastMilli: r.last, EndMilli: r.ends, GPC: r.gpc}
}

// longestRemembered is of how many bytes readings are remembered.
const longestRemembered = 2048

// recall asks the memo for what was said of the key's text. What is too long is not known.
func (a *Ask) recall() (sum [2]uint64, known *Reading) {
	if len(a.jar.key) > longestRemembered {
		return sum, nil
	}
	return a.Memo.Recall(a.jar.key)
}

// remember tells the memo what was said of the key's text.
func (a *Ask) remember(sum [2]uint64, said Reading) {
	if len(a.jar.key) <= longestRemembered {
		a.Memo.Remember(sum, said)
	}
}

// begin begins a key: the source, by its place in a policy.
func (j *jar) begin(reader, source int) {
	clear(j.key)
	j.key = binary.BigEndian.AppendUint32(j.key[:0], uint32(reader)<<8|uint32(source))
}

// note appends a part of a key, with its length in front: keys are the same where all of their parts are.
func (j *jar) note(part []byte) {
	j.key = append(binary.BigEndian.AppendUint32(j.key, uint32(len(part))), part...)
}

// own reads a site's own record of a choice, or remembers what it said. A word alone is read as fast.
func (r *Reader) own(source int, h *hit.Hit, ask *Ask) SourceReading {
	o := r.sources[source].own
	if ask.Memo == nil || o.cookie == "" || o.json == nil && o.pairs == "" {
		return o.hit(h, ask)
	}
	ask.jar.begin(r.number, source)
	found := false
	for i := range ask.jar.all {
		if c := &ask.jar.all[i]; string(c.Name) == o.cookie {
			ask.jar.note(c.Value)
			found = true
		}
	}
	if !found {
		return SourceReading{}
	}
	sum, known := ask.recall()
	if known != nil {
		return known.said
	}
	said := o.hit(h, ask)
	ask.remember(sum, Reading{said: said})
	return said
}

// platform reads a platform's cookies, or remembers what they said.
func (r *Reader) platform(source int, ask *Ask) Reading {
	p := r.sources[source].platform
	if !p.cmp.Gather(&ask.jar, p.settings, ask.Scratch) {
		return Reading{}
	}
	if ask.Memo == nil || !p.note(r.number, source, ask) {
		return p.read(ask)
	}
	sum, known := ask.recall()
	if known != nil {
		return *known
	}
	reading := p.read(ask)
	ask.remember(sum, reading)
	return reading
}

// note writes the key of what was gathered; false where there is nothing, or not all of it is known.
func (p *platform) note(reader, source int, ask *Ask) bool {
	ask.jar.begin(reader, source)
	ask.jar.note(read.Bytes(ask.Declaration.ID)) // whose service may be refused
	from := len(ask.jar.key)
	return ask.Scratch.Gathered(ask.jar.note) && len(ask.jar.key) > from
}

// read reads what was gathered.
func (p *platform) read(ask *Ask) Reading {
	statement, items := ask.Scratch.Read()
	return Reading{
		said: p.said(statement, items, ask.Declaration),
		at:   statement.AtMilli, last: statement.LastMilli, ends: statement.EndMilli, gpc: statement.GPC,
	}
}
