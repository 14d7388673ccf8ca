package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// authority makes a certificate that signs itself, for shop.example, and what a server that has it speaks TLS with.
func authority(t *testing.T, serial int64) (text string, server *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	is := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"siem.example"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, is, is, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion: tls.VersionTLS12}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), server
}

// trustsServer tells whether a server that speaks TLS so is trusted.
func trustsServer(t *testing.T, client, server *tls.Config) bool {
	t.Helper()
	here, there := net.Pipe()
	defer func() { _, _ = here.Close(), there.Close() }()
	go func() { _ = tls.Server(there, server).HandshakeContext(t.Context()) }()
	return tls.Client(here, client).HandshakeContext(t.Context()) == nil
}

// TestTrustIsTakenUp: whose certificates are trusted is as the file says, from the next look on; what cannot be used,
// and half of what can, leaves those that were there, and is told of once, with the file and why.
func TestTrustIsTakenUp(t *testing.T) {
	t.Parallel()
	first, one := authority(t, 1)
	second, two := authority(t, 2)
	core, logged := observer.New(zap.InfoLevel)
	file := filepath.Join(t.TempDir(), "ca.pem")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &Server{opts: Options{Log: zap.New(core)}}
	if _, err := trust(s, file, "siem.example"); err == nil {
		t.Error("a file that is not there is trusted")
	}
	put(first)
	as, err := trust(s, file, "siem.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		one, two   bool
		says       string
	}{
		{"the same", first, true, false, ""},
		{"another", second, false, true, "are other ones"},
		{"junk", "junk", false, true, "ca.pem holds no certificate: PEM is right"},
		{"nothing", "", false, true, "ca.pem holds no certificate"},
		{"both", first + second, true, true, "are other ones"},
		{"one and a half", first + second[:len(second)/2], true, true, "ca.pem ends within a certificate"},
		{"gone", "-", true, true, "no such file"},
		{"the first again", first, true, false, "are other ones"},
	} {
		if c.text == "-" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		} else {
			put(c.text)
		}
		var all strings.Builder
		for n := range 2 {
			s.trusts.each((*trusted).renew)
			for _, entry := range logged.TakeAll() {
				all.WriteString(entry.Message + ": ")
				for _, value := range entry.ContextMap() {
					if text, ok := value.(string); ok {
						all.WriteString(text)
					}
				}
				if n == 1 {
					t.Errorf("%s: it says again %s", c.name, entry.Message)
				}
			}
		}
		said := all.String()
		if !strings.Contains(said, c.says) || c.says == "" && said != "" {
			t.Errorf("%s: it says %q", c.name, said)
		}
		if got := trustsServer(t, as(), one); got != c.one {
			t.Errorf("%s: the first is trusted: %t", c.name, got)
		}
		if got := trustsServer(t, as(), two); got != c.two {
			t.Errorf("%s: the second is trusted: %t", c.name, got)
		}
	}
}
