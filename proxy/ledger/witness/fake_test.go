package witness

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// memory is hashes in memory.
type memory struct {
	mu sync.Mutex
	b  []byte
}

func (m *memory) append(hashes ...byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.b = append(m.b, hashes...)
}

func (m *memory) HashesAt(dst []byte, first int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := first * tlog.HashSize
	if from+int64(len(dst)) > int64(len(m.b)) {
		return tree.ErrMissing
	}
	copy(dst, m.b[from:])
	return nil
}

// log is one that grows in memory.
type log struct {
	signer *tree.Signer
	key    note.Verifier
	mu     sync.Mutex
	edge   tree.Edge
	all    [8]memory
	tiles  *tree.Tiles
	newest []byte
}

const origin = "shop.example/tagwarden"

func newLog(t testing.TB) *log {
	t.Helper()
	signer, err := tree.NewSigner(origin, [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	key, err := tree.ParseKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	l := &log{signer: signer, key: key}
	l.tiles = &tree.Tiles{Entries: &l.all[0]}
	for level := 1; level < len(l.tiles.Levels); level++ {
		l.tiles.Levels[level] = &l.all[level]
	}
	return l
}

// grow adds records up to a number, made of a word, and signs.
func (l *log) grow(t testing.TB, to int, word string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := int(l.edge.Size()); n < to; n++ {
		entries := tree.AppendEntries(nil, fmt.Appendf(nil, "%s %d\n", word, n))
		l.all[0].append(entries...)
		for _, node := range l.edge.Append(entries, nil) {
			l.all[node.Level].append(node.Hash[:]...)
		}
	}
	signed, err := l.signer.Sign(l.edge.Tree())
	if err != nil {
		t.Fatal(err)
	}
	l.newest = signed
}

func (l *log) checkpoint() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// fake is a witness by the words of the specification.
type fake struct {
	name string
	key  ed25519.PrivateKey
	log  note.Verifier // nil: it knows none

	mu    sync.Mutex
	seen  tlog.Tree
	fail  func(*http.Request) (*http.Response, error) // in place of an answer; nil: it answers
	posts int
}

func newFake(name string, seed byte, log note.Verifier) *fake {
	return &fake{name: name, key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32)), log: log}
}

// public is its key as it is written.
func (f *fake) public() string {
	raw := append([]byte{4}, f.key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%s+%s", f.name, hex.EncodeToString(f.hash()), base64.StdEncoding.EncodeToString(raw))
}

func (f *fake) hash() []byte {
	sum := sha256.Sum256(append([]byte(f.name+"\n\x04"), f.key.Public().(ed25519.PublicKey)...))
	return sum[:4]
}

// witness is it as one that is asked.
func (f *fake) witness(t testing.TB) Witness {
	t.Helper()
	key, err := logkey.ParseWitness(f.public())
	if err != nil {
		t.Fatal(err)
	}
	return Witness{"https://" + f.name, key}
}

// cosign is its signature of a checkpoint's text, as a line.
func (f *fake) cosign(text string, at time.Time) string {
	signed := ed25519.Sign(f.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), text))
	raw := binary.BigEndian.AppendUint64(bytes.Clone(f.hash()), uint64(at.Unix()))
	return "— " + f.name + " " + base64.StdEncoding.EncodeToString(append(raw, signed...)) + "\n"
}

// answer is an answer to a request.
func answer(status int, kind, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// handle answers add-checkpoint.
func (f *fake) handle(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts++
	if f.fail != nil {
		return f.fail(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/add-checkpoint" {
		return answer(http.StatusBadRequest, "", ""), err
	}
	head, msg, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if err != nil || lines[0] != fmt.Sprintf("old %d", old) || len(lines) > 64 {
		return answer(http.StatusBadRequest, "", ""), nil
	}
	if f.log == nil {
		return answer(http.StatusNotFound, "", ""), nil
	}
	read, err := tree.OpenCheckpoint([]byte(msg), f.log)
	if err != nil {
		return answer(http.StatusForbidden, "", ""), nil //nolint:nilerr // that is the answer
	}
	size := fmt.Sprintf("%d\n", f.seen.N)
	if old != f.seen.N || old == read.Tree.N && read.Tree != f.seen {
		return answer(http.StatusConflict, "text/x.tlog.size", size), nil
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return answer(http.StatusBadRequest, "", ""), nil //nolint:nilerr // that is the answer
		}
		proof = append(proof, hash)
	}
	if old > 0 && old < read.Tree.N && tlog.CheckTree(proof, read.Tree.N, read.Tree.Hash, old, f.seen.Hash) != nil ||
		old == 0 && len(proof) > 0 {
		return answer(http.StatusUnprocessableEntity, "", ""), nil
	}
	f.seen = read.Tree
	text, _, _ := strings.Cut(msg, "\n\n")
	other := newFake("other.example", 99, nil)
	return answer(http.StatusOK, "", other.cosign(text+"\n", time.Now())+f.cosign(text+"\n", time.Now())), nil
}

// network reaches fakes by their names.
type network map[string]*fake

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	f := n[r.URL.Host]
	if f == nil {
		return nil, errors.New("no such host")
	}
	return f.handle(r)
}

// told is what a client tells.
type told struct {
	mu       sync.Mutex
	outcomes map[string][]Outcome
	disputes []Kind
	faults   []error
}

func (w *told) asked(name string, o Outcome, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outcomes[name] = append(w.outcomes[name], o)
}

func (w *told) dispute(d Dispute) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disputes = append(w.disputes, d.Kind)
}

func (w *told) fault(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, err)
}

// client makes a client of a log that asks fakes.
func client(t testing.TB, dir string, l *log, any int, fakes ...*fake) (*Client, *told) {
	t.Helper()
	said := &told{outcomes: map[string][]Outcome{}}
	n := network{}
	o := Options{
		Dir: dir, Log: l.key, Any: any, Checkpoint: l.checkpoint, Tiles: func() *tree.Tiles { return l.tiles },
		HTTP: &http.Client{Transport: n, Timeout: patience}, OnAsked: said.asked, OnDispute: said.dispute, Fault: said.fault,
	}
	for _, f := range fakes {
		n[f.name] = f
		o.Witnesses = append(o.Witnesses, f.witness(t))
	}
	return New(o), said
}
