package main

import (
	"errors"

	"github.com/tagwarden/tagwarden/proxy"
)

// whole tells whether a data folder may be opened, and says it where it is half of a copy, as the server would. What
// may not be looked at from here is for whoever opens it to say.
func whole(t *terminal, data string) bool {
	err := proxy.WholeData(data)
	if errors.Is(err, proxy.ErrRestoring) {
		t.fail("%s: %v", data, err)
		return false
	}
	return true
}
