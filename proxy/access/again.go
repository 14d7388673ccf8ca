package access

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/order"
)

// CopyAgain brings a data folder's file of tokens to that of another node's copy, which stands where another log goes
// on. Had and has are what both keep by their acts. It returns what only this node did: tokens that it took back are
// taken back here, and are to be told, as those are that it made. Where it is called again it comes to the same.
func CopyAgain(from, data string, had, has order.Kept, disk durable.Disk) (asked []order.Asked, err error) {
	own, err := OpenTokens(data)
	if err != nil {
		return nil, err
	}
	copied, err := OpenTokens(from)
	if err != nil {
		return nil, err
	}
	hadTokens, err1 := keptIn(had)
	hasTokens, err2 := keptIn(has)
	gone, made, err3 := told(had)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	for i := range hasTokens.Valid {
		one := &hasTokens.Valid[i]
		if mark := one.Mark(); slices.Contains(hadTokens.Back, mark) {
			gone[mark] = true
			asked = append(asked, order.Asked{Kind: actRevoked, Body: tokenAct{Name: one.Name, Mark: mark}})
		}
	}
	for _, one := range hadTokens.Valid {
		if slices.ContainsFunc(hasTokens.Valid, one.marked) || slices.Contains(hasTokens.Back, one.Mark()) {
			continue
		}
		made[one.Mark()] = true
		asked = append(asked, order.Asked{Kind: actMade, Body: tokenAct{Token: one}})
	}
	all := slices.DeleteFunc(slices.Clone(copied.all), func(one Token) bool { return gone[one.Mark()] })
	for _, one := range own.all {
		same := func(other Token) bool { return other.Name == one.Name || one.marked(other) }
		if mark := one.Mark(); made[mark] && !gone[mark] && !slices.ContainsFunc(all, same) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, byName)
	own.mu.Lock()
	defer own.mu.Unlock()
	own.files = durable.Files{Disk: disk}
	return asked, own.save(all)
}

// keptIn is what is kept of tokens.
func keptIn(of order.Kept) (k keptTokens, err error) {
	if text, there := of.Stands["tokens"]; there {
		err = json.Unmarshal(text, &k)
	}
	return k, err
}

// told are the marks of what was not told yet: taken back, and made or changed.
func told(of order.Kept) (gone, made map[string]bool, err error) {
	gone, made = map[string]bool{}, map[string]bool{}
	for _, kind := range []string{actMade, actChanged, actRevoked} {
		for _, body := range of.Untold[kind] {
			var a tokenAct
			if err := order.Read(body, &a); err != nil {
				return nil, nil, err
			}
			if kind == actRevoked {
				gone[a.Mark] = true
			} else {
				made[a.Token.Mark()] = true
			}
		}
	}
	return gone, made, nil
}
