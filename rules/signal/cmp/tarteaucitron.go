package cmp

import "bytes"

// tarteaucitron: "!gtag=true!matomo=false!mixpanel=wait", one entry a service, the one answered last at the end. A
// service is there as "wait" from the first page on, until the visitor answers for it. Services that ask nobody are
// there as "true" from the first page on as well: which these are, by themselves, says exemptService.
var tarteaucitron = dialect{
	name:  "tarteaucitron",
	names: []string{"tarteaucitron"},
	read:  readTarteaucitron,
	end: func(s *Scratch) {
		if s.marks[0] != 0 {
			s.decided(Decides)
		}
	},
	services:  true,
	serving:   true,
	free:      true,
	renamable: true,
}

const tarteaucitronAnswered = 1 // the visitor answered for a service

func readTarteaucitron(s *Scratch, c *cookie) {
	text, begun := bytes.CutPrefix(s.plain(c.value), []byte{'!'})
	if !begun {
		s.malformed()
		return
	}
	for more := true; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{'!'})
		equals := bytes.LastIndexByte(one, '=')
		if equals < 1 {
			s.malformed()
			return
		}
		id := one[:equals]
		switch string(one[equals+1:]) {
		case "wait":
			s.say(Service, id, open)
		case "false":
			s.say(Service, id, no)
			s.marks[0] = tarteaucitronAnswered
		case "true":
			if exemptService(string(id)) {
				s.say(Service, id, open)
				continue
			}
			s.say(Service, id, yes)
			s.marks[0] = tarteaucitronAnswered
		default:
			s.malformed()
			return
		}
	}
}

// exemptService tells whether tarteaucitron itself takes a service for one that needs no consent: it is "true" without
// anybody's having answered, so that this is no yes.
func exemptService(id string) bool {
	switch id {
	case "crisp", "matomo", "matomohightrack", "microanalytics", "plausible", "simpleanalytics", "stonly",
		"wysistathightrack":
		return true
	default:
		return false
	}
}
