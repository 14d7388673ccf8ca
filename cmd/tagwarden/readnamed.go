package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// mostNamed is how many bytes a file may have that a verb reads whole, and that need not be a regular one: a device has
// no end. Keys, certificates, hits, notices and assessments are far shorter.
const mostNamed = 64 << 20

// readNamed reads a file that has so many bytes at most, whatever kind of file it is.
func readNamed(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := readBounded(name, f, most)
	return text, errors.Join(err, f.Close())
}

// readBounded reads what has so many bytes at most.
func readBounded(name string, from io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes, which are not read", name, most)
	}
	return text, err
}
