package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Log is what the API asks of the forwarding log.
type Log interface {
	// Checkpoint is the newest that was signed; nil: there is none yet.
	Checkpoint() []byte
	// Tiles reads the tree.
	Tiles() *tree.Tiles
	// Public is the key that checkpoints are signed with; "" where none are.
	Public() string
}

// Where the log stands, as c2sp.org/tlog-tiles has it.
const (
	checkpointPath = "/checkpoint"
	tilesPath      = "/tile/"
)

// OfLog tells whether a path is one of those at which the log is checked. They are outside of [Base], where other
// people's tools look for them.
func OfLog(path string) bool { return path == checkpointPath || strings.HasPrefix(path, tilesPath) }

// serveLog answers whoever checks the log: GET /checkpoint, /tile/<L>/<N>[.p/<W>], /tile/entries/<N>[.p/<W>].
func (h *handler) serveLog(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		answerMethod(w, []string{http.MethodGet, http.MethodHead})
		return
	}
	_, err := h.identify(r, access.Proofs)
	if err == nil {
		err = h.proofs.send(w, r.URL.Path)
	}
	if err != nil {
		answer(w, problemFor(err))
	}
}

// proofs are what the log is checked with.
type proofs struct {
	log       Log           // nil: there is none here
	witnessed func() []byte // see Options
	report    func(what string, err error)
}

// send sends what a path of the log names.
func (p *proofs) send(w http.ResponseWriter, path string) error {
	signed, size, err := p.head()
	if err != nil {
		return err
	}
	if path == checkpointPath {
		// That is an older one, perhaps. Its tiles are there as well: each tree's are those of any that goes on from it.
		if p.witnessed != nil {
			if witnessed := p.witnessed(); witnessed != nil {
				signed = witnessed
			}
		}
		send(w, "text/plain; charset=utf-8", signed)
		return nil
	}
	data, err := p.log.Tiles().Resource(strings.TrimPrefix(path, "/"), size)
	switch {
	case errors.Is(err, tree.ErrPath), errors.Is(err, tree.ErrNoTile):
		return problem.New(http.StatusNotFound, "unknown", err.Error())
	case err != nil:
		p.report("the log's tree cannot be read", err)
		return err
	}
	// What a path names never changes; a cache on the way would give it to others without a token.
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	send(w, "application/octet-stream", data)
	return nil
}

// head is the newest checkpoint, and the size of its tree.
func (p *proofs) head() (signed []byte, size int64, err error) {
	if p.log == nil || p.log.Public() == "" {
		return nil, 0, missing("the log signs no checkpoints here")
	}
	if signed = p.log.Checkpoint(); signed == nil {
		return nil, 0, problem.New(http.StatusNotFound, "unknown", "there is no checkpoint yet: try again in some seconds")
	}
	key, err := tree.ParseKey(p.log.Public())
	if err != nil {
		return nil, 0, err
	}
	read, err := tree.OpenCheckpoint(signed, key)
	if err != nil {
		p.report("the log's own checkpoint cannot be read", err)
		return nil, 0, err
	}
	return signed, read.Tree.N, nil
}

// LogKey is the public key of the forwarding log.
type LogKey struct {
	Origin string `json:"origin"`
	Key    string `json:"key"` // name+hash+key, as c2sp.org/signed-note has it
	PEM    string `json:"pem"` // a SubjectPublicKeyInfo, as openssl reads it
}

// logKey says by which key checkpoints are signed: GET /ledger/key.
func logKey(h *handler, w http.ResponseWriter, _ *http.Request, _ caller) error {
	return h.proofs.key(w)
}

// key sends the log's public key.
func (p *proofs) key(w http.ResponseWriter) error {
	if p.log == nil || p.log.Public() == "" {
		return missing("the log signs no checkpoints here")
	}
	key := p.log.Public()
	origin, err := logkey.Name(key)
	if err != nil {
		return err
	}
	pem, err := logkey.PEM(key)
	if err != nil {
		return err
	}
	return reply(w, LogKey{origin, key, string(pem)})
}

// Checkpoints are the newest ones of the forwarding log.
type Checkpoints struct {
	Newest    Checkpoint  `json:"newest"`
	Witnessed *Checkpoint `json:"witnessed,omitempty"` // that enough witnesses signed; it may be older
}

// Checkpoint is a signed head of the log's tree.
type Checkpoint struct {
	Origin  string `json:"origin"`
	Records int64  `json:"records"` // how many it covers
	Root    string `json:"root"`    // hash, base64
	Text    string `json:"text"`    // the signed note (c2sp.org/tlog-checkpoint)
}

// logCheckpoints says what was signed: GET /ledger/checkpoints.
func logCheckpoints(h *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	return h.proofs.checkpoints(w)
}

func (p *proofs) checkpoints(w http.ResponseWriter) error {
	signed, _, err := p.head()
	if err != nil {
		return err
	}
	var out Checkpoints
	if out.Newest, err = readCheckpoint(signed); err != nil {
		return err
	}
	if p.witnessed != nil {
		if signed = p.witnessed(); signed != nil {
			of, err := readCheckpoint(signed)
			if err != nil {
				return err
			}
			out.Witnessed = &of
		}
	}
	return reply(w, out)
}

// readCheckpoint reads one of the log's own.
func readCheckpoint(signed []byte) (Checkpoint, error) {
	c, err := tree.Unverified(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{c.Origin, c.Tree.N, c.Tree.Hash.String(), string(signed)}, nil
}
