package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// leavesData are the verbs that read a server file, and nothing of its data folder.
var leavesData = map[string]bool{"promises": true, "test": true, "snippet": true}

// TestHalfADataFolder: where a restore broke off, every verb that opens the data folder says so, and changes nothing
// there; none says that nothing is wrong, or that the server makes what is missing.
func TestHalfADataFolder(t *testing.T) {
	t.Parallel()
	made, err := config.Init(filepath.Join(t.TempDir(), "shop"), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string // nobody answers there
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "listen: ") {
			line = "listen: 127.0.0.1:1\n"
		}
		lines = append(lines, line)
	}
	data := filepath.Join(filepath.Dir(made.Server), "data")
	given := filepath.Join(t.TempDir(), "given")
	for name, text := range map[string]string{
		made.Server: strings.Join(lines, ""), given + ".http": "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n",
		given + ".csv": "client_id\nx\n", given + ".jsonl": "{}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(data, "restoring", "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	of := strings.NewReplacer("FILE.yaml", made.Server, "SHOP", made.Server, "FILE.", given+".")
	asked := map[string]string{"keys rotate": "--config SHOP", "promises approve": "--config SHOP --key SHOP",
		"scan": "--config SHOP FILE.http"}
	for verb, args := range waiting {
		if strings.Contains(args, "--config ") && verb != "restore" && !leavesData[verb] {
			asked[verb] = args
		}
	}
	for verb, args := range asked {
		all := append(strings.Fields(verb), strings.Fields(of.Replace(args))...)
		var said strings.Builder
		code := run(t.Context(), &terminal{in: strings.NewReader(""), out: &said, err: &said, now: time.Now}, all)
		if code == fine || !strings.Contains(said.String(), "a restore of this data folder broke off") ||
			strings.Contains(said.String(), "nothing is wrong") || strings.Contains(said.String(), "for the first time") {
			t.Errorf("%q: %d, %s", all, code, &said)
		}
		if left, err := os.ReadDir(data); err != nil || len(left) != 1 {
			t.Fatalf("%q: the data folder holds %v, %v", all, left, err)
		}
	}
	if len(asked) < 40 {
		t.Errorf("%d verbs were asked", len(asked))
	}
}
