package cmp

import (
	"bytes"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// maxMentions is how many answers are read; beyond them all is malformed. The longest honest list of vendors that fits
// into a cookie has some four hundred.
const maxMentions = 1024

// answers are what the cookies of a platform say of its ids, mention by mention, and what comes of them.
type answers struct {
	said       []mention
	items      []Item
	passes     [numLists]uint8
	unreadable bool // one of them has not the form of an answer, or there are too many
}

// mention is one place where an id is answered.
type mention struct {
	list List
	pass uint8 // which list of that kind in the jar
	vote vote
	id   []byte
}

type vote uint8

const (
	named vote = iota // neither: granted elsewhere, or not at all
	yes
	no
	open // asked about, and not answered: neither a yes nor a no
)

func voteOf(granted bool) vote {
	if granted {
		return yes
	}
	return no
}

// reset forgets every answer: their ids point into bytes of a hit.
func (a *answers) reset() {
	clear(a.said)
	clear(a.items)
	*a = answers{said: a.said[:0], items: a.items[:0]}
}

// pass begins another list of that kind, for platforms where what is left out is refused.
func (a *answers) pass(of List) {
	if a.passes[of] == 255 {
		a.unreadable = true
		return
	}
	a.passes[of]++
}

// say adds an answer.
func (a *answers) say(list List, id []byte, v vote) {
	if len(id) == 0 || len(a.said) == maxMentions {
		a.unreadable = true
		return
	}
	a.said = append(a.said, mention{list, a.passes[list], v, id})
}

// bools says the members of an object whose values are true or false.
func (a *answers) bools(list List, object gjson.Result) {
	if !object.IsObject() {
		a.unreadable = true
		return
	}
	object.ForEach(func(key, value gjson.Result) bool {
		a.unreadable = a.unreadable || !value.IsBool()
		a.say(list, read.Bytes(key.Str), voteOf(value.Type == gjson.True))
		return true
	})
}

// ids says every string of an array.
func (a *answers) ids(list List, array gjson.Result, v vote) {
	if !array.IsArray() {
		a.unreadable = true
		return
	}
	array.ForEach(func(_, value gjson.Result) bool {
		a.unreadable = a.unreadable || value.Type != gjson.String
		a.say(list, read.Bytes(value.Str), v)
		return true
	})
}

// refuseAllBut takes back grants that a refusal of everything contradicts.
func refuseAllBut(said []mention, necessary string) {
	for i := range said {
		if string(said[i].id) != necessary {
			said[i].vote = no
		}
	}
}

// combine turns mentions into items, one for each id: granted where one mention grants it and none refuses it, and
// where only grants are listed, in every list. What is open in one of them is answered only by a no.
func (a *answers) combine(listed *[numLists]bool) {
	slices.SortFunc(a.said, func(x, y mention) int {
		if x.list != y.list {
			return int(x.list) - int(y.list)
		}
		if order := bytes.Compare(x.id, y.id); order != 0 {
			return order
		}
		return int(x.pass) - int(y.pass)
	})
	for rest := a.said; len(rest) > 0; {
		first := &rest[0]
		var granted, refused, unanswered bool
		var passes, last uint8
		n := 0
		for ; n < len(rest) && rest[n].list == first.list && bytes.Equal(rest[n].id, first.id); n++ {
			m := &rest[n]
			granted, refused = granted || m.vote == yes, refused || m.vote == no
			unanswered = unanswered || m.vote == open
			if m.vote == yes && m.pass != last {
				passes, last = passes+1, m.pass
			}
		}
		if listed[first.list] && passes < a.passes[first.list] {
			refused = true
		}
		if refused || !unanswered {
			a.items = append(a.items, Item{first.list, first.id, granted && !refused})
		}
		rest = rest[n:]
	}
}
