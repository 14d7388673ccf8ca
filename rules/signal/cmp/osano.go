package cmp

// osano: the cookie is encrypted.
var osano = dialect{
	name:   "osano",
	names:  []string{"osano_consentmanager", "osano_consentmanager_uuid"},
	read:   func(s *Scratch, _ *cookie) { s.st.Opaque = true },
	sealed: true,
}
