// Package tree is the Merkle tree over the forwarding log: leaf N commits to record N. It knows lines as bytes, and
// nothing of what records say; whoever checks the log stands on it without the ledger.
//
// The entry of a record is SHA-256 of its line, and the leaf is RFC 6962's hash of that entry: a line can go, and every
// tile and proof stays as it was. Nodes, roots and proofs are those of golang.org/x/mod/sumdb/tlog; tiles stand in
// C2SP's layout (c2sp.org/tlog-tiles, height 8), heads are C2SP checkpoints (c2sp.org/tlog-checkpoint).
//
// It promises that what is read from storage is held against a tree's root before it gets into a proof.
package tree
