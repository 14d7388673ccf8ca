package proxy

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
)

// certificate is that of the hits listener. Whoever renews it writes over the files, or has a link point elsewhere; it
// is taken up then for connections from that moment on. What cannot be used leaves the one that was there.
type certificate struct {
	log     *zap.Logger
	now     func() time.Time
	files   *config.TLS // nil: hits travel in clear
	current atomic.Pointer[tls.Certificate]

	mu    sync.Mutex
	seen  [sha256.Size]byte // of what was read last, or of why it could not be: each is told of once
	early [sha256.Size]byte // of one that was not good at the time, and was told of: it is looked at again
}

// openCertificate reads the certificate at the start.
func openCertificate(files *config.TLS, log *zap.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{log: log, now: now, files: files}
	if files == nil {
		return c, nil
	}
	_, err := c.read(now())
	return c, err
}

// daysLeft is how long it is good for.
func (c *certificate) daysLeft() float64 {
	return c.current.Load().Leaf.NotAfter.Sub(c.now()).Hours() / 24
}

// read reads the files again. It returns the certificate if it is a new one, and an error if what is there cannot be
// used; neither where nothing is different since it was called last.
func (c *certificate) read(now time.Time) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pair, err := c.files.ReadPair()
	seen := sha256.Sum256(bytes.Join([][]byte{pair.Cert, pair.Key}, []byte{0}))
	if err != nil {
		seen = sha256.Sum256([]byte(err.Error()))
	}
	if seen == c.seen {
		return nil, nil //nolint:nilnil // nothing is different
	}
	c.seen = seen
	if err != nil {
		return nil, err
	}
	made, err := pair.Parse()
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no certificate and its key: %w", c.files.Cert, c.files.Key, err)
	}
	old := c.current.Load()
	if old != nil && goodAt(old, now) && !goodAt(made, now) {
		told := seen == c.early
		c.seen, c.early = [sha256.Size]byte{}, seen
		if told {
			return nil, nil //nolint:nilnil // nothing is different
		}
		return nil, fmt.Errorf("%s is good from %s to %s only", c.files.Cert, made.Leaf.NotBefore.Format(time.RFC3339),
			made.Leaf.NotAfter.Format(time.RFC3339))
	}
	c.current.Store(made)
	return made, nil
}

func goodAt(c *tls.Certificate, at time.Time) bool {
	return !at.Before(c.Leaf.NotBefore) && !at.After(c.Leaf.NotAfter)
}

// config is what the listener goes by, nil where hits travel in clear.
func (c *certificate) config() *tls.Config {
	if c.files == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// folders are those in which a renewal can be seen: of the files, and of everything that they are links to.
func (c *certificate) folders() []string {
	if c.files == nil {
		return nil
	}
	return foldersOf(c.files.Cert, c.files.Key)
}

// foldersOf are those in which it is seen that files are other ones: theirs, and of everything that they are links to.
func foldersOf(files ...string) []string {
	var all []string
	for _, path := range files {
		for range 16 { // links in a circle lead nowhere
			all = append(all, filepath.Dir(path))
			target, err := os.Readlink(path)
			if err != nil {
				break
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path), target)
			}
			path = target
		}
	}
	return all
}

// renew takes up what is on disk now, and says how that went.
func (c *certificate) renew() {
	if c.files == nil {
		return
	}
	made, err := c.read(c.now())
	switch {
	case err != nil:
		fault(c.log, "the certificate on disk cannot be used: the one that was there goes on", err)
	case made != nil:
		c.log.Info("certificate renewed", zap.Time("good_until", made.Leaf.NotAfter))
	}
}
