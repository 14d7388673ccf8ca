package config

import (
	"crypto/sha256"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// Stated is a promise with its words, and by what one knows it again in another policy.
type Stated struct {
	promise.Promise
	Says string // in English, or as it was written
	// of id and never: as long as that is the same it is the same promise, however it is put into words
	Same   basis.Digest
	Signed basis.Digest // of what an approver signs
}

// StatedIn are the promises of a policy.
func StatedIn(l *Loaded) []Stated {
	if len(l.Promises) == 0 {
		return nil
	}
	doc := l.Places().promises
	signed := meaningOfEach(doc, l.Promises)
	all := make([]Stated, len(l.Promises))
	for i := range l.Promises {
		of := &l.Promises[i]
		never := meaningOf(orderless(doc.Find(strict.Path("promises", i, "never")), ""))
		all[i] = Stated{
			Promise: of.compiled(), Says: of.inEnglish(), Signed: signed[of.ID],
			Same: sha256.Sum256(append([]byte(of.ID+"\n"), never...)),
		}
	}
	return all
}

// inEnglish is what is promised, in English, or as it was written.
func (p *Promise) inEnglish() string {
	says, _ := p.Says.In("en")
	return strings.TrimSpace(says)
}
