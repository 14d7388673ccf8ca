package cmp

// sourcepoint: consentUUID is the key of a record at Sourcepoint. What is told is told by the IAB strings beside it.
var sourcepoint = dialect{
	name:  "sourcepoint",
	names: []string{"consentUUID", "consentDate"},
	read: func(s *Scratch, c *cookie) {
		if c.slot == 0 {
			return
		}
		if date, ok := instant(s.plain(c.value)); ok {
			s.at(date)
		}
	},
	sealed:  true,
	strings: true,
}
