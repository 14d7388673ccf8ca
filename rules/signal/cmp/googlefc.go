package cmp

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// googleFC is Google's own message: FCCDCF is a JSON array whose fourth member is ["<TC>","<AC>",..]. What the
// visitor chose is in the TC string alone.
var googleFC = dialect{
	name:    "google_fc",
	names:   []string{"FCCDCF"},
	read:    readGoogleFC,
	strings: true,
}

func readGoogleFC(s *Scratch, c *cookie) {
	array, ok := s.json(c.value)
	if !ok || !array.IsArray() {
		s.malformed()
		return
	}
	s.decided(Unknowable)
	n := 0
	array.ForEach(func(_, value gjson.Result) bool {
		if n++; n == 4 && value.Type != gjson.Null {
			googleFCStrings(s, value)
		}
		return n < 4
	})
}

func googleFCStrings(s *Scratch, array gjson.Result) {
	if !array.IsArray() {
		s.malformed()
		return
	}
	into := [...]*[]byte{&s.st.TC, &s.st.AC}
	n := 0
	array.ForEach(func(_, value gjson.Result) bool {
		switch value.Type {
		case gjson.String:
			s.string(into[n], read.Bytes(value.Str))
		case gjson.Null:
		default:
			s.malformed()
		}
		n++
		return n < len(into)
	})
}
