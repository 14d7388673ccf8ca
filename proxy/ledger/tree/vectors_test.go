package tree

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// vector is a proof with what is to come of it: right ones and tampered ones of transparency-dev/merkle (SOURCE.txt).
type vector struct {
	File               string
	LeafIdx, TreeSize  uint64
	Size1, Size2       uint64
	Root, Root1, Root2 []byte
	LeafHash           []byte
	Proof              []string
	WantErr            bool
}

// eachVector calls with each one of a file, and with its proof; ok is false where that has another form.
func eachVector(t *testing.T, name string, each func(v vector, proof []tlog.Hash, ok bool)) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "merkle", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		var v vector
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		var proof []tlog.Hash
		ok := true
		for _, text := range v.Proof {
			h, err := decodeHash(text)
			ok = ok && err == nil
			proof = append(proof, h)
		}
		each(v, proof, ok)
	}
	if n < 90 {
		t.Errorf("%d vectors", n)
	}
}

// root is a root as a hash. Some vectors say "don't care" there, for which another one stands, the same for the same.
func root(b []byte) tlog.Hash {
	if len(b) == tlog.HashSize {
		return tlog.Hash(b)
	}
	return sha256.Sum256([]byte(base64.StdEncoding.EncodeToString(b)))
}

// TestInclusionVectors: what others call a proof is one here, and what they call none is none.
func TestInclusionVectors(t *testing.T) {
	t.Parallel()
	eachVector(t, "inclusion.jsonl", func(v vector, proof []tlog.Hash, ok bool) {
		ok = ok && v.LeafIdx>>maxBits == 0 && v.TreeSize>>maxBits == 0 && len(v.LeafHash) == tlog.HashSize &&
			tlog.CheckRecord(proof, int64(v.TreeSize), root(v.Root), int64(v.LeafIdx), root(v.LeafHash)) == nil
		if ok == v.WantErr {
			t.Errorf("%s: %t", v.File, ok)
		}
	})
}

// TestConsistencyVectors is the same for consistency.
func TestConsistencyVectors(t *testing.T) {
	t.Parallel()
	eachVector(t, "consistency.jsonl", func(v vector, proof []tlog.Hash, ok bool) {
		ok = ok && v.Size1>>maxBits == 0 && v.Size2>>maxBits == 0 &&
			tlog.CheckTree(proof, int64(v.Size2), root(v.Root2), int64(v.Size1), root(v.Root1)) == nil
		if ok == v.WantErr {
			t.Errorf("%s: %t", v.File, ok)
		}
	})
}
