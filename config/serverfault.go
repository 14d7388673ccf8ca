package config

import "github.com/tagwarden/tagwarden/config/strict"

// ServerFault is something that was found out about what the server file says at a path, or nearest to it.
func ServerFault(l *Loaded, says string, path ...any) strict.Fault {
	return serverFaultAt(l, says, func(*strict.Document) []any { return path })
}

// ExportFault is a [ServerFault] of one of those who get the records of the log.
func ExportFault(l *Loaded, i int, says string, path ...any) strict.Fault {
	return serverFaultAt(l, says, func(server *strict.Document) []any { return exportPath(server, i, path...) })
}

func serverFaultAt(l *Loaded, says string, path func(*strict.Document) []any) strict.Fault {
	var none, found strict.Faults // it was read before
	server := strict.Parse(l.Source.Path, l.Source.server, &none)
	found.At(server, path(server), "%s", says)
	return found[0]
}
