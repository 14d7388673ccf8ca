package audit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// TestKeysOfWitnesses: they verify cosignatures, in whichever of both forms the witness publishes its key.
func TestKeysOfWitnesses(t *testing.T) {
	t.Parallel()
	signer, err := tree.NewSigner("shop.example/tagwarden", [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ledger.KeyFile), []byte(signer.Public()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"witness.example/w1+68cca5d4+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
		"witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
	} {
		v := &verification{dir: dir, opts: Options{Witnesses: []string{key}}, report: new(Report)}
		if err := v.keys(); err != nil || len(v.witnesses) != 1 || v.witnesses[0].KeyHash() != 0xaa4a09d1 {
			t.Errorf("%s: %v", key, err)
		}
	}
}
