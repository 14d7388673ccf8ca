package cmp

// usercentrics keeps everything in local storage (uc_settings, ucData): the page has to send it.
var usercentrics = dialect{
	name:      "usercentrics",
	names:     []string{"uc_settings", "ucData"},
	read:      ignore,
	sealed:    true,
	elsewhere: true,
}
