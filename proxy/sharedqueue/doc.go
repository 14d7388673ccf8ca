// Package sharedqueue keeps what waits on a NATS JetStream cluster, where every node of a cluster of ours can take
// it: what one node accepted is there though its disk is lost. It does not know what waits: items are bytes, which
// it seals.
//
// # Messages
//
// A message holds up to 256 items for one vendor, below a subject of the vendor's own, on a stream of three
// replicas with file storage and the retention of a work queue. It is there when the quorum has it ([Queue.Put]),
// and goes when whoever took it acknowledges it ([Message.Done]). Each vendor has a consumer of its own, so that
// one for which nothing can be done holds up no other. Its bytes are sealed under a key that all nodes have: the
// servers see a vendor's id, an id that was drawn at random, and sizes.
//
// # Who takes a message again
//
// A node that takes a message says so again and again. Where it goes silent, the servers hand the message to
// another one. Nobody can tell then what the first one sent, unless it said so before. So each message has a mark,
// a message of its own on a second stream: one record of who has it, which of its items may have been sent, and
// which have ended. It is only ever replaced under the condition that it is the one that its writer knows (Nats-
// Expected-Last-Subject-Sequence), which makes it a fence and not a note:
//
//   - Who is about to send items that must not be sent twice marks them first ([Message.Begin]), through the
//     quorum.
//   - Of items that were marked, and certainly did not count, that is taken back ([Message.TakeBack]), and of such as
//     have ended it is said so ([Message.SayEnded]): in the background, and under the same condition. Until then, and
//     where nobody hears it, they may have been sent.
//   - Who is handed a message that was handed out before claims it with a mark first. From then on every mark of
//     whoever had it before is refused ([ErrLost]), so that it sends nothing more that it has not marked: what it
//     may have sent is among what the claim read. No clock is asked.
//   - Who stops in good order leaves a mark that says how far it has come ([Message.GiveBack]): nothing is in
//     doubt by that.
//
// # What nodes say to all
//
// On the second stream lies as well who takes messages, and of whom nothing is to wait any more ([Queue.Erase]). Each
// node reads that every second, and before it takes its first message; one that cannot read it takes none. Whoever asks
// for an erasure is told which of the nodes that took messages have not done it yet. It is gone from the servers, and
// overwritten, when the last message is gone that was there when it was asked for, and all of these nodes have done it.
//
// # When messages go
//
// Whoever acknowledges a message has it deleted. Its mark is deleted after that where nobody else ever had it, and
// stays where somebody did: it is what keeps that one from going on, however late. And who claims a message looks
// behind the claim whether it is there still: whoever had it may have acknowledged it, and its mark have gone,
// before.
package sharedqueue
