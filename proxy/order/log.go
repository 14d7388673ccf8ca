// Package order is what nodes do in one order: acts, which each of them is given from a log, every act once and all of
// them in the same order. It holds what the store of objections has in common with everything else that nodes share,
// and a [Replica] for the latter: for what is small enough to be kept as a whole, and changed by few.
//
// A server that is alone has no log: what it is asked for it does at once, by the same code.
//
// One promise: what every node has done is the same, whatever each was asked for and whenever it was away.
package order

import (
	"context"
	"errors"
	"time"
)

// Log is a log that several nodes take their acts from. What a node is asked for it does not do: it puts that on the
// log, and does it when its turn has come there, as all others do.
type Log interface {
	// Append puts an act on the log, and returns when it cannot be lost there any more. The same id may be put there
	// twice: acts are done once.
	Append(ctx context.Context, id [16]byte, act []byte) error
}

// Act is an act whose turn has come.
type Act struct {
	Seq  uint64    // its place in the order; that of a later one is greater
	At   time.Time // when the log took it; that of a later one is no earlier
	ID   [16]byte
	Body []byte
}

// ErrUntold says that the other nodes could not be told in time: an act may be on the log all the same.
var ErrUntold = errors.New("the other nodes could not be told in time")

// ErrNewer says that an act was written by a later version.
var ErrNewer = errors.New("a later version of tagwarden wrote this act: install that one")
