package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/config/strict"
)

// Pair is a certificate chain and its key as they stand on disk. Both are read before either is looked at.
type Pair struct{ Cert, Key []byte }

// ReadPair reads the files of a certificate and its key.
func (t *TLS) ReadPair() (p Pair, err error) {
	if p.Cert, err = namedfile.Read(t.Cert, namedfile.PEM); err != nil {
		return Pair{}, &unreadPair{"the certificate", t.Cert, err}
	}
	if p.Key, err = namedfile.Read(t.Key, namedfile.PEM); err != nil {
		return Pair{}, &unreadPair{"the certificate's key", t.Key, err}
	}
	return p, nil
}

// unreadPair is a file of a [Pair] that cannot be read.
type unreadPair struct {
	what, file string
	err        error
}

// Error says which file, and why in words.
func (u *unreadPair) Error() string {
	return fmt.Sprintf("cannot read %s: %s: %s", u.what, u.file, namedfile.WhyUnread(u.file, u.err))
}

// Unwrap is why.
func (u *unreadPair) Unwrap() error { return u.err }

// Parse makes a certificate of the two, if they belong together. The error holds nothing of the key.
func (p Pair) Parse() (*tls.Certificate, error) {
	made, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// certificateNotice is how long before its end check speaks of a certificate: most are renewed a month ahead.
const certificateNotice = 14 * 24 * time.Hour

// CheckCertificate opens the certificate and the key that the server file names, and holds them against the sites'
// hosts and a time. Files that are not there draw a warning: a configuration is checked also where it is not served.
func (l *Loaded) CheckCertificate(at time.Time) (faults, warnings strict.Faults) {
	var none strict.Faults // it was read before
	t, doc := l.Server.TLS, strict.Parse(l.Source.Path, l.Source.server, &none)
	if t == nil {
		return nil, nil
	}
	pair, err := t.ReadPair()
	if err != nil {
		list := &faults
		if errors.Is(err, fs.ErrNotExist) {
			list = &warnings
		}
		at := strict.Path("tls", "cert")
		if of, is := errors.AsType[*unreadPair](err); is && of.file == t.Key {
			at = strict.Path("tls", "key")
		}
		list.At(doc, at, "%s: the server will not start", err)
		return faults, warnings
	}
	made, err := pair.Parse()
	if err != nil {
		faults.At(doc, strict.Path("tls"), "%s and %s are no certificate and its key: %v", t.Cert, t.Key, err)
		return faults, warnings
	}
	leaf, cert := made.Leaf, strict.Path("tls", "cert")
	switch {
	case at.After(leaf.NotAfter):
		faults.At(doc, cert, "the certificate was good until %s: browsers refuse it, renew it",
			leaf.NotAfter.Format(time.DateOnly))
	case at.Before(leaf.NotBefore):
		faults.At(doc, cert, "the certificate is good from %s on only: browsers refuse it until then",
			leaf.NotBefore.Format(time.DateOnly))
	case at.Add(certificateNotice).After(leaf.NotAfter):
		warnings.At(doc, cert, "the certificate is good until %s: renew it", leaf.NotAfter.Format(time.DateOnly))
	}
	for _, id := range slices.Sorted(maps.Keys(l.Server.Sites)) {
		for _, host := range l.Server.Sites[id].Hosts {
			if leaf.VerifyHostname(host) != nil && !privateHost(host) { // nobody certifies this machine's own names
				warnings.At(doc, cert,
					"the certificate is not for %s, a host of site %s: browsers that come here by that name refuse it", host, id)
			}
		}
	}
	return faults, warnings
}
