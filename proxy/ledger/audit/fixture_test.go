package audit_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// options are those of a ledger that is sealed each minute.
func options(t testing.TB, dir string) ledger.Options {
	return ledger.Options{
		Dir: dir, Now: time.Now, Node: "eu-1", Origin: "shop.example/tagwarden", Seal: time.Minute,
		Seed:  func(string) [32]byte { return [32]byte{1} },
		Known: filepath.Join(filepath.Dir(dir), "known"),
		Report: func(what string, err error) {
			t.Error(what, err)
		},
	}
}

// write opens a ledger, and appends records to it, some each second.
func write(t testing.TB, o ledger.Options, from, n, second int) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart, Policy: "3f2a"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := l.Append([]ledger.Event{event(from + i)}, named{}); err != nil {
			t.Fatal(err)
		}
		if i%second == second-1 {
			<-time.After(time.Second)
		}
	}
	return l
}

func event(n int) ledger.Event {
	return ledger.Event{
		Hit: uint64(n), Site: "shop", Vendor: "ga4", Endpoint: "collect", Name: "page_view", Decision: "permit",
		Reason: "permitted", Activity: "counting", Basis: "legitimate_interest", LIA: "LIA-1",
		Version: 1 + n/100, Policy: "3f2a",
		Shape: "5b1e", In: 900, Out: 400, Digest: [32]byte{1, byte(n)}, Subjects: [][16]byte{{byte(n)}, {9}},
	}
}

// named is what a segment names once.
type named struct{}

func (named) Shape(int) ledger.Shape {
	return ledger.Shape{ID: "5b1e", Kept: []string{"en", "dl"}, Changed: []string{"cid"}, Dropped: []string{"uid"}}
}

func (named) Rungs(int) ledger.Rungs { return ledger.Rungs{} }

// small is a ledger of two runs with sealed and packed segments, which ended in good order.
func small(t *testing.T, perRun int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		o := options(t, dir)
		for run := range 2 {
			if err := write(t, o, run*perRun, perRun, max(perRun/150, 1)).Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
	return dir
}

// verify verifies, and wants it to be possible.
func verify(t testing.TB, dir string) *audit.Report {
	t.Helper()
	r, err := audit.Verify(audit.Options{Dir: dir, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told are the findings, a line each.
func told(r *audit.Report) string {
	var b strings.Builder
	for i := range r.Findings {
		b.WriteString(r.Findings[i].String() + "\n")
	}
	return b.String()
}

// fine wants nothing to be found.
func fine(t testing.TB, dir string) *audit.Report {
	t.Helper()
	r := verify(t, dir)
	if len(r.Findings) > 0 {
		t.Errorf("found:\n%s", told(r))
	}
	return r
}

// copied copies a folder.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "ledger")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put puts a file in another one's place. It is a new one: a file system may bring one to disk that is written over.
func put(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t testing.TB, dir, pattern string) (all []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unpack unpacks.
func unpack(t testing.TB, packed []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// packer packs as the server does.
var packer = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
})

func pack(t testing.TB, text []byte) []byte {
	t.Helper()
	z, err := packer()
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(text, nil)
}
