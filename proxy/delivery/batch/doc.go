// Package batch puts events of many visitors, each a whole request of its own, into one request where the vendor's
// protocol takes several, and takes the vendor's answer apart into what became of each. It does no I/O and reads no
// clock: when to send is the caller's, who waits [Linger] for more.
//
// It promises that events travel together only where all that is not the event is alike, byte for byte, so that each
// says to the vendor what it would have said alone; that they keep their order; and that of what is refused no event
// is called delivered which the vendor did not take, nor comes again where it may have been taken.
package batch

import "time"

// Linger is how long events of vendors that take several wait for others to travel with.
const Linger = 50 * time.Millisecond
