package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// cosign signs a checkpoint as a witness does (c2sp.org/tlog-cosignature, written from its text), and gives the key
// that belongs to it, of the kind of a witness or of a log: both are published.
func cosign(checkpoint []byte, name string, kind byte) (signed []byte, key string) {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	named := func(kind byte) (hash, raw []byte) {
		raw = append([]byte{kind}, private.Public().(ed25519.PublicKey)...)
		sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
		return sum[:4], raw
	}
	text := checkpoint[:bytes.Index(checkpoint, []byte("\n\n"))+1]
	at := uint64(1_796_000_000)
	hash, _ := named(4)
	signature := binary.BigEndian.AppendUint64(bytes.Clone(hash), at)
	signature = append(signature,
		ed25519.Sign(private, append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...))...)
	hash, raw := named(kind)
	return fmt.Appendf(bytes.Clone(checkpoint), "— %s %s\n", name, base64.StdEncoding.EncodeToString(signature)),
		fmt.Sprintf("%s+%x+%s", name, hash, base64.StdEncoding.EncodeToString(raw))
}

// TestWitnessed: what a witness signed is checked with its key in either form, and is part of a proof.
func TestWitnessed(t *testing.T) {
	dir := small(t, 300)
	checkpoint := read(t, filepath.Join(dir, ledger.CheckpointFile))
	for _, kind := range []byte{1, 4} {
		signed, witness := cosign(checkpoint, "witness.example/w1", kind)
		put(t, filepath.Join(dir, "witnessed"), signed)
		r, err := audit.Verify(audit.Options{Dir: dir, Witnesses: []string{witness}})
		if err != nil || len(r.Findings) > 0 {
			t.Fatalf("kind %d: %+v, %v", kind, r, err)
		}
		if want := fmt.Sprintf("witnessed: of %d records, signed by witness.example/w1 as well", r.Size); !slices.Equal(
			r.Notes, []string{want}) {
			t.Errorf("kind %d: %q", kind, r.Notes)
		}
		proof, err := audit.Prove(dir, 7, "", witness)
		if err != nil {
			t.Fatal(kind, err)
		}
		key, by := parsed(t, r.Key, witness)
		if p, err := audit.CheckProof(proof, key, by); err != nil || !slices.Contains(p.Checkpoint.Signed,
			"witness.example/w1") {
			t.Errorf("kind %d: %v, %v", kind, p, err)
		}
		if _, err := check(t, dir, proof); err == nil {
			t.Errorf("kind %d: a witness whose key nobody gave counts", kind)
		}
	}
}

// parsed are the keys of a log and of a witness.
func parsed(t *testing.T, log, witness string) (key, by note.Verifier) {
	t.Helper()
	key, err := tree.ParseKey(log)
	if err != nil {
		t.Fatal(err)
	}
	if by, err = logkey.ParseWitness(witness); err != nil {
		t.Fatal(err)
	}
	return key, by
}
