package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/order"
)

// ErrNotTaken says that a token which was put into the file by hand is none on any node.
var ErrNotTaken = errors.New("a token that was put into the file by hand is not taken")

// errTakenBack says why.
var errTakenBack = errors.New("it was taken back, and does not come back: make another one")

// sharing is what nodes share of tokens. The file is this node's copy of it, and a way in: what is changed there by
// hand is told to all, as what a command does is.
//
// A token opens something once its turn has come. What is taken back opens nothing here from when that was asked for.
// The mutex of [Tokens] guards it.
type sharing struct {
	acts     *order.Replica  // nil: the file is all that there is
	valid    []Token         // by the acts, sorted by name
	back     map[string]bool // marks of what was taken back: it never comes back
	gone     map[string]bool // marks of what was taken back here, until its turn has come
	waiting  map[string]bool // marks of what stands in the file, until its turn has come
	owing    []owedAct       // that the file asks for
	notTaken []error
}

type owedAct struct {
	kind string
	act  tokenAct
}

// shares tells whether tokens are shared with other nodes.
func (s *sharing) shares() bool { return s.acts != nil && s.acts.Shared() }

// keptTokens is what is kept of them with the place on the log.
type keptTokens struct {
	Valid []Token  `json:"valid"`
	Back  []string `json:"back,omitempty"`
}

// Share has tokens made and taken back by acts, which all nodes do. It comes before acts
// are done, and before [Tokens.Record].
func (t *Tokens) Share(acts *order.Replica) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sharing = sharing{acts: acts, back: map[string]bool{}, gone: map[string]bool{}, waiting: map[string]bool{}}
	for _, kind := range []string{actMade, actChanged, actRevoked} {
		acts.On(kind, func(_ order.Act, body json.RawMessage) error { return tokenActs{t}.do(kind, body) })
	}
	if !acts.Shared() {
		return nil
	}
	var kept keptTokens
	if _, err := acts.Kept("tokens", &kept); err != nil {
		return err
	}
	t.valid = kept.Valid
	for _, mark := range kept.Back {
		t.back[mark] = true
	}
	acts.Keep("tokens", func() (any, error) { return t.keep(), nil })
	inFile, err := t.untold()
	if err != nil {
		return err
	}
	now := t.all
	t.all = t.view(inFile)
	t.compare(now)
	t.all = now
	return nil
}

// keep is what is kept.
func (t *Tokens) keep() keptTokens {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := keptTokens{Valid: t.valid}
	for mark := range t.back {
		kept.Back = append(kept.Back, mark)
	}
	slices.Sort(kept.Back)
	return kept
}

// untold takes up what was asked for here and has not had its turn, and returns the tokens that are among it.
func (t *Tokens) untold() (inFile []Token, err error) {
	for _, kind := range []string{actMade, actChanged, actRevoked} {
		for _, body := range t.acts.Waiting(kind) {
			var a tokenAct
			if err := order.Read(body, &a); err != nil {
				return nil, err
			}
			if kind == actRevoked {
				t.gone[a.Mark] = true
				continue
			}
			t.waiting[a.Token.Mark()] = true
			inFile = append(inFile, a.Token)
		}
	}
	return inFile, nil
}

// inForce are the tokens that open something.
func (t *Tokens) inForce() []Token {
	if !t.shares() {
		return t.all
	}
	return slices.DeleteFunc(slices.Clone(t.valid), func(one Token) bool { return t.gone[one.Mark()] })
}

// opens tells whether all nodes have a token of the file.
func (t *Tokens) opens(one *Token) bool {
	return !t.shares() || slices.ContainsFunc(t.inForce(), one.same)
}

// view is what the file is to hold: what is in force, with the days of use here, and what stands in it and waits.
func (t *Tokens) view(file []Token) (all []Token) {
	byMark := map[string]*Token{}
	for i := range file {
		byMark[file[i].Mark()] = &file[i]
	}
	names := map[string]bool{}
	for _, one := range t.inForce() {
		mark := one.Mark()
		if was := byMark[mark]; was != nil {
			if one.Used = was.Used; t.waiting[mark] {
				one = *was
			}
		}
		names[one.Name] = true
		all = append(all, one)
	}
	for i := range file {
		mark := file[i].Mark()
		if t.waiting[mark] && !t.gone[mark] && !names[file[i].Name] && !slices.ContainsFunc(all, file[i].marked) {
			all = append(all, file[i])
		}
	}
	slices.SortFunc(all, byName)
	return all
}

