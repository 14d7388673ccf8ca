package minimise

import (
	"bytes"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// signs are the texts that say what a user agent is of, wherever in it they stand.
var signs = signsOf(coarse)

// mostSigns is how many there may be: a bit each.
const mostSigns = 64

// agentSigns are looked for in one pass over a user agent.
type agentSigns struct {
	texts            []string    // robots, "Mobile", and products of browsers
	mobile, browsers int         // which that is, and which is the first product
	chrome           int         // the product that many browsers are made of
	first, second    [256]uint64 // by a byte: the signs that it is the first of, and the second
}

func signsOf(of *coarseFile) *agentSigns {
	s := new(agentSigns)
	s.texts = append(s.texts, of.Bots...)
	s.mobile, s.browsers = len(s.texts), len(s.texts)+1
	s.texts = append(s.texts, "Mobile")
	for _, b := range of.Browsers {
		if b.Product == "Chrome/" {
			s.chrome = len(s.texts)
		}
		s.texts = append(s.texts, b.Product)
	}
	if s.chrome == 0 || len(s.texts) > mostSigns {
		panic("BUG: coarse.yaml: Chrome/ is no browser of it, or there are more signs than can be looked for")
	}
	for i, text := range s.texts {
		s.first[text[0]] |= 1 << i
		s.second[text[1]] |= 1 << i
	}
	return s
}

// in returns of each sign behind which byte of a user agent it stands first, 0 where it does not. What is a product's
// name stands behind no letter.
func (s *agentSigns) in(agent []byte) (behind [mostSigns]uint16) {
	for i := 0; i+1 < len(agent); i++ {
		may := s.first[agent[i]] & s.second[agent[i+1]]
		for ; may != 0; may &= may - 1 {
			sign := bits.TrailingZeros64(may)
			text := s.texts[sign]
			if behind[sign] != 0 || !bytes.HasPrefix(agent[i:], []byte(text)) {
				continue
			}
			if sign < s.browsers || i == 0 || !ascii.IsLetter(agent[i-1]) {
				behind[sign] = uint16(i + len(text))
			}
		}
	}
	return behind
}
