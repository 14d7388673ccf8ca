package objection

import (
	"encoding/binary"

	bolt "go.etcd.io/bbolt"
)

// putProgress keeps how far an import has come.
func putProgress(tx *bolt.Tx, p *Progress) error {
	return tx.Bucket(bucketProgress).Put([]byte(p.File), number(p.Line))
}

// progress reads how far something has come: 0 where nothing is known of it.
func progress(tx *bolt.Tx, name string) uint64 {
	value := tx.Bucket(bucketProgress).Get([]byte(name))
	if len(value) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

// Progress returns the last line of a file that is in: 0 where none is.
func (s *Store) Progress(file string) (line uint64, err error) {
	err = s.file.read(func(tx *bolt.Tx) error {
		line = progress(tx, file)
		return nil
	})
	return line, err
}
