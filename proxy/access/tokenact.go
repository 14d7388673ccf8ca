package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// The kinds of acts on tokens. The names are on the log: they stay.
const (
	actMade    = "token_made"
	actChanged = "token_changed"
	actRevoked = "token_revoked"
)

// tokenAct is an act on a token.
type tokenAct struct {
	Token Token  `json:"token,omitzero"` // that is made, or as it is from then on
	Name  string `json:"name,omitempty"` // of one that is taken back
	Mark  string `json:"mark,omitempty"`
	By    By     `json:"by,omitzero"`
}

// tokenActs are tokens to whom acts are done.
type tokenActs struct{ *Tokens }

// do does an act on a token.
func (t tokenActs) do(kind string, body json.RawMessage) error {
	var a tokenAct
	if err := order.Read(body, &a); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch kind {
	case actMade:
		return t.make(&a)
	case actChanged:
		return t.change(&a)
	default:
		return t.takeBack(&a)
	}
}

// fault says what is wrong with a token that an act brings.
func (t *Token) fault() error {
	sum, err := hex.DecodeString(t.SHA256)
	switch {
	case !tokenName.MatchString(t.Name):
		return errors.New("the name is none")
	case err != nil || len(sum) != sha256.Size:
		return errors.New("the token has no SHA-256")
	default:
		return rolesFault(t.Roles)
	}
}

// make makes a token. It is recorded before it opens anything, and in the file when make returns.
func (t tokenActs) make(a *tokenAct) error {
	mark, shares := a.Token.Mark(), t.shares()
	if !shares {
		if err := errors.Join(t.read(), t.tell()); err != nil {
			return err
		}
	}
	delete(t.waiting, mark)
	now := t.valid
	if !shares {
		now = t.all
	}
	fault := a.Token.fault()
	switch {
	case fault != nil:
	case t.back[mark]:
		fault = errTakenBack
	case shares && slices.ContainsFunc(now, a.Token.marked): // it came twice
		return t.write()
	case slices.ContainsFunc(now, func(one Token) bool { return one.Name == a.Token.Name }):
		fault = ErrTaken
	case len(now) >= mostTokens:
		fault = fmt.Errorf("there are %s: revoke some", plural.Of(len(now), "token"))
	}
	if fault != nil {
		return t.refuse(&a.Token, fault)
	}
	next := append(slices.Clone(now), a.Token)
	slices.SortFunc(next, byName)
	if !shares {
		if err := t.before(next, a.Token.Name, a.By); err != nil {
			return err
		}
		if err := t.save(next); err != nil {
			return errors.Join(err, t.tell())
		}
		t.owed = false
		return nil
	}
	return t.replace(next, a.Token.Name, a.By)
}

// replace has other tokens in force, on all nodes.
func (t tokenActs) replace(next []Token, name string, by By) error {
	was := t.valid
	t.valid = next
	if err := t.before(t.inForce(), name, by); err != nil {
		t.valid = was
		return err
	}
	t.owed = false
	return t.write()
}

// refuse is what becomes of a token that is not taken. Where it stands in the file it goes.
func (t tokenActs) refuse(one *Token, why error) error {
	if t.shares() {
		if slices.ContainsFunc(t.all, one.marked) {
			t.notTaken = append(t.notTaken, fmt.Errorf("%w: %s: %w", ErrNotTaken, one.Name, why))
		}
		if err := t.write(); err != nil {
			return err
		}
	}
	return order.Refuse(why)
}

// change gives a token of a mark other roles, another name or another end.
func (t tokenActs) change(a *tokenAct) error {
	mark := a.Token.Mark()
	delete(t.waiting, mark)
	at := slices.IndexFunc(t.valid, a.Token.marked)
	fault := a.Token.fault()
	switch {
	case fault != nil:
	case at < 0:
		fault = errTakenBack
	case slices.ContainsFunc(t.valid, func(one Token) bool { return one.Name == a.Token.Name && !one.marked(a.Token) }):
		fault = ErrTaken
	}
	if fault != nil {
		return t.refuse(&a.Token, fault)
	}
	next := slices.Clone(t.valid)
	next[at] = a.Token
	slices.SortFunc(next, byName)
	return t.replace(next, a.Token.Name, a.By)
}

// takeBack takes a token back, for good: one that is made later under its name is another one.
func (t tokenActs) takeBack(a *tokenAct) error {
	is := func(one Token) bool { return one.Mark() == a.Mark }
	if !t.shares() {
		if err := t.read(); err != nil {
			return err
		}
		next := slices.DeleteFunc(slices.Clone(t.all), is)
		if len(next) == len(t.all) {
			return ErrNoToken
		}
		if err := t.save(next); err != nil {
			return err
		}
		t.changed(a.Name, a.By)
		return t.tell()
	}
	t.back[a.Mark] = true
	delete(t.gone, a.Mark)
	delete(t.waiting, a.Mark)
	t.valid = slices.DeleteFunc(slices.Clone(t.valid), is)
	if err := t.write(); err != nil {
		return err
	}
	t.changed(a.Name, a.By)
	if err := t.tell(); err != nil && !errors.Is(err, ErrUnrecorded) {
		return err
	} // it opens nothing, and is recorded later
	return nil
}
