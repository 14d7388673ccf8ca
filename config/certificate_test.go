package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	mathbig "math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// selfSigned makes a certificate for some hosts and its key, as PEM.
func selfSigned(t *testing.T, from, until time.Time, hosts ...string) (cert, key string) {
	t.Helper()
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: mathbig.NewInt(1), NotBefore: from, NotAfter: until, DNSNames: hosts}
	der, err := x509.CreateCertificate(rand.Reader, template, template, made.Public(), made)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(made)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

// TestCheckCertificate: what would keep the server from starting, or browsers from coming, is a fault;
// what will, or may be meant, a warning.
func TestCheckCertificate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	good, goodKey := selfSigned(t, at.AddDate(0, -1, 0), at.AddDate(0, 2, 0), "shop.example", "*.shop.example")
	_, otherKey := selfSigned(t, at, at.AddDate(0, 1, 0), "shop.example")
	over, overKey := selfSigned(t, at.AddDate(-1, 0, 0), at.AddDate(0, 0, -1), "shop.example", "t.shop.example")
	early, earlyKey := selfSigned(t, at.AddDate(0, 0, 1), at.AddDate(1, 0, 0), "shop.example", "t.shop.example")
	soon, soonKey := selfSigned(t, at.AddDate(0, -1, 0), at.AddDate(0, 0, 10), "shop.example", "t.shop.example")
	foreign, foreignKey := selfSigned(t, at.AddDate(0, -1, 0), at.AddDate(0, 2, 0), "other.example")
	for _, c := range []struct {
		name, cert, key string // "" is a file that is not there
		fault, warning  string // what is in each; "" is none
	}{
		{"a good one", good, goodKey, "", ""},
		{"no certificate", "", goodKey, "", "cannot read the certificate: "},
		{"no key", good, "", "", "cannot read the certificate's key: "},
		{"junk", "junk", goodKey, "are no certificate and its key: ", ""},
		{"a junk key", good, "junk", "are no certificate and its key: ", ""},
		{"half a certificate", good[:len(good)/2], goodKey, "are no certificate and its key: ", ""},
		{"another's key", good, otherKey, "private key does not match public key", ""},
		{"in each other's place", goodKey, good, "are no certificate and its key: ", ""},
		{"one that is over", over, overKey, "good until 2026-05-03", ""},
		{"one that is to come", early, earlyKey, "good from 2026-05-05", ""},
		{"one that is over soon", soon, soonKey, "", "good until 2026-05-14: renew it"},
		{"another's hosts", foreign, foreignKey, "", "is not for shop.example, a host of site shop"},
	} {
		dir := t.TempDir()
		files := base(t)
		for name, text := range map[string]string{"cert.pem": c.cert, "key.pem": c.key} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		server := strings.Replace(string(files["tagwarden.yaml"]), "hosts: [shop.example]",
			"hosts: [shop.example, localhost, 127.0.0.1]", 1)
		line := strings.Count(server, "\n") + 1
		files["tagwarden.yaml"] = []byte(server + "tls: { cert: " + strconv.Quote(filepath.Join(dir, "cert.pem")) +
			", key: " + strconv.Quote(filepath.Join(dir, "key.pem")) + " }\n")
		loaded, err := compiled(files)
		if err != nil {
			t.Fatal(err)
		}
		faults, warnings := loaded.CheckCertificate(at)
		for what, list := range map[string]struct {
			got  strict.Faults
			want string
		}{"faults": {faults, c.fault}, "warnings": {warnings, c.warning}} {
			text := list.got.Error()
			if (list.want == "") != (text == "") || !strings.Contains(text, list.want) || strings.Contains(text, "PRIVATE") {
				t.Errorf("%s: %s: %q, want %q", c.name, what, text, list.want)
			}
			if text != "" && !strings.HasPrefix(text, "tagwarden.yaml:"+strconv.Itoa(line)+":") {
				t.Errorf("%s: it is said at %q", c.name, text)
			}
		}
	}
	loaded, err := compiled(base(t))
	if err != nil {
		t.Fatal(err)
	}
	if faults, warnings := loaded.CheckCertificate(at); faults != nil || warnings != nil {
		t.Errorf("without a certificate: %v, %v", faults, warnings)
	}
}
