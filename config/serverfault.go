package config

import "github.com/tagwarden/tagwarden/config/strict"

// ServerFault is something that was found out about what the server file says at a path, or nearest to it.
func ServerFault(l *Loaded, says string, path ...any) strict.Fault {
	var none, found strict.Faults // it was read before
	found.At(strict.Parse(l.Source.Path, l.Source.server, &none), strict.Path(path...), "%s", says)
	return found[0]
}
