package pseudonym

import (
	"encoding/binary"
	"encoding/hex"
)

// rekeying is what keys are made of that are replaced out of turn: a secret that is itself replaced by its own one-way
// hash whenever one was made of it. What it was before, and with it the keys that were made, cannot be made again.
//
// It has nothing to do with time, and chains that begin anew begin with 2020-01-01: a node that was away makes the same
// keys of it, whenever it comes to that.
type rekeying struct {
	secret Key     // zero in the state of a version before
	line   [8]byte // names what the secret began with, and stays
	times  int     // how often keys were made of it
}

// name gives the line that begins with the present secret its name.
func (r *rekeying) name() {
	name := r.secret.MAC([]byte("tagwarden/1/line"))
	r.line = [8]byte(name[:8])
}

// Rekeyable tells whether keys can be replaced out of turn: those of a state that a version before wrote cannot, until
// [State.BeginRekeying].
func (s *State) Rekeyable() bool { return s.rekeying.secret != Key{} }

// BeginRekeying gives a state what keys are made of that are replaced out of turn: what the root gives, or a random
// key, where other nodes get a copy of the state.
func (s *State) BeginRekeying(secret Key) {
	s.rekeying = rekeying{secret: secret}
	s.rekeying.name()
}

// BeginLine begins another line, where keys were replaced of which no other node can make the like.
func (s *State) BeginLine() { s.rekeying.name() }

// RekeyingKey is what keys are made of that are replaced out of turn, at the beginning.
func (r Root) RekeyingKey() Key { return below(r[:], "rekeying") }

// Rekey replaces keys out of turn: those of chains, within their period, and the ledger's subject key, with which goes
// who the records made until now are about. Nodes that have done the same with the same salts have the same keys,
// whenever each of them did. Of the salt alone, and of what a node has afterwards, the keys that were cannot be made;
// whoever has the root or an older copy of the state, and all salts, can make all of them.
func (s *State) Rekey(salt [16]byte, chains []Rotation, ledgerSubjects bool) {
	if !s.Rekeyable() {
		return
	}
	secret := s.rekeying.secret
	for _, k := range chains {
		if k >= numRotations {
			continue
		}
		c := &s.chains[k]
		fresh := link{period: k.Period(first), turns: c.turns + 1, key: below(secret[:], "rekeyed chain",
			k.String(), string(salt[:]))}
		for fresh.period < c.period {
			fresh.next()
		}
		*c = fresh
	}
	if ledgerSubjects {
		s.ledger = below(secret[:], "rekeyed ledger subject", string(salt[:]))
		s.shreds++
	}
	s.rekeying.secret = below(secret[:], "rekeyed", string(salt[:]))
	s.rekeying.times++
}

// Rekeys is how often [State.Rekey] was called.
func (s State) Rekeys() int { return s.rekeying.times }

// Line names what keys are made of that are replaced out of turn, and tells nothing of it: 16 hex digits, the same for
// good. Nodes of different lines would part with the first such change. "" in the state of a version before.
func (s State) Line() string {
	if !s.Rekeyable() {
		return ""
	}
	return hex.EncodeToString(s.rekeying.line[:])
}

// Mark tells states apart that do not give the same keys on the same day, and tells nothing of any: 16 hex digits.
func (s State) Mark() string {
	text := []byte("tagwarden/1/mark")
	text = append(append(append(text, s.ledger[:]...), s.digest[:]...), s.rekeying.secret[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(s.rekeying.times))
	for k := range numRotations {
		text = append(text, s.chains[k].key[:]...)
	}
	mac := s.subject.MAC(text)
	return hex.EncodeToString(mac[:8])
}
