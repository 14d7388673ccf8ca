package config

import (
	"github.com/tagwarden/tagwarden/config/strict"
)

// ReadServer reads a server file alone, defaults filled in and paths resolved: what it says of the
// machine counts, whatever is wrong with the policy that it names. What depends on the policy is not
// looked at. An error is a [strict.Faults].
func ReadServer(path string) (*Server, error) {
	text, err := readGiven(path)
	if err != nil {
		return nil, strict.Faults{{File: path, Msg: "cannot read the server file: " + unreadable(path, err), Unread: true}}
	}
	r := &reading{source: &Source{Path: path, server: text}}
	r.checks = checks{new(report), new(documents), &Loaded{}}
	if r.readServer(); r.faults.Err() != nil {
		return nil, r.faults.Err()
	}
	r.resolvePaths()
	return &r.loaded.Server, nil
}
