package ledger

import (
	"encoding/hex"
	"maps"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// KindPromises is a record that promises came into force which an approver signed: promises_version, approved, key,
// promises, again. From then on nothing else is let come into force than what an approver signs.
const KindPromises = "promises"

// Promised is a record about promises that were signed, and how a summary holds it. It holds nothing of a visitor.
type Promised struct {
	Version  int       `json:"version"`
	At       time.Time `json:"approved"` // when they were signed
	Key      string    `json:"key"`      // who signed them, "privacy+3f2a0c11"
	Promises []string  `json:"promises"` // "no-mail-to-ads 9f86d0...": of each its id, and the digest of what it means
	// it was recorded before, and is repeated so that it outlives the records that are deleted
	Again bool `json:"-"`
}

var _ zapcore.ObjectMarshaler = (*Promised)(nil)

// PromisedOf is the record of what was signed.
func PromisedOf(of *basis.Promised) Promised {
	p := Promised{Version: of.Version, At: of.At.UTC(), Key: of.By}
	for _, id := range of.IDs() {
		p.Promises = append(p.Promises, id+" "+of.Promises[id].String())
	}
	return p
}

// Promised records which promises came into force. When it returns nil that is on disk.
func (r *records) Promised(p Promised) error { return r.put(synced, entry{KindPromises, &p}) }

// MarshalLogObject writes the record's members. What is empty is left out.
func (p *Promised) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddInt("promises_version", p.Version)
	addTime(to, "approved", p.At)
	addText(to, "key", p.Key)
	if err := addTexts(to, "promises", p.Promises); err != nil {
		return err
	}
	addTrue(to, "again", p.Again)
	return nil
}

// observePromised remembers which promises were signed and in force, of the highest version.
func (r *Recovered) observePromised(record []byte) {
	said := gjson.ParseBytes(record)
	p := Promised{
		Version: int(said.Get("promises_version").Int()), At: said.Get("approved").Time(),
		Key: strings.Clone(said.Get("key").String()),
	}
	for _, each := range said.Get("promises").Array() {
		p.Promises = append(p.Promises, strings.Clone(each.String()))
	}
	r.Promise(p.Signed())
}

// Signed is what was signed, as far as the record says it.
func (p *Promised) Signed() basis.Promised {
	of := basis.Promised{Version: p.Version, At: p.At.UTC(), By: p.Key, Promises: map[string]basis.Digest{}}
	for _, each := range p.Promises {
		id, digest, _ := strings.Cut(each, " ")
		var sum basis.Digest // of one that cannot be read: no promise has it
		if raw, err := hex.DecodeString(digest); err == nil && len(raw) == len(sum) {
			sum = basis.Digest(raw)
		}
		of.Promises[id] = sum
	}
	return of
}

// Promise remembers that promises came into force which an approver signed.
func (r *Recovered) Promise(of basis.Promised) {
	if of.Version >= r.Facts.Promised.Version && of.Version > 0 {
		of.Controller = ""
		r.Facts.Promised = of
	}
}

// Knows tells whether the ledger remembers just these.
func (r *Recovered) Knows(of *basis.Promised) bool {
	was := &r.Facts.Promised
	return was.Version == of.Version && was.By == of.By && was.At.Equal(of.At) && maps.Equal(was.Promises, of.Promises)
}

// promisesRemembered are those that were signed last; nil where none were.
func (r *Recovered) promisesRemembered() *Promised {
	if r.Facts.Promised.Version == 0 {
		return nil
	}
	of := PromisedOf(&r.Facts.Promised)
	return &of
}
