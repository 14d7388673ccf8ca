package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
)

// TestSenderToken: a token is read beside the server file and trimmed, a short one refused, and one that cannot be read
// is warned of and lets nobody send. A changed one is another source.
func TestSenderToken(t *testing.T) {
	t.Parallel()
	made, err := InitExample("lifecycle-email", t.TempDir(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "{ networks: [10.0.0.0/8] }", "{ token_file: ./senders.token }", 1))
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(filepath.Dir(made.Server), name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("tagwarden.yaml", text)
	load := func() (*Loaded, rules.Senders) {
		l, err := Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		return l, l.Draft.Vendors[0].Senders
	}
	l, s := load()
	if len(l.Warnings) != 1 || !strings.Contains(l.Warnings.Error(), "cannot read the token") ||
		s.Token != (rules.SenderToken{}) {
		t.Errorf("without a file: %v, %v", l.Warnings, s)
	}
	write("senders.token", []byte(" 0123456789abcdef\n"))
	first, s := load()
	if len(first.Warnings) != 0 || s.Token != rules.NewSenderToken([]byte("0123456789abcdef")) {
		t.Errorf("with a file: %v, %v", first.Warnings, s)
	}
	write("senders.token", []byte("0123456789abcdeg"))
	if second, _ := load(); second.Source.digest() == first.Source.digest() {
		t.Error("another token is not seen")
	}
	for _, bad := range []string{"", "0123456789abcde", strings.Repeat("x", 1025)} {
		write("senders.token", []byte(bad))
		if _, err := Load(made.Server); err == nil || !strings.Contains(err.Error(), "16 to 1024 are right") {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

// TestSendersBesideProxies: a network in which a proxy is trusted is warned of: without a word of whom it speaks
// for, its own address is the visitor's.
func TestSendersBesideProxies(t *testing.T) {
	t.Parallel()
	for networks, warned := range map[string]bool{
		"10.0.0.0/8": false, "127.0.0.1": true, "192.0.2.0/24, 127.0.0.0/8": true, "\"2001:db8::/32\"": false,
		"\"::1\"": false,
	} {
		files := base(t)
		text := strings.Replace(string(files["tagwarden.yaml"]), "matomo: {", "matomo: { senders: { networks: ["+
			networks+"] },", 1)
		files["tagwarden.yaml"] = []byte(text + "trusted_proxies: [127.0.0.0/8]\n")
		l, err := compiled(files)
		if err != nil {
			t.Fatalf("%s: %v", networks, err)
		}
		if got := strings.Contains(l.Warnings.Error(), "where proxies are trusted"); got != warned {
			t.Errorf("%s: %v", networks, l.Warnings)
		}
	}
}
