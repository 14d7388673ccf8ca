package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// secured makes servers that speak TLS, with certificates of an authority of their own, and that take users of one
// operator. The folder gets ca.pem and other-ca.pem; nats.creds of a user who may; late.creds of one whose time is
// over; poor.creds of one whose account has no JetStream; wrong.creds of one of another operator.
func secured(folder string) (change func(*server.Options), err error) {
	certificate, err := certificates(folder)
	if err != nil {
		return nil, err
	}
	operator, err := nkeys.CreateOperator()
	if err != nil {
		return nil, err
	}
	other, err := nkeys.CreateOperator()
	if err != nil {
		return nil, err
	}
	accounts := &server.MemAccResolver{}
	named := func(by nkeys.KeyPair, name string, change func(*jwt.AccountClaims)) nkeys.KeyPair {
		pair, claims, text := account(by, name, change)
		if by == operator {
			err = accounts.Store(claims.Subject, text)
		}
		return pair
	}
	system := named(operator, "SYS", nil)
	may := named(operator, "tagwarden", func(c *jwt.AccountClaims) {
		c.Limits.JetStreamLimits = jwt.JetStreamLimits{DiskStorage: -1, MemoryStorage: -1}
	})
	for name, one := range map[string]struct {
		of      nkeys.KeyPair
		expires time.Time
	}{
		"nats":  {of: may},
		"late":  {of: may, expires: time.Now().Add(-time.Hour)},
		"poor":  {of: named(operator, "poor", nil)},
		"wrong": {of: named(other, "tagwarden", nil)},
	} {
		text, err := credentials(one.of, one.expires)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(folder, name+".creds"), text, 0o600); err != nil {
			return nil, err
		}
	}
	public, err := operator.PublicKey()
	if err != nil {
		return nil, err
	}
	trusted := jwt.NewOperatorClaims(public)
	systemKey, err := system.PublicKey()
	return func(o *server.Options) {
		o.TLSConfig, o.TLSTimeout = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, 5
		o.TrustedOperators, o.AccountResolver, o.SystemAccount = []*jwt.OperatorClaims{trusted}, accounts, systemKey
		o.HTTPSPort, o.HTTPPort = -1, 0
	}, err
}

// account makes an account that an operator vouches for.
func account(by nkeys.KeyPair, name string, change func(*jwt.AccountClaims)) (nkeys.KeyPair,
	*jwt.AccountClaims, string) {
	pair, err := nkeys.CreateAccount()
	if err != nil {
		panic(err)
	}
	public, _ := pair.PublicKey()
	claims := jwt.NewAccountClaims(public)
	if claims.Name = name; change != nil {
		change(claims)
	}
	text, err := claims.Encode(by)
	if err != nil {
		panic(err)
	}
	return pair, claims, text
}

// credentials makes a user of an account, and the file that the user shows.
func credentials(of nkeys.KeyPair, expires time.Time) ([]byte, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, err
	}
	claims := jwt.NewUserClaims(public)
	if claims.Name = "node"; !expires.IsZero() {
		claims.Expires = expires.Unix()
	}
	text, err := claims.Encode(of)
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	return jwt.FormatUserConfig(text, seed)
}

// certificates makes one for servers on this machine, and writes who signed it, and who signed nothing.
func certificates(folder string) (leaf tls.Certificate, err error) {
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template := func(n int64, name string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name},
			NotBefore: from, NotAfter: until,
			BasicConstraintsValid: true}
	}
	for i, file := range []string{"other-ca.pem", "ca.pem"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return leaf, err
		}
		ca := template(int64(i+1), "authority of the test "+file)
		ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
		signed, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
		if err != nil {
			return leaf, err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
		if err := os.WriteFile(filepath.Join(folder, file), text, 0o600); err != nil {
			return leaf, err
		}
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return leaf, err
		}
		one := template(9, "server")
		one.IPAddresses, one.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if signed, err = x509.CreateCertificate(rand.Reader, one, ca, &own.PublicKey, key); err != nil {
			return leaf, err
		}
		leaf = tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: own}
	}
	return leaf, nil
}
