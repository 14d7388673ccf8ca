// Package queue keeps events that wait for their vendor, as sealed frames in append-only files, and those that a
// vendor refused for good, parked. It delivers nothing: whoever does takes an event ([Queue.Next]), reads it
// ([Queue.Read]), and says what became of it: ended ([Queue.End]), to be tried again ([Queue.Later]), parked
// ([Queue.Park]).
//
// It promises that an event for which [Ticket.Synced] returned nil is pending until it has ended, over kills and
// power cuts, once and not twice; that an event whose bytes were damaged is named; and that the key of a file, and
// the file, are gone when all of its events have ended. That an event has ended is said by a log that the caller
// keeps: a start is told what that log says since the last [Queue.Checkpoint].
package queue