// marked tells whether two are of one mark.
func (t *Token) marked(other Token) bool { return t.SHA256 == other.SHA256 }

// compare takes up how a file differs from what was written there last: what is missing is taken back, what is new or
// changed opens nothing before all nodes have it.
func (t *Tokens) compare(file []Token) {
	for i := range t.all {
		one := &t.all[i]
		if slices.ContainsFunc(file, one.marked) {
			continue
		}
		t.gone[one.Mark()] = true
		t.owing = append(t.owing, owedAct{actRevoked, tokenAct{Name: one.Name, Mark: one.Mark()}})
	}
	for i := range file {
		one := file[i]
		at := slices.IndexFunc(t.all, one.marked)
		mark := one.Mark()
		one.Used = ""
		switch {
		case at >= 0 && t.all[at].same(one):
		case t.back[mark] || t.gone[mark]:
			t.notTaken = append(t.notTaken, fmt.Errorf("%w: %s: %w", ErrNotTaken, one.Name, errTakenBack))
		case slices.ContainsFunc(t.valid, one.same) && !t.waiting[mark]:
			// its turn came before that was written into the file
		case slices.ContainsFunc(t.valid, one.marked):
			t.waiting[mark] = true
			t.owing = append(t.owing, owedAct{actChanged, tokenAct{Token: one}})
		default:
			t.waiting[mark] = true
			t.owing = append(t.owing, owedAct{actMade, tokenAct{Token: one}})
		}
	}
}

// settle tells the others what the file asks for, and says what it asks for in vain. The mutex is not held.
func (t *Tokens) settle() error {
	for {
		t.mu.Lock()
		if len(t.owing) == 0 {
			failed := t.notTaken
			t.notTaken = nil
			var err error
			if t.shares() {
				err = t.write()
			}
			t.mu.Unlock()
			return errors.Join(append(failed, err)...)
		}
		next := t.owing[0]
		t.owing = t.owing[1:]
		t.mu.Unlock()
		if _, err := t.acts.Tell(next.kind, next.act); err != nil {
			t.mu.Lock()
			t.owing = slices.Insert(t.owing, 0, next)
			t.mu.Unlock()
			return err
		}
	}
}

// write brings the file to what it is to hold. A file that is not what was written is left as it is.
func (t *Tokens) write() error {
	if err := t.read(); errors.Is(err, ErrTokens) {
		return nil
	} else if err != nil {
		return err
	}
	next := t.view(t.all)
	if slices.EqualFunc(next, t.all, func(a, b Token) bool { return a.same(b) && a.Used == b.Used }) {
		return nil
	}
	return t.save(next)
}

// ask has an act done on a token: on all nodes, where there are others.
func (t *Tokens) ask(kind string, a tokenAct) error {
	if t.acts != nil {
		return t.acts.Ask(context.Background(), kind, a)
	}
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	err = tokenActs{t}.do(kind, body)
	if refused := errors.Unwrap(err); refused != nil && order.Refused(err) {
		return refused
	}
	return err
}

// revokeShared takes a token back on this node at once, and on the others when they know. The error wraps
// [order.ErrUntold] where they do not yet.
func (t *Tokens) revokeShared(by By, one Token) error {
	mark := one.Mark()
	told, err := t.acts.Tell(actRevoked, tokenAct{Name: one.Name, Mark: mark, By: by})
	if err != nil {
		return err
	}
	t.mu.Lock()
	if !t.back[mark] { // its turn has not come already
		t.gone[mark] = true
	}
	t.changed(one.Name, by)
	err = errors.Join(t.write(), t.tell())
	t.mu.Unlock()
	if err != nil {
		return err
	}
	return told.Wait(context.Background())
}
