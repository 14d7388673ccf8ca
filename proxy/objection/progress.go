package objection

import (
	"encoding/binary"

	bolt "go.etcd.io/bbolt"
)

// putProgress keeps how far an import has come.
func putProgress(tx *bolt.Tx, p *Progress) error {
	return tx.Bucket(bucketProgress).Put([]byte(p.File), number(p.Line))
}

// Progress returns the last line of a file that is in: 0 where none is.
func (s *Store) Progress(file string) (line uint64, err error) {
	err = s.file.read(func(tx *bolt.Tx) error {
		if value := tx.Bucket(bucketProgress).Get([]byte(file)); len(value) == 8 {
			line = binary.BigEndian.Uint64(value)
		}
		return nil
	})
	return line, err
}
