package signal

// Platforms whose cookies do not tell what the visitor chose. They are known, so that nothing is made out of them.

// usercentrics keeps everything in local storage (uc_settings, ucData): the page has to send it.
var usercentrics = dialect{names: []string{"uc_settings", "ucData"}, read: ignore, sealed: true, elsewhere: true}

// termly keeps everything in local storage: the page has to send it.
var termly = dialect{names: []string{"TERMLY_API_CACHE"}, read: ignore, sealed: true, elsewhere: true}

// sourcepoint: consentUUID is the key of a record at Sourcepoint. What is told is told by the IAB strings beside it.
var sourcepoint = dialect{
	names: []string{"consentUUID", "consentDate"},
	read: func(s *Scratch, c *cookie) {
		if c.slot == 0 {
			return
		}
		if date, ok := instant(s.plain(c.value)); ok {
			s.at(date)
		}
	},
	sealed: true,
}

// osano: the cookie is encrypted.
var osano = dialect{
	names:  []string{"osano_consentmanager", "osano_consentmanager_uuid"},
	read:   func(s *Scratch, _ *cookie) { s.st.Opaque = true },
	sealed: true,
}

func ignore(*Scratch, *cookie) {}
