package proxy

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/namedfile"
)

// trusted is how TLS is spoken with servers whose certificates have to be signed by those of a file. Whoever changes
// the file has it taken up for connections from that moment on; what cannot be used leaves those that were there.
type trusted struct {
	log     *zap.Logger
	file    string
	name    string // of the server; "": that of its address
	current atomic.Pointer[tls.Config]

	mu   sync.Mutex
	seen [sha256.Size]byte // of what was read last, or of why it could not be: each is told of once
}

// trust says how TLS is spoken with whom the certificates of a file trust, as it is when it is asked; "": with whom the
// machine does, as its process began. An empty name is that of the address.
func trust(s *Server, ca, name string) (func() *tls.Config, error) {
	if ca == "" {
		always, err := tlsTrusting("", name)
		return func() *tls.Config { return always }, err
	}
	t := &trusted{log: s.opts.Log, file: ca, name: name}
	if _, err := t.read(); err != nil {
		return nil, err
	}
	s.trusts.Lock()
	defer s.trusts.Unlock()
	s.trusts.all = append(s.trusts.all, t)
	return t.current.Load, nil
}

// trustServers is how TLS is spoken with a cluster's NATS servers; nil: as the machine does.
func trustServers(s *Server) (func() *tls.Config, error) {
	of := s.loaded.Server.Cluster
	if of.CA == "" {
		return nil, nil //nolint:nilnil // the machine's own
	}
	t, err := trust(s, of.CA, "")
	if err != nil {
		return nil, placed(s, err, "cluster", "ca")
	}
	return t, nil
}

// trusts are all of a server.
type trusts struct {
	sync.Mutex
	all []*trusted
}

// each calls a function with each.
func (t *trusts) each(do func(*trusted)) {
	t.Lock()
	defer t.Unlock()
	for _, one := range t.all {
		do(one)
	}
}

// read reads the file again, and tells whether there are other certificates in it; an error if what is there cannot be
// used. Neither where nothing is different since it was called last.
func (t *trusted) read() (changed bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, err := readTrusted(t.file)
	seen := sha256.Sum256(text)
	if err != nil {
		seen = sha256.Sum256([]byte(err.Error()))
	}
	if seen == t.seen {
		return false, nil
	}
	t.seen = seen
	if err != nil {
		return false, err
	}
	made, err := tlsOf(t.file, text, t.name)
	if err != nil {
		return false, err
	}
	t.current.Store(made)
	return true, nil
}

// renew takes up what is on disk now, and says how that went.
func (t *trusted) renew() {
	changed, err := t.read()
	switch {
	case err != nil:
		fault(t.log, "the certificates that others' have to be signed by cannot be read: those that were there go on", err)
	case changed:
		t.log.Info("the certificates that others' have to be signed by are other ones", zap.String("file", t.file))
	}
}

// tlsTrusting says how TLS is spoken with whom the certificates of a file trust, "": with whom the machine does.
// An empty name is that of the address.
func tlsTrusting(ca, name string) (*tls.Config, error) {
	if ca == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}, nil
	}
	text, err := readTrusted(ca)
	if err != nil {
		return nil, err
	}
	return tlsOf(ca, text, name)
}

// CheckTrusted says what is wrong with a file of certificates that others' have to be signed by; "" is none.
func CheckTrusted(file string) error {
	_, err := tlsTrusting(file, "")
	return err
}

// readTrusted reads such a file.
func readTrusted(file string) ([]byte, error) {
	text, err := namedfile.Read(file, namedfile.PEM)
	if err != nil {
		return nil, namedfile.Unread("the certificates", file, "a file of certificates (PEM)", err)
	}
	return text, nil
}

// placed is an error of what the server file says at a path, with that place.
func placed(s *Server, err error, path ...any) error {
	return fmt.Errorf("%s: %w", config.ServerFault(s.loaded, "", path...).Place(), err)
}

// tlsOf is that of the text of a file. All of it has to be certificates: half a file is none.
func tlsOf(file string, text []byte, name string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate: PEM is right", file)
	}
	if bytes.Count(text, []byte("-----BEGIN ")) != bytes.Count(text, []byte("-----END ")) {
		return nil, fmt.Errorf("%s ends within a certificate: it is being written, or is half of one", file)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name, RootCAs: pool}, nil
}
