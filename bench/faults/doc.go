// Command faults runs a cluster on loopback, of real processes, has everything happen to it that happens to clusters,
// and holds what it did against what it promised: no objection that was acknowledged is lost; none is forwarded over by
// a connected node later than a second after that; none by a node that is cut off later than stale.after.
//
// Three nats-server processes, two or three tagwarden nodes, one vendor. Whatever passes between them passes through
// relays of this program, which cut it or hold it back. Visitors send page views through every node all the time; now
// and then one objects at one of them. The books are this process's: when each objection was acknowledged, and when
// each page view came to the vendor, by one clock.
package main
