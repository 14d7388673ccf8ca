package api

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// hashes are those of one level, in memory.
type hashes []byte

func (h *hashes) HashesAt(dst []byte, first int64) error {
	if from := first * tlog.HashSize; from+int64(len(dst)) <= int64(len(*h)) {
		copy(dst, (*h)[from:])
		return nil
	}
	return tree.ErrMissing
}

// grownLog is a log in memory: it has more records than it has signed.
type grownLog struct {
	edge   tree.Edge
	all    [4]hashes
	signer *tree.Signer
	signed []byte
	none   bool // it signs nothing
}

func newLog(t *testing.T, signed, records int) *grownLog {
	t.Helper()
	signer, err := tree.NewSigner("shop.example/tagwarden", [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	l := &grownLog{signer: signer}
	for n := range records {
		if n == signed {
			l.sign(t)
		}
		entry := tree.AppendEntries(nil, fmt.Appendf(nil, "record %d\n", n))
		l.all[0] = append(l.all[0], entry...)
		for _, node := range l.edge.Append(entry, nil) {
			l.all[node.Level] = append(l.all[node.Level], node.Hash[:]...)
		}
	}
	return l
}

func (l *grownLog) sign(t *testing.T) {
	t.Helper()
	var err error
	if l.signed, err = l.signer.Sign(l.edge.Tree()); err != nil {
		t.Fatal(err)
	}
}

func (l *grownLog) Checkpoint() []byte { return l.signed }

func (l *grownLog) Public() string {
	if l.none {
		return ""
	}
	return l.signer.Public()
}

func (l *grownLog) Tiles() *tree.Tiles {
	t := &tree.Tiles{Entries: &l.all[0]}
	for level := range l.all[1:] {
		t.Levels[level+1] = &l.all[level+1]
	}
	return t
}

// withLog is an API with a log, and a token of the role that may check it.
func withLog(t *testing.T, l *grownLog) (a *api, security string) {
	t.Helper()
	a = newAPI(t)
	a.options.Log = l
	a.face = New(a.options)
	security, err := a.tokens.Create(access.By{}, "auditor", []access.Role{access.Security}, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	return a, "Authorization: Bearer " + security
}

// TestTiles: what is served at each path, and how, of a tree of 70,000 records, which the specification takes as its
// example: 273 full tiles, one of 112, one full one above, one of 17, and one of 1.
func TestTiles(t *testing.T) {
	l := newLog(t, 70_000, 70_300)
	a, security := withLog(t, l)
	for path, width := range map[string]int{
		"/tile/0/000": 256, "/tile/0/x001/272": 0, "/tile/0/272": 256, "/tile/0/273.p/112": 112, "/tile/1/000": 256,
		"/tile/1/001.p/17": 17, "/tile/2/000.p/1": 1, "/tile/0/000.p/3": 3, "/tile/1/001.p/5": 5,
		"/tile/0/273": 0, "/tile/0/273.p/113": 0, "/tile/0/274.p/1": 0, "/tile/1/001": 0, "/tile/1/001.p/18": 0,
		"/tile/2/000.p/2": 0, "/tile/3/000.p/1": 0, "/tile/0/273.p/0": 0, "/tile/0/273.p/256": 0, "/tile/0/1": 0,
		"/tile/00/000": 0, "/tile/-1/000": 0, "/tile/64/000": 0, "/tile/": 0, "/tile/0": 0, "/tile/0/000/": 0,
		"/tile/8/0/000": 0, "/tile/data/000": 0, "/tile/0/x000/000": 0, "/tile/0/000.p/03": 0,
	} {
		w := a.call(a.face, "GET", path, "", security)
		if width == 0 {
			if w.Code != 404 || isProblem(t, w).Status != 404 || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			continue
		}
		if w.Code != 200 || w.Body.Len() != width*tlog.HashSize ||
			w.Header().Get("Content-Type") != "application/octet-stream" ||
			w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %d bytes, %v", path, w.Code, w.Body.Len(), w.Header())
		}
	}
	for path, width := range map[string]int{"/tile/entries/000": 256, "/tile/entries/273.p/112": 112} {
		if w := a.call(a.face, "GET", path, "", security); w.Code != 200 || w.Body.Len() != width*(2+tlog.HashSize) {
			t.Errorf("%s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
	w := a.call(a.face, "GET", "/checkpoint", "", security)
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), l.signed) || w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// TestWitnessedCheckpoint: where enough witnesses signed one, that is served, and tiles up to the newest.
func TestWitnessedCheckpoint(t *testing.T) {
	l := newLog(t, 300, 400)
	a, security := withLog(t, l)
	var witnessed []byte
	a.options.Witnessed = func() []byte { return witnessed }
	a.face = New(a.options)
	older := l.signed
	l.sign(t)
	if w := a.call(a.face, "GET", "/checkpoint", "", security); !bytes.Equal(w.Body.Bytes(), l.signed) {
		t.Errorf("%s", w.Body)
	}
	witnessed = older
	if w := a.call(a.face, "GET", "/checkpoint", "", security); !bytes.Equal(w.Body.Bytes(), older) {
		t.Errorf("%s", w.Body)
	}
	for _, path := range []string{"/tile/0/001.p/44", "/tile/0/001.p/144"} {
		if w := a.call(a.face, "GET", path, "", security); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestNobodyElseSeesProofs: without a token of the role nothing is told, not even what there is.
func TestNobodyElseSeesProofs(t *testing.T) {
	a, security := withLog(t, newLog(t, 300, 400))
	add, err := a.tokens.Create(access.By{}, "add", []access.Role{access.Add, access.Read, access.Withdraw, access.Decide},
		nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/checkpoint", "/tile/0/000", "/tile/entries/000", "/tile/9/000", "/tile/x",
		Base + "/ledger/key"} {
		for header, want := range map[string]int{
			"Authorization: ": 401, "Authorization: Bearer tw_x": 401, "Authorization: Bearer " + add: 403, security: 200,
		} {
			w := a.call(a.face, "GET", path, "", header)
			there := !strings.HasPrefix(path, "/tile/9") && path != "/tile/x"
			if want == 200 && !there {
				want = 404
			}
			if w.Code != want || want != 200 && isProblem(t, w).Status != want {
				t.Errorf("%s with %q: %d %s", path, header, w.Code, w.Body)
			}
			if want == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s: nobody says what to show", path)
			}
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			if w := a.call(a.face, method, path, "", security); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
	for _, path := range []string{"/checkpoint", "/tile/0/000", Base + "/ledger/key"} {
		if w := a.call(a.face, "HEAD", path, "", security); w.Code != 200 || w.Header().Get("Content-Length") == "" {
			t.Errorf("HEAD %s: %d", path, w.Code)
		}
	}
}

// TestLogsThatCannotBeShown: nothing signed yet, nothing signed at all, no log, and
// a tree of which something is missing.
func TestLogsThatCannotBeShown(t *testing.T) {
	unsigned, none, short := newLog(t, 10, 10), newLog(t, 5, 10), newLog(t, 300, 400)
	none.none = true
	short.all[0] = short.all[0][:100*tlog.HashSize]
	for what, c := range map[string]struct {
		log  *grownLog
		path string
		want int
	}{
		"nothing signed yet": {unsigned, "/checkpoint", 404}, "nothing is signed": {none, "/checkpoint", 503},
		"no key": {none, Base + "/ledger/key", 503}, "no tile": {short, "/tile/0/000", 500},
		"no log":         {nil, "/checkpoint", 503},
		"no log, no key": {nil, Base + "/ledger/key", 503},
	} {
		a, security := withLog(t, c.log)
		if c.log == nil {
			a.options.Log = nil
			a.face = New(a.options)
		}
		if w := a.call(a.face, "GET", c.path, "", security); w.Code != c.want || isProblem(t, w).Status != c.want {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		if reported := len(a.reports) > 0; reported != (c.want == 500) {
			t.Errorf("%s: reported %q", what, a.reports)
		}
	}
}

// TestTileReader: a reader that is not ours finds every record by what is served.
func TestTileReader(t *testing.T) {
	l := newLog(t, 600, 700)
	a, security := withLog(t, l)
	key, err := tree.ParseKey(l.Public())
	if err != nil {
		t.Fatal(err)
	}
	read, err := tree.OpenCheckpoint(a.call(a.face, "GET", "/checkpoint", "", security).Body.Bytes(), key)
	if err != nil {
		t.Fatal(err)
	}
	hashes := tlog.TileHashReader(read.Tree, overHTTP(func(path string) ([]byte, error) {
		w := a.call(a.face, "GET", path, "", security)
		if w.Code != 200 {
			return nil, errors.New(path)
		}
		return w.Body.Bytes(), nil
	}))
	for n := range read.Tree.N {
		entry := tree.EntryOf(fmt.Appendf(nil, "record %d", n))
		proof, err := tlog.ProveRecord(read.Tree.N, n, hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, read.Tree.N, read.Tree.Hash, n, tlog.RecordHash(entry[:]))
		}
		if err != nil {
			t.Fatalf("record %d: %v", n, err)
		}
	}
}

// overHTTP reads tiles over HTTP, at the paths of the specification.
type overHTTP func(path string) ([]byte, error)

func (overHTTP) Height() int                         { return 8 }
func (overHTTP) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (r overHTTP) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, tile := range tiles {
		n := fmt.Sprintf("%03d", tile.N) // below a thousand
		if tile.W < 256 {
			n += fmt.Sprintf(".p/%d", tile.W)
		}
		data, err := r(fmt.Sprintf("/tile/%d/%s", tile.L, n))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}
