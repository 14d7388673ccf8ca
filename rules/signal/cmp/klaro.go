package cmp

// klaro: {"matomo":true,"meta-pixel":false}, written when the visitor chose. Required services are true in it.
var klaro = dialect{
	name:  "klaro",
	names: []string{"klaro"},
	read: func(s *Scratch, c *cookie) {
		object, ok := s.object(c.value)
		if !ok {
			s.malformed()
			return
		}
		s.decided(Decides)
		s.bools(Service, object)
	},
	services:  true,
	serving:   true,
	free:      true,
	renamable: true,
}
