package objection

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules"
)

// Who follows whom is kept twice: by lead, so that a change of the lead reaches those who follow it in the same
// transaction, and by day, so that those who were not seen for long are found. Where somebody follows, the lead's
// scopes are an act of SeenWith in their record: a look-up knows nothing of leads.

const (
	seenWith      = "seen_with"      // the source of such acts
	mostFollowers = 256              // of one lead
	followLife    = rules.FollowDays // days after it was seen last when somebody follows no more
	perFollower   = 4                // things that are put for one, at most
)

// follower is who follows a lead. The stored value is
//
//	CRC-32C over key and the rest, 4 bytes, little endian
//	day when it was seen last, days since 1970, 4 bytes, big endian
//	the lead's hash in the ledger
//	namespace, hash in the ledger, hash in the feed, form
type follower struct {
	day     uint32
	lead    [16]byte // in the ledger
	subject Subject
}

func (f *follower) append(b, key []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0), f.day)
	b = appendText(append(b, f.lead[:]...), f.subject.Space)
	b = append(append(append(b, f.subject.Ledger[:]...), f.subject.Feed[:]...), f.subject.Form)
	return sealed(key, b)
}

// parseFollower reads a stored value. Every error is an ErrDamaged.
func parseFollower(key, value []byte) (follower, error) {
	rest, err := unseal(key, value, "a subject that follows")
	if err != nil {
		return follower{}, err
	}
	d := decoder{rest: rest}
	var f follower
	if day := d.bytes(4); day != nil {
		f.day = binary.BigEndian.Uint32(day)
	}
	f.lead = d.hash()
	f.subject = Subject{Space: d.text(), Ledger: d.hash(), Feed: d.hash(), Form: d.form()}
	if d.bad || len(d.rest) > 0 || len(key) != 32 {
		return follower{}, fmt.Errorf("%w: a subject that follows cannot be read", ErrDamaged)
	}
	f.subject.Hash = [16]byte(key[16:])
	return f, nil
}

// followKey is the key of who follows a lead.
func followKey(lead, hash *[16]byte) []byte { return append(lead[:len(lead):len(lead)], hash[:]...) }

// followTime is the key of a day when somebody was seen.
func followTime(day uint32, key []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 36), day), key...)
}

// followersOf calls f with everybody who follows a lead. It must not put anything.
func followersOf(tx *bolt.Tx, lead *[16]byte, f func(key, value []byte) error) error {
	c := tx.Bucket(bucketFollowers).Cursor()
	for key, value := c.Seek(lead[:]); bytes.HasPrefix(key, lead[:]); key, value = c.Next() {
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}
