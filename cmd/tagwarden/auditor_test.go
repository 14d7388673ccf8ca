package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// auditorsBlock is the block of the page for auditors in a language.
func auditorsBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("docs/auditors.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(string(text))
	if found == nil {
		t.Fatalf("the page shows auditors nothing in %s", language)
	}
	return found[1]
}

// auditedLog writes a log of so many records, and more, and returns its folder and the lines.
func auditedLog(t *testing.T, records int) (dir string, lines [][]byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ledger")
	l, err := ledger.Open(ledger.Options{
		Dir: dir, Node: "a", Now: time.Now, Origin: "shop.example/tagwarden", Sync: time.Hour,
		Seed: func(string) [32]byte { return [32]byte{7} },
	}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	for n := range records {
		if err := l.Note(ledger.Note{Kind: ledger.KindReload, Text: strconv.Itoa(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		lines = append(lines, bytes.Clone(record))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return dir, lines
}

// TestAuditor: the program that the page shows auditors is the one that is run here; it takes the
// log as it is, and finds every change.
func TestAuditor(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/auditor/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if shown := auditorsBlock(t, "go"); shown != string(source) {
		t.Error("the page shows another program than testdata/auditor/main.go")
	}
	program := filepath.Join(t.TempDir(), "auditor")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/auditor").
		CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir, lines := auditedLog(t, 600)
	tiles := filepath.Join(t.TempDir(), "tiles")
	var out strings.Builder
	if code := run(t.Context(), &terminal{out: &out, err: &out, now: time.Now},
		[]string{"logs", "export", "--tiles", tiles, "--dir", dir}); code != fine {
		t.Fatal(out.String())
	}
	key, err := os.ReadFile(filepath.Join(dir, ledger.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	audit := func(key, tiles string, lines [][]byte, first ...string) (string, error) {
		c := exec.CommandContext(t.Context(), program, append([]string{key, tiles}, first...)...)
		c.Stdin = bytes.NewReader(append(bytes.Join(lines, []byte("\n")), '\n'))
		out, err := c.CombinedOutput()
		return string(out), err
	}
	public := strings.TrimSpace(string(key))
	if said, err := audit(public, tiles, lines); err != nil ||
		!strings.Contains(said, fmt.Sprintf("are %d records from 0 on", len(lines))) {
		t.Errorf("%v: %s", err, said)
	}
	if said, err := audit(public, tiles, lines[300:], "300"); err != nil || !strings.Contains(said, "from 300 on") {
		t.Errorf("%v: %s", err, said)
	}
	changed := func(change func(all [][]byte) [][]byte) [][]byte {
		all := append([][]byte(nil), lines...)
		return change(all)
	}
	gone := func(of []byte) []byte { // the line in place of one that was erased
		hash := sha256.Sum256(of)
		return []byte(`{"erased":"` + base64.RawStdEncoding.EncodeToString(hash[:]) + `","crc":"00000000"}`)
	}
	erased := changed(func(all [][]byte) [][]byte { all[500] = gone(all[500]); return all })
	if said, err := audit(public, tiles, erased); err != nil || !strings.Contains(said, "from 0 on, 1 of them erased") {
		t.Errorf("a record was erased: %v: %s", err, said)
	}
	for what, lines := range map[string][][]byte{
		"another erased": changed(func(all [][]byte) [][]byte { all[500] = gone(all[501]); return all }),
		"changed":        changed(func(all [][]byte) [][]byte { all[500] = append([]byte(" "), all[500]...); return all }),
		"taken away":     changed(func(all [][]byte) [][]byte { return append(all[:500], all[501:]...) }),
		"swapped":        changed(func(all [][]byte) [][]byte { all[500], all[501] = all[501], all[500]; return all }),
	} {
		if said, err := audit(public, tiles, lines); err == nil ||
			!strings.Contains(said, "record 500 is not what was signed") {
			t.Errorf("%s: %v: %s", what, err, said)
		}
	}
	entries := filepath.Join(tiles, "tile", "entries", "001")
	bundle, err := os.ReadFile(entries)
	if err != nil {
		t.Fatal(err)
	}
	bundle[10] ^= 1
	if err := os.WriteFile(entries, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := audit(public, tiles, lines); err == nil ||
		!strings.Contains(said, "this is not the tree that was signed") {
		t.Errorf("an entry changed: %v: %s", err, said)
	}
	if _, err := audit(strings.Replace(public, "shop", "shap", 1), tiles, lines); err == nil {
		t.Error("another key is taken")
	}
}

// TestSignatureByOpenssl: the commands that the page shows verify a checkpoint's signature, and that of nothing else.
func TestSignatureByOpenssl(t *testing.T) {
	t.Parallel()
	commands := auditorsBlock(t, "sh")
	ledgerDir, _ := auditedLog(t, 3)
	checkpoint, err := os.ReadFile(filepath.Join(ledgerDir, ledger.CheckpointFile))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(ledgerDir, ledger.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	written, err := logkey.PEM(string(key))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(checkpoint string) (dir string, err error) {
		dir = t.TempDir()
		for name, text := range map[string]string{"checkpoint": checkpoint, ledger.KeyFile: string(key)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.CommandContext(t.Context(), "sh", "-e", "-c", commands)
		c.Dir = dir
		return dir, c.Run()
	}
	dir, err := verify(string(checkpoint))
	if _, missing := exec.LookPath("openssl"); err != nil && missing == nil {
		t.Error(err)
	} else if made, readable := os.ReadFile(filepath.Join(dir, "log.pem")); err == nil && string(made) != string(written) {
		t.Errorf("the key is written as %s (%v)", made, readable)
	} else if _, other := verify(strings.Replace(string(checkpoint), "\n6\n", "\n7\n", 1)); other == nil {
		t.Errorf("another text verifies: %s", checkpoint)
	}
	// What the commands cut out is what was signed, whoever verifies it.
	signed, err := os.ReadFile(filepath.Join(dir, "signed"))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := os.ReadFile(filepath.Join(dir, "signature"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(written)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(public.(ed25519.PublicKey), signed, signature) {
		t.Errorf("it does not verify: %q, SHA-256 of the signature %x", signed, sha256.Sum256(signature))
	}
}
