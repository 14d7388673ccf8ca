// Package cluster is the log of acts that several nodes share: what one appends, every node is handed, in one order,
// each act once. The log stands on an external NATS JetStream cluster, and agreeing is left to it: a stream of three
// replicas, in which a message is there when the quorum has it.
//
// # How acts stand in the stream
//
// An entry is one message with one or more acts: what waits while an entry is on its way goes with the next one, so
// that a thousand acts cost one write of the quorum. An entry is published under the condition that the last message on
// the subject is the one that its writer has read (Nats-Expected-Last-Subject-Sequence), and it holds the number of its
// first act and the SHA-256 of the entry before it. This is a chain, and it is why:
//
//   - Sequences of the stream have gaps, where heartbeats expired; acts have numbers without any. An act that is
//     missing at the start or in the middle breaks the chain for everybody who reads it, a node that starts afresh
//     included ([ErrLost]). At the end it is missed by whoever had come past it ([Position]), and each heartbeat says
//     how far its node had come, so that a node that starts afresh beside others misses it too.
//   - A stream that was restored from an older copy and went on in another way is another chain ([ErrDiverged]).
//   - Sending an entry again is harmless: under the same condition it is appended once, however long ago the first
//     attempt was. (A window of remembered message ids ends after some time.) Once another entry follows the same one,
//     it is certain that it was not appended and will not be.
//   - Should two entries follow the same one all the same, the first is the log's on every node, the second is void,
//     and its writer appends its acts again.
//
// An append is done when its entry came back through the stream and continues the chain, not when the server answers:
// the order is then known, and a server hands out only what the quorum has.
//
// # Freshness
//
// Each node appends heartbeats to the same stream, which expire. When its own heartbeat comes back and all before it is
// applied, then at the moment at which it sent it, by its own clock, the node lacked nothing that had been acknowledged
// anywhere. That is a write through the quorum: a server that is cut off from the others cannot make a node fresh, and
// no clock of another machine is asked.
//
// One promise: what a node does not have, it says ([Log.Stale]).
package cluster
