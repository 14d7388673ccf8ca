package proxy_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// signs is a witness that signs whatever it is asked for, or says that it has seen more.
type signs struct {
	*httptest.Server
	key    ed25519.PrivateKey
	mu     sync.Mutex
	larger bool
	copied string // what was posted to it as a copy
}

const signsName = "witness.example/w"

func startSigns(t *testing.T) *signs {
	t.Helper()
	w := &signs{key: ed25519.NewKeyFromSeed(make([]byte, 32))}
	w.Server = httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		switch _, msg, _ := strings.Cut(string(body), "\n\n"); {
		case r.URL.Path == "/copy":
			w.copied = string(body)
		case w.larger:
			to.Header().Set("Content-Type", "text/x.tlog.size")
			to.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(to, "1000000\n")
		default:
			text, _, _ := strings.Cut(msg, "\n\n")
			signature := ed25519.Sign(w.key, []byte("cosignature/v1\ntime 1796000000\n"+text+"\n"))
			raw := binary.BigEndian.AppendUint64(w.hash(), 1796000000)
			_, _ = fmt.Fprintf(to, "— %s %s\n", signsName, base64.StdEncoding.EncodeToString(append(raw, signature...)))
		}
	}))
	t.Cleanup(w.Close)
	return w
}

// hash is that of its key, and kind what stands before the key.
func (w *signs) hash() []byte {
	sum := sha256.Sum256(append([]byte(signsName+"\n\x04"), w.key.Public().(ed25519.PublicKey)...))
	return sum[:4]
}

func (w *signs) public() string {
	raw := append([]byte{4}, w.key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%x+%s", signsName, w.hash(), base64.StdEncoding.EncodeToString(raw))
}

func (w *signs) set(larger bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.larger = larger
}

func (w *signs) copy() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.copied
}

// TestCheckpointsGoElsewhere: they are copied and witnessed, and whoever has a token of the role gets the witnessed
// one. Where a witness saw another log nothing is forwarded, from the start of the next process on too, and objections
// are taken; it goes on when the witness signs again.
func TestCheckpointsGoElsewhere(t *testing.T) {
	t.Parallel()
	v, w := startVendor(t), startSigns(t)
	file := folder(t, v.URL)
	dir := filepath.Dir(file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+
		fmt.Sprintf("ledger: { checkpoint_to: [mount/copy, %q], witness: { of: [{ url: %q, key: %q }] } }\n",
			w.URL+"/copy", w.URL, w.public()))
	write(t, filepath.Join(dir, "mount", "x"), "")
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	tokens, err := access.OpenTokens(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	bearer, err := tokens.Create(access.By{}, "auditor", []access.Role{access.Security}, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.InfoLevel)
	watched := func(o *proxy.Options) { o.Log = zap.New(core) }
	r := start(t, file, watched)
	if a := r.send(t, get(pageView, consent)); a.status >= 300 || len(v.got()) != 1 {
		t.Fatalf("%d, %d", a.status, len(v.got()))
	}

	public, err := os.ReadFile(filepath.Join(dir, "data", "ledger", "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := tree.ParseKey(string(public))
	if err != nil || key.Name() != "shop.example/tagwarden" {
		t.Fatalf("%v, %v", key, err)
	}
	witness, err := logkey.ParseWitness(w.public())
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the witnessed checkpoint is served", func() bool {
		q, err := http.NewRequest(http.MethodGet, "http://"+r.admin+"/checkpoint", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+bearer)
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Body.Close() }()
		served, _ := io.ReadAll(a.Body)
		read, err := tree.OpenCheckpoint(served, key, witness)
		return err == nil && len(read.Signed) == 2
	})
	copied := func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "mount", "copy"))
		return string(text)
	}
	until(t, "it is copied", func() bool { return copied() != "" && copied() == w.copy() })
	if _, err := tree.OpenCheckpoint([]byte(copied()), key); err != nil {
		t.Error(err)
	}
	of := `{witness="` + signsName + `"}`
	if size := r.figure(t, "tagwarden_witness_records"+of); size == "0" ||
		r.figure(t, "tagwarden_witness_disputes"+of) != "0" ||
		r.figure(t, `tagwarden_checkpoint_copies_total{place="`+strings.TrimPrefix(w.URL, "http://")+
			`",result="copied"}`) == "0" ||
		r.figure(t, `tagwarden_witness_requests_total{outcome="signed",witness="`+signsName+`"}`) == "0" {
		_, all := r.get(t, "/metrics")
		t.Errorf("%s", all)
	}

	w.set(true)
	r.send(t, get(pageView, consent))
	before := len(v.got())
	until(t, "the witness is heard", func() bool { status, _ := r.get(t, "/readyz"); return status == 503 })
	refuses := func(r *running) {
		t.Helper()
		if _, said := r.get(t, "/readyz"); !strings.Contains(said, "the witness "+signsName+" has signed 1000000 records") {
			t.Errorf("readyz says %q", said)
		}
		if a := r.send(t, get(pageView, consent)); a.status != 503 || len(v.got()) != before {
			t.Errorf("the next hit is answered with %d, and %d left", a.status, len(v.got())-before)
		}
	}
	refuses(r)
	const stops = "the ledger is not what a witness saw of it: nothing is forwarded"
	if n := logged.FilterMessage(stops).Len(); n != 1 {
		t.Errorf("it is told %d times", n)
	}
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
	last, err := os.ReadFile(filepath.Join(dir, "data", "ledger", "checkpoint"))
	if err != nil || copied() != string(last) {
		t.Errorf("the last checkpoint is not copied: %v\n%s\n%s", err, copied(), last)
	}

	r = start(t, file, watched)
	refuses(r)
	w.set(false)
	until(t, "the witness signs again", func() bool { status, _ := r.get(t, "/readyz"); return status == 200 })
	if a := r.send(t, get(pageView, consent)); a.status >= 300 || len(v.got()) != before+1 {
		t.Errorf("the next hit is answered with %d", a.status)
	}
	if logged.FilterMessage("the ledger's witnesses sign it again: hits are forwarded again").Len() != 1 {
		t.Error("nobody is told that it goes on")
	}
}

// TestLogOrigin: what the log is called, as the server file says, as it was called before, or by the first site.
func TestLogOrigin(t *testing.T) {
	t.Parallel()
	file := folder(t, "http://127.0.0.1:1")
	name := func() string {
		loaded, err := config.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		return proxy.LogOrigin(loaded)
	}
	if got := name(); got != "shop.example/tagwarden" {
		t.Error(got)
	}
	signer, err := tree.NewSigner("before.example/log", [32]byte{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(file), "data", "ledger", "log.pub"), signer.Public()+"\n")
	if got := name(); got != "before.example/log" {
		t.Error(got)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+"ledger: { origin: now.example/log }\n")
	if got := name(); got != "now.example/log" {
		t.Error(got)
	}
}
