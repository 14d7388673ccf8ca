package cmp

import "bytes"

// cookieThough: "essential:1|analytics:0", one entry a policy of the site's. It is written when the visitor chose.
var cookieThough = dialect{
	name:      "cookie_though",
	names:     []string{"cookie-preferences"},
	read:      readCookieThough,
	free:      true,
	renamable: true,
}

func readCookieThough(s *Scratch, c *cookie) {
	text := s.plain(c.value)
	for more := true; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{'|'})
		colon := bytes.LastIndexByte(one, ':')
		if colon < 1 {
			s.malformed()
			return
		}
		switch string(one[colon+1:]) {
		case "1":
			s.say(Category, one[:colon], yes)
		case "0":
			s.say(Category, one[:colon], no)
		default:
			s.malformed()
			return
		}
	}
	s.decided(Decides)
}
