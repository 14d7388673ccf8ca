// Rebuilds the tree of a log from what `logs export --tiles DIR` wrote, and holds it against what was signed; then
// holds records, read from standard input, against its entries.
//
//	go run . KEY DIR [NUMBER OF THE FIRST RECORD] < RECORDS
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log := must(note.NewVerifier(os.Args[1]))
	signed := must(os.ReadFile(filepath.Join(os.Args[2], "checkpoint")))
	head := must(note.Open(signed, note.VerifierList(log))) // an error where the key did not sign it
	lines := strings.Split(head.Text, "\n")                 // origin, number of records, root
	size := must(strconv.ParseInt(lines[1], 10, 64))

	var entries [][]byte  // SHA-256 of each record's line
	var nodes []tlog.Hash // of the tree, as package tlog numbers them
	tree := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, i := range indexes {
			found = append(found, nodes[i])
		}
		return found, nil
	})
	for n := int64(0); n < size; n += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: n / 256, W: int(min(256, size-n))}
		path := strings.Replace(tile.Path(), "8/data", "entries", 1)
		for bundle := must(os.ReadFile(filepath.Join(os.Args[2], path))); len(bundle) > 0; bundle = bundle[34:] {
			nodes = append(nodes, must(tlog.StoredHashes(int64(len(entries)), bundle[2:34], tree))...)
			entries = append(entries, bundle[2:34])
		}
	}
	if root := must(tlog.TreeHash(size, tree)); lines[0] != log.Name() || lines[2] != root.String() {
		panic("this is not the tree that was signed")
	}

	first := must(strconv.Atoi(append(os.Args, "0")[3]))
	n, erased, records := first, 0, bufio.NewScanner(os.Stdin)
	for records.Buffer(nil, 1<<20); n < len(entries) && records.Scan(); n++ {
		line := sha256.Sum256(records.Bytes())
		if rest, is := strings.CutPrefix(records.Text(), `{"erased":"`); is { // the line went, and its hash stands there
			hash, _, _ := strings.Cut(rest, `"`)
			line, erased = [32]byte(must(base64.RawStdEncoding.DecodeString(hash))), erased+1
		}
		if !bytes.Equal(line[:], entries[n]) {
			panic(fmt.Sprintf("record %d is not what was signed", n))
		}
	}
	fmt.Printf("%s: the tree of %d records is what was signed, and so are %d records from %d on", lines[0],
		size, n-first, first)
	fmt.Printf(", %d of them erased\n", erased)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
