package proxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	mathbig "math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
)

var may = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// pair makes a certificate for shop.example that is good for some days around a time, and its key.
func pair(t *testing.T, serial int64, from, until time.Time) (cert, key string) {
	t.Helper()
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: mathbig.NewInt(serial), NotBefore: from, NotAfter: until,
		DNSNames: []string{"shop.example"}}
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

// inForce is a pair that is good in May.
func inForce(t *testing.T, serial int64) (cert, key string) {
	return pair(t, serial, may.AddDate(0, -1, 0), may.AddDate(0, 0, 30))
}

// serving is the serial number of the certificate that a new connection meets.
func serving(t *testing.T, address string) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// secure starts a shop whose certificate is at a path, and returns what it logs.
func secure(t *testing.T, cert, key string) (*running, *observer.ObservedLogs) {
	t.Helper()
	v := standIn(t)
	text := shopFiles["tagwarden.yaml"] + "tls: { cert: " + strconv.Quote(cert) + ", key: " + strconv.Quote(key) + " }\n"
	core, logged := observer.New(zap.InfoLevel)
	file := shop(t, v.Addr(), map[string]string{"tagwarden.yaml": text})
	return start(t, file, func(o *proxy.Options) { o.Log, o.Now = zap.New(core), func() time.Time { return may } }), logged
}

