package cmp

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// axeptio: axeptio_cookies is {"$$token":..,"$$date":..,"$$completed":true,"google_analytics":true,...}; the vendors
// that were authorised and all that were asked about are lists that begin and end with a comma. What is in all and
// not among the authorised was refused.
var axeptio = dialect{
	name:     "axeptio",
	names:    []string{"axeptio_cookies", "axeptio_authorized_vendors", "axeptio_all_vendors"},
	read:     readAxeptio,
	listed:   [numLists]bool{Service: true},
	services: true,
	serving:  true,
	free:     true,
	hint:     "axeptio_cookies says that the visitor came to the end ($$completed)",
}

func readAxeptio(s *Scratch, c *cookie) {
	switch c.slot {
	case 1:
		s.pass(Service)
		commaList(s, c.value, yes)
	case 2:
		commaList(s, c.value, named)
	default:
		axeptioCookies(s, c)
	}
}

func axeptioCookies(s *Scratch, c *cookie) {
	object, ok := s.object(c.value)
	if !ok {
		s.malformed()
		return
	}
	granted := yes
	if s.has(1) {
		granted = named // the list of the authorised says so, or it is not so
	} else {
		s.pass(Service)
	}
	completed := false
	object.ForEach(func(key, value gjson.Result) bool {
		switch {
		case key.Str == "$$date":
			s.when(value)
		case key.Str == "$$completed":
			s.mustBe(value.IsBool())
			if completed = value.Type == gjson.True; !completed {
				s.decided(Undecided)
			}
		case strings.HasPrefix(key.Str, "$$"):
		case value.Type == gjson.True:
			s.say(Service, read.Bytes(key.Str), granted)
		case value.Type == gjson.False:
			s.say(Service, read.Bytes(key.Str), no)
		default:
			s.malformed()
		}
		return true
	})
	if completed {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
}

// commaList reads ",a,b,"; ",," is none.
func commaList(s *Scratch, value []byte, v vote) {
	text := s.plain(value)
	if len(text) == 0 {
		return
	}
	if len(text) < 2 || text[0] != ',' || text[len(text)-1] != ',' {
		s.malformed() // cut off: the last name may be half a name
		return
	}
	for one := range bytes.SplitSeq(text[1:len(text)-1], []byte{','}) {
		if len(one) > 0 {
			s.say(Service, one, v)
		}
	}
}
