package cmp

// termly keeps everything in local storage: the page has to send it.
var termly = dialect{
	name:      "termly",
	names:     []string{"TERMLY_API_CACHE"},
	read:      ignore,
	sealed:    true,
	elsewhere: true,
}