// TestACertificateIsRenewed by a reload, also where a policy is refused; what cannot be used leaves the
// one that was there, and is told once.
func TestACertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put := func(c, k string) {
		write(t, cert, c)
		write(t, key, k)
	}
	put(inForce(t, 1))
	r, logged := secure(t, cert, key)
	said := func() string {
		var all []string
		for _, one := range logged.TakeAll() {
			all = append(all, one.Message)
			for _, f := range one.ContextMap() {
				if text, ok := f.(string); ok {
					all = append(all, text)
				}
			}
		}
		return strings.Join(all, "\n")
	}
	if got := serving(t, r.hits); got != 1 {
		t.Fatalf("certificate %d", got)
	}
	if got := r.figure(t, "tagwarden_certificate_days_left"); got != "30" {
		t.Errorf("%s days are left", got)
	}
	held, err := tls.Dial("tcp", r.hits, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()

	second, secondKey := inForce(t, 2)
	third, _ := inForce(t, 3)
	past, pastKey := pair(t, 4, may.AddDate(-1, 0, 0), may.AddDate(0, 0, -1))
	future, futureKey := pair(t, 5, may.AddDate(0, 0, 1), may.AddDate(1, 0, 0))
	for _, c := range []struct {
		name, cert, key string
		serves          int64
		says            string
	}{
		{"the same", "", "", 1, ""},
		{"a new one", second, secondKey, 2, "certificate renewed"},
		{"junk", "junk", secondKey, 2, "failed to find any PEM data"},
		{"half of one", second[:len(second)/2], secondKey, 2, "cannot be used"},
		{"half a key", second, secondKey[:len(secondKey)/2], 2, "cannot be used"},
		{"nothing", "", "", 2, "failed to find any PEM data"},
		{"another's key", third, secondKey, 2, "private key does not match public key"},
		{"the two in each other's place", secondKey, second, 2, "switched"},
		{"one that is over", past, pastKey, 2, "is good from"},
		{"one that is to come", future, futureKey, 2, "is good from"},
		{"the first again", second, secondKey, 2, "certificate renewed"},
	} {
		if c.name != "the same" {
			put(c.cert, c.key)
		}
		said()
		if err := r.Reload(); err != nil {
			t.Error(err)
		}
		once := said()
		if !strings.Contains(once, c.says) || c.says == "" && once != "" || strings.Contains(once, "PRIVATE") {
			t.Errorf("%s: it says %q", c.name, once)
		}
		if err := r.Reload(); err != nil {
			t.Error(err)
		}
		if again := said(); again != "" {
			t.Errorf("%s: it says again %q", c.name, again)
		}
		if got := serving(t, r.hits); got != c.serves {
			t.Errorf("%s: certificate %d serves", c.name, got)
		}
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(); err != nil || !strings.Contains(said(), "cannot read the certificate's key") ||
		serving(t, r.hits) != 2 {
		t.Errorf("a key that is gone: %v", err)
	}

	write(t, filepath.Join(filepath.Dir(r.file), "policy", "profiles.yaml"), "profiles: {")
	put(inForce(t, 6))
	if r.Reload() == nil || serving(t, r.hits) != 6 {
		t.Error("beside a broken policy it is not taken up")
	}
	if err := held.Handshake(); err != nil {
		t.Errorf("a connection that was there before: %v", err)
	}
}

// TestACertificateThatIsToComeServesFromThenOn: it lies there before it is good, or before our clock
// says so, and nobody touches it again.
func TestACertificateThatIsToComeServesFromThenOn(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put := func(c, k string) {
		write(t, cert, c)
		write(t, key, k)
	}
	put(inForce(t, 1))
	v := standIn(t)
	text := shopFiles["tagwarden.yaml"] + "tls: { cert: " + strconv.Quote(cert) + ", key: " + strconv.Quote(key) + " }\n"
	var passed atomic.Int64
	r := start(t, shop(t, v.Addr(), map[string]string{"tagwarden.yaml": text}), func(o *proxy.Options) {
		o.Now = func() time.Time { return may.Add(time.Duration(passed.Load())) }
	})
	put(pair(t, 2, may.Add(time.Hour), may.AddDate(1, 0, 0)))
	for _, c := range []struct {
		after  time.Duration
		serves int64
	}{{0, 1}, {time.Minute, 1}, {2 * time.Hour, 2}} {
		passed.Store(int64(c.after))
		if err := r.Reload(); err != nil {
			t.Error(err)
		}
		if got := serving(t, r.hits); got != c.serves {
			t.Errorf("after %s: certificate %d serves", c.after, got)
		}
	}
}

// TestACertificateIsWatched where it is written over, and where links are turned round as certbot and Kubernetes do.
func TestACertificateIsWatched(t *testing.T) {
	t.Parallel()
	for name, layout := range map[string]func(t *testing.T, dir string, serial int64) (cert, key string){
		"written over": func(t *testing.T, dir string, serial int64) (string, string) {
			c, k := inForce(t, serial)
			write(t, filepath.Join(dir, "cert.pem"), c)
			write(t, filepath.Join(dir, "key.pem"), k)
			return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		},
		"links to an archive": func(t *testing.T, dir string, serial int64) (string, string) {
			n := strconv.FormatInt(serial, 10)
			c, k := inForce(t, serial)
			write(t, filepath.Join(dir, "archive", "cert"+n+".pem"), c)
			write(t, filepath.Join(dir, "archive", "key"+n+".pem"), k)
			for _, what := range []string{"cert", "key"} {
				link(t, "../archive/"+what+n+".pem", filepath.Join(dir, "live", what+".pem"))
				link(t, filepath.Join(dir, "live", what+".pem"), filepath.Join(dir, "etc", what+".pem"))
			}
			return filepath.Join(dir, "etc", "cert.pem"), filepath.Join(dir, "etc", "key.pem")
		},
		"a link to a folder": func(t *testing.T, dir string, serial int64) (string, string) {
			n := "..of" + strconv.FormatInt(serial, 10)
			c, k := inForce(t, serial)
			write(t, filepath.Join(dir, n, "tls.crt"), c)
			write(t, filepath.Join(dir, n, "tls.key"), k)
			link(t, n, filepath.Join(dir, "..data"))
			for _, what := range []string{"tls.crt", "tls.key"} {
				if serial == 1 {
					link(t, "..data/"+what, filepath.Join(dir, what))
				}
			}
			if serial > 1 {
				if err := os.RemoveAll(filepath.Join(dir, "..of"+strconv.FormatInt(serial-1, 10))); err != nil {
					t.Fatal(err)
				}
			}
			return filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cert, key := layout(t, dir, 1)
			r, _ := secure(t, cert, key)
			stop, ended := make(chan struct{}), make(chan error, 1)
			go func() { ended <- r.Watch(stop) }()
			for serial := int64(2); serial < 5; serial++ {
				layout(t, dir, serial)
				until(t, "a renewed certificate", func() bool { return serving(t, r.hits) == serial })
			}
			close(stop)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// link makes a link, or has it point elsewhere in one step.
func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestWithoutItsCertificateNoServerStarts: it would take hits in clear, or none.
func TestWithoutItsCertificateNoServerStarts(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "junk.pem"), "junk")
	v := standIn(t)
	text := shopFiles["tagwarden.yaml"] + "tls: { cert: " + strconv.Quote(filepath.Join(dir, "junk.pem")) + ", key: " +
		strconv.Quote(filepath.Join(dir, "none.pem")) + " }\n"
	for range 2 {
		loaded, err := config.Load(shop(t, v.Addr(), map[string]string{"tagwarden.yaml": text}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proxy.New(loaded, proxy.Options{}); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("it starts: %v", err)
		}
		write(t, filepath.Join(dir, "none.pem"), "junk")
	}
}
