package cmp

import "bytes"

// cookiebot: CookieConsent is not JSON but
// {stamp:'..',necessary:true,preferences:false,statistics:false,marketing:false,
// method:'explicit',ver:1,utc:<ms>,iab2:'<TC>',gacm:'<AC>',region:'de'}. The stamp is free text. -1 stands for a region
// where nobody is asked, 0 for no answer yet. Other banners use the name too, with other values.
var cookiebot = dialect{
	name:  "cookiebot",
	names: []string{"CookieConsent"},
	read:  readCookiebot,
	ids:   []string{"necessary", "preferences", "statistics", "marketing"},
	defaults: [][2]string{
		{"necessary", "necessary"}, {"preferences", "preferences"}, {"statistics", "analytics"}, {"marketing", "marketing"},
	},
}

func readCookiebot(s *Scratch, c *cookie) {
	text := c.value
	for range maxEscapes {
		if !cookiebotObject(text, nil) {
			text = s.unescape(text)
		}
	}
	switch {
	case string(text) == "-1" || string(text) == "0":
		s.decided(Undecided)
	case !cookiebotObject(text, nil):
		s.malformed()
	default:
		categories := len(s.said)
		s.decided(Decides) // a record without a method is the older form, written on a choice. It has no region either
		cookiebotObject(text, s)
		if s.st.Region != nil && s.st.Method == nil {
			s.decided(Undecided)
		}
		if len(s.said) == categories {
			s.malformed()
		}
	}
}

// cookiebotObject reads {name:value,...} where a value is 'text' or a bare word. Without a
// scratch it tells whether the form is right.
func cookiebotObject(text []byte, s *Scratch) bool {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return false
	}
	for text = text[1 : len(text)-1]; ; text = text[1:] {
		colon := bytes.IndexByte(text, ':')
		if colon < 1 || !identifier(text[:colon]) {
			return false
		}
		name, rest := text[:colon], text[colon+1:]
		var value []byte
		quoted := len(rest) > 0 && rest[0] == '\''
		if quoted {
			end := bytes.IndexByte(rest[1:], '\'')
			if end < 0 {
				return false
			}
			value, rest = rest[1:1+end], rest[2+end:]
		} else {
			value, _, _ = bytes.Cut(rest, []byte{','})
			if rest = rest[len(value):]; !identifier(value) {
				return false
			}
		}
		if s != nil {
			cookiebotField(s, name, value, quoted)
		}
		if len(rest) == 0 {
			return true
		}
		if text = rest; text[0] != ',' {
			return false
		}
	}
}

func cookiebotField(s *Scratch, name, value []byte, quoted bool) {
	switch string(name) {
	case "necessary", "preferences", "statistics", "marketing":
		granted := string(value) == "true"
		if quoted || !granted && string(value) != "false" {
			s.malformed()
			return
		}
		s.say(Category, name, voteOf(granted))
	case "method":
		if !quoted || string(value) != "explicit" {
			s.decided(Undecided)
		}
		s.st.Method = value
	case "utc":
		milli, ok := millis(value)
		if quoted || !ok {
			s.malformed()
		}
		s.at(milli)
	case "region":
		s.st.Region = value
	case "iab2":
		s.string(&s.st.TC, value)
	case "gacm":
		s.string(&s.st.AC, value)
	}
}
