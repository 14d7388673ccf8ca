package front_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/front"
)

// origins are the forms in which it is said where tagwarden is reached.
var origins = []string{
	"http://hits.example", "http://hits.example:8080", "https://hits.example", "https://hits.example:8443",
	"http://10.0.0.7", "http://[2001:db8::7]",
	"https://10.0.0.7", "https://10.0.0.7:8443", "https://[2001:db8::7]", "https://[2001:db8::7]:8443",
}

// TestWhereTagwardenIs: of each front and each form of origin, the lines that say where tagwarden is and how it is
// checked that it is the one: those that are not there with another origin. UPDATE_GOLDEN=1 writes the file anew.
func TestWhereTagwardenIs(t *testing.T) {
	var all strings.Builder
	for _, name := range front.Names() {
		f, _ := front.Lookup(name)
		other := linesFor(t, &f, "http://other.invalid:1")
		for _, to := range origins {
			all.WriteString("== " + name + " " + to + "\n")
			if err := f.Reaches(to); err != nil {
				all.WriteString(err.Error() + "\n")
				continue
			}
			for _, line := range linesFor(t, &f, to) {
				if !slices.Contains(other, line) {
					all.WriteString(line)
				}
			}
		}
	}
	const file = "testdata/origins.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != all.String() {
		t.Errorf("it is not as in %s: %v\n%s", file, err, all.String())
	}
}

func linesFor(t *testing.T, f *front.Front, to string) []string {
	t.Helper()
	way := shop
	way.To = to
	parts, err := f.Write(way)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	var all strings.Builder
	for _, p := range parts {
		all.WriteString("-- " + p.Name + " --\n" + p.Text)
	}
	return slices.Collect(strings.Lines(all.String()))
}

// TestFrontsKnowTagwarden runs each web server that is installed before one that says it is tagwarden: a hit reaches
// the one whose certificate is for the name that is asked for and signed by an authority that is known, and no other.
func TestFrontsKnowTagwarden(t *testing.T) {
	known, unknown := authority(t), authority(t)
	l, err := net.Listen("tcp", "[::1]:0")
	withIPv6 := err == nil
	if withIPv6 {
		_ = l.Close()
	}
	for _, p := range programs {
		binary := installed(t, p)
		if binary == "" {
			continue
		}
		// Apache asks for the site's host and checks that, wherever tagwarden is.
		site := p.name == "apache"
		// nginx compares no certificate with an IPv6 address.
		blind := p.name == "nginx"
		for _, c := range []struct {
			name    string
			host    string
			by      *signer
			is      string // what the certificate is for
			arrives bool
			hosts   []string // of the site, beside its own
		}{
			{"name", "localhost", known, "localhost", !site, nil},
			{"the site's name", "localhost", known, "shop.example", site, nil},
			{"another's name", "localhost", known, "other.example", false, nil},
			{"a name that is one of the site's", "localhost", known, "localhost", true, []string{"localhost"}},
			{"the site's name where another is one, too", "localhost", known, "shop.example", false, []string{"localhost"}},
			{"unknown authority", "localhost", unknown, "localhost", false, nil},
			{"unknown authority of the site", "localhost", unknown, "shop.example", false, nil},
			{"IPv4", "127.0.0.1", known, "127.0.0.1", !site, nil},
			{"another IPv4", "127.0.0.1", known, "127.0.0.2", false, nil},
			{"IPv6", "::1", known, "::1", !site && !blind, nil},
			{"another IPv6", "::1", known, "::2", false, nil},
		} {
			if c.host == "::1" && !withIPv6 {
				t.Logf("left out, since this machine has no IPv6: %s/%s", p.name, c.name)
				continue
			}
			t.Run(p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				site := site && c.hosts == nil
				to, asked := secured(t, c.host, c.by.sign(t, c.is), p.name == "apache" && c.hosts != nil)
				way := shop
				way.To, way.Hosts = to, slices.Concat(way.Hosts, c.hosts)
				f, _ := front.Lookup(p.name)
				parts, err := f.Write(way)
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				file := filepath.Join(dir, "ca.pem")
				if err := os.WriteFile(file, known.pem, 0o600); err != nil {
					t.Fatal(err)
				}
				for i := range parts {
					parts[i].Text = strings.ReplaceAll(parts[i].Text, way.Authorities(), file)
				}
				listen, end := run(t, p, binary, dir, parts)
				status := send(t, listen, "GET /t/g/collect?cid="+marker+" HTTP/1.1", "")
				output := end()
				names := asked()
				if arrived := len(names) > 0; arrived != c.arrives || arrived != (status == http.StatusNoContent) || status == 0 {
					t.Errorf("it arrives: %v, and the answer is %d\n%s", arrived, status, output)
				}
				want := map[bool]string{true: "shop.example", false: way.Name()}[site]
				if way.ByAddress() && !site {
					want = ""
				}
				if len(names) > 0 && names[0] != want {
					t.Errorf("it is asked for %q, want %q", names[0], want)
				}
				holdsNoHit(t, dir, output)
			})
		}
	}
}

// secured is what stands in for tagwarden with a certificate: where it is, and what tells which names it was asked for
// in TLS by those whose hits arrived. Itself tells that hits are to arrive under its own name.
func secured(t *testing.T, host string, certificate tls.Certificate, itself bool) (to string, asked func() []string) {
	t.Helper()
	arrived := make(chan string, 100)
	under := func(host string) bool {
		if itself {
			name, _, err := net.SplitHostPort(host)
			return err == nil && name == "localhost"
		}
		return host == "shop.example"
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !under(r.Host) || !strings.HasPrefix(r.RequestURI, "/t/g/collect?") {
			t.Errorf("%s%s arrives", r.Host, r.RequestURI)
		}
		arrived <- r.TLS.ServerName
		w.WriteHeader(http.StatusNoContent)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refusals are what is looked for
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	address := host
	if host == "localhost" {
		address = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Listener.Close()
	s.Listener = l
	s.StartTLS()
	t.Cleanup(s.Close)
	return "https://" + net.JoinHostPort(host, port(l.Addr().String())), func() (names []string) {
		for len(arrived) > 0 {
			names = append(names, <-arrived)
		}
		return names
	}
}

// signer is an authority that signs certificates.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func authority(t *testing.T) *signer {
	t.Helper()
	is := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority " + rand.Text()},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, is, is, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if is, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		t.Fatal(err)
	}
	return &signer{is, key, text.Bytes()}
}

// sign makes a certificate for a name, or for an address, which is its common name too.
func (s *signer) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	is := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if address := net.ParseIP(name); address != nil {
		is.IPAddresses = []net.IP{address}
	} else {
		is.DNSNames = []string{name}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, is, s.certificate, key.Public(), s.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
