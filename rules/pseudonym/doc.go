// Package pseudonym makes keys from a root secret, and from keys the pseudonyms that vendors are sent and the
// hashes under which subjects are stored.
//
// A [Root] gives, by HKDF-SHA256 (RFC 5869), keys that share nothing: one for objections' subjects, two for the ledger,
// and the beginning of one chain for each rotation. State is what a node keeps of them: at the end of a period a
// chain's key is replaced by its own hash, so that what it was before cannot be made again. Below a chain, vendor and
// purpose enter by HKDF. Keys holds what is valid now, ready for use.
//
// Promise: two vendors, two purposes or two periods never get the same pseudonym for one identifier, nothing of the
// identifier can be read in it, and a scope that was not registered gets none at all.
package pseudonym
