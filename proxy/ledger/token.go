package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"
)

// KindToken is a record that a token of the API came into force, or opens nothing any more: change, name, roles,
// created, expires, token, by, through, again.
const KindToken = "token"

// What became of a token.
const (
	TokenMade    = "made"
	TokenRevoked = "revoked"
)

// Token is a record about a token. It holds nothing that opens anything.
type Token struct {
	Change  string // TokenMade, TokenRevoked
	Name    string
	Roles   []string
	Created time.Time
	Expires time.Time // zero: never
	Mark    string    // of its hash, 16 hexadecimal digits: another token of the same name has another one
	// a token's name, or "operator"; "": it was found in the file, or gone from it, and nobody said who did that
	By      string
	Through string // http, socket; "" where By is
	Again   bool   // it was recorded before, and is repeated so that it outlives the records that are deleted
}

var _ zapcore.ObjectMarshaler = (*Token)(nil)

// Tokens records what became of tokens. When it returns nil that is on disk.
func (r *records) Tokens(all []Token) error {
	entries := make([]entry, len(all))
	for i := range all {
		entries[i] = entry{KindToken, &all[i]}
	}
	return r.put(synced, entries...)
}

// Same tells whether two records are about the same token, whatever became of it.
func (t *Token) Same(other *Token) bool {
	return t.Name == other.Name && t.Mark == other.Mark && slices.Equal(t.Roles, other.Roles) &&
		t.Created.Equal(other.Created) && t.Expires.Equal(other.Expires)
}

// MarshalLogObject writes the record's members. What is empty is left out.
func (t *Token) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "change", t.Change)
	addText(to, "name", t.Name)
	if err := addTexts(to, "roles", t.Roles); err != nil {
		return err
	}
	addTime(to, "created", t.Created)
	addTime(to, "expires", t.Expires)
	addText(to, "token", t.Mark)
	addText(to, "by", t.By)
	addText(to, "through", t.Through)
	addTrue(to, "again", t.Again)
	return nil
}

// ParseToken reads such a record.
func ParseToken(record []byte) Token {
	said := gjson.ParseBytes(record)
	text := func(name string) string { return strings.Clone(said.Get(name).String()) }
	t := Token{
		Change: text("change"), Name: text("name"), Created: said.Get("created").Time(), Expires: said.Get("expires").Time(),
		Mark: text("token"), By: text("by"), Through: text("through"), Again: said.Get("again").Bool(),
	}
	for _, role := range said.Get("roles").Array() {
		t.Roles = append(t.Roles, strings.Clone(role.String()))
	}
	return t
}

// observeToken remembers which tokens are in force.
func (r *Recovered) observeToken(record []byte) {
	t := ParseToken(record)
	if t.Change == TokenRevoked {
		delete(r.Tokens, t.Name)
		return
	}
	t.By, t.Through, t.Again = "", "", false
	r.Tokens[t.Name] = t
}

// rememberedToken is how a summary holds one.
type rememberedToken struct {
	Name    string    `json:"name"`
	Roles   []string  `json:"roles,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	Mark    string    `json:"token,omitempty"`
}

// tokensRemembered are those in force, by name.
func (r *Recovered) tokensRemembered() (all []rememberedToken) {
	for _, t := range r.Tokens {
		all = append(all, rememberedToken{t.Name, t.Roles, t.Created, t.Expires, t.Mark})
	}
	slices.SortFunc(all, func(a, b rememberedToken) int { return strings.Compare(a.Name, b.Name) })
	return all
}
