package cmp

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// commandersAct: TC_PRIVACY is <status>@<version>|<banner>|<site>@<categories>@<blocked
// categories>@<updated>,<created>,<expires>, the times in ms, also with "@" between. Status 0 is a visitor who opted IN
// to the categories, 1 one who opted OUT. Old banners write ALL for the categories of an opt-out
// (community.commandersact.com, consent cookie).
var commandersAct = dialect{
	name:  "commanders_act",
	names: []string{"TC_PRIVACY"},
	read:  readCommandersAct,
	free:  true,
}

func readCommandersAct(s *Scratch, c *cookie) {
	text := s.plain(c.value)
	var fields [5][]byte // status, version, categories, blocked, updated
	n := 0
	for more := true; more && n < len(fields); n++ {
		fields[n], text, more = bytes.Cut(text, []byte{'@'})
	}
	status := string(fields[0])
	if n < 4 || status != "0" && status != "1" {
		s.malformed()
		return
	}
	s.decided(Decides)
	if string(fields[2]) == "ALL" {
		if status == "1" {
			s.say(Category, read.Bytes("*"), no)
		}
	} else {
		sayNumbers(s, fields[2], voteOf(status == "0"))
	}
	sayNumbers(s, fields[3], no)
	commandersActTimes(s, fields[4], text)
}

// commandersActTimes reads "<updated>,<created>,<expires>", or the same with "@" between.
func commandersActTimes(s *Scratch, first, rest []byte) {
	updated, behind, found := bytes.Cut(first, []byte{','})
	if len(updated) == 0 {
		return
	}
	milli, ok := millis(updated)
	s.mustBe(ok)
	s.at(milli)
	if !found {
		behind = rest
	}
	at := bytes.IndexAny(behind, ",@")
	if at < 0 {
		return
	}
	expires := behind[at+1:]
	if more := bytes.IndexAny(expires, ",@"); more >= 0 {
		expires = expires[:more]
	}
	if end, ok := millis(expires); ok {
		s.end(end)
	}
}

// maxCategoryID is the length of the longest id of a category in digits. What is longer is one of the times that follow
// the lists: a separator is missing, and one list would be taken for the other.
const maxCategoryID = 5

// sayNumbers says each of "1,3".
func sayNumbers(s *Scratch, text []byte, v vote) {
	for more := len(text) > 0; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{','})
		s.mustBe(len(one) <= maxCategoryID)
		for _, c := range one {
			s.mustBe(ascii.IsDigit(c))
		}
		s.say(Category, one, v)
	}
}
