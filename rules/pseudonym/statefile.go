package pseudonym

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrState says that a text is no key state, or a damaged one.
var ErrState = errors.New("cannot read the key state: it is damaged")

// written is a state as a file holds it.
type written struct {
	Version int               `json:"version"`
	Subject string            `json:"subject"`
	Ledger  string            `json:"ledger_subject"`
	Shreds  int               `json:"ledger_subject_shredded"`
	Digest  string            `json:"ledger_digest"`
	Chains  map[string]behind `json:"chains"`             // by rotation
	Rekey   *rekeyed          `json:"rekeying,omitempty"` // of version 2
}

// rekeyed is what keys are made of that are replaced out of turn.
type rekeyed struct {
	Secret string `json:"secret"`
	Line   string `json:"line"`
	Times  int    `json:"times"`
}

type behind struct {
	Period int64  `json:"period"`
	Turns  int    `json:"turns"`
	Key    string `json:"key"`
}

// Append appends the state as a file holds it, one of a version before in its form: a line of JSON with the keys in
// base64, and a line with the SHA-256 of the first in hex, by which a file that was not written whole is known.
func (s State) Append(dst []byte) []byte {
	w := written{
		Version: 1, Subject: s.subject.text(), Ledger: s.ledger.text(), Shreds: s.shreds, Digest: s.digest.text(),
		Chains: map[string]behind{},
	}
	if s.Rekeyable() {
		w.Version = 2
		w.Rekey = &rekeyed{s.rekeying.secret.text(), hex.EncodeToString(s.rekeying.line[:]), s.rekeying.times}
	}
	for k := range numRotations {
		w.Chains[k.String()] = behind{s.chains[k].period, s.chains[k].turns, s.chains[k].key.text()}
	}
	line, err := json.Marshal(w)
	if err != nil {
		panic("BUG: a key state cannot be written as JSON")
	}
	dst = append(append(dst, line...), '\n')
	sum := sha256.Sum256(line)
	return append(hex.AppendEncode(dst, sum[:]), '\n')
}

// ParseState reads what Append writes, and nothing else. The error is [ErrState], or wraps it, and says nothing of the
// text.
func ParseState(text []byte) (State, error) {
	line, check, _ := bytes.Cut(text, []byte{'\n'})
	sum := sha256.Sum256(line)
	if string(check) != hex.EncodeToString(sum[:])+"\n" {
		return State{}, ErrState
	}
	var w written
	if json.Unmarshal(line, &w) != nil {
		return State{}, ErrState
	}
	if w.Version != 1 && w.Version != 2 {
		return State{}, fmt.Errorf("%w, or written by another version (format %d; this one reads 1 and 2)",
			ErrState, w.Version)
	}
	s, ok := w.state()
	if !ok || !bytes.Equal(s.Append(nil), text) {
		return State{}, ErrState
	}
	return s, nil
}

// state is what was written; false where a key is missing, or a chain does not stand where the others do.
func (w *written) state() (s State, ok bool) {
	s.shreds = w.Shreds
	ok = s.subject.read(w.Subject) && s.ledger.read(w.Ledger) && s.digest.read(w.Digest) && w.Shreds >= 0
	if (w.Version == 2) != (w.Rekey != nil) {
		return s, false
	}
	if w.Rekey != nil {
		line, err := hex.DecodeString(w.Rekey.Line)
		if err != nil || len(line) != len(s.rekeying.line) || w.Rekey.Times < 0 || !s.rekeying.secret.read(w.Rekey.Secret) {
			return s, false
		}
		s.rekeying.line, s.rekeying.times = [8]byte(line), w.Rekey.Times
	}
	day := w.Chains[Day.String()].Period
	ok = ok && day >= Day.Period(first) && day < Day.Period(end)
	for k := range numRotations {
		from := w.Chains[k.String()]
		to := &s.chains[k]
		to.period, to.turns = from.Period, from.Turns
		ok = ok && to.key.read(from.Key) && from.Turns >= 0 && from.Period == k.Period(time.Unix(day*secondsPerDay, 0))
	}
	return s, ok
}

func (k *Key) text() string { return base64.StdEncoding.EncodeToString(k[:]) }

// read reads a key. The key of zeros is none.
func (k *Key) read(text string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(k) {
		return false
	}
	*k = Key(b)
	return *k != Key{}
}
