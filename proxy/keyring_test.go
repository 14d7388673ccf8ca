package proxy_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

var cid = regexp.MustCompile(`cid=([0-9.]+)`)

// pseudonymOf sends a hit and returns what the vendor gets in place of the visitor's id.
func (r *running) pseudonymOf(t testing.TB, v *vendor) string {
	t.Helper()
	before := len(v.got())
	if a := r.send(t, get(pageView, consent+"Connection: close\r\n")); a.status != 204 {
		t.Fatalf("status %d", a.status)
	}
	all := v.got()
	if len(all) != before+1 {
		return ""
	}
	found := cid.FindStringSubmatch(all[before])
	if found == nil {
		return ""
	}
	return found[1]
}

func TestPseudonymsChangeAtMidnight(t *testing.T) {
	v, c := startVendor(t), newClock("2026-11-24T23:59:58Z")
	file := folder(t, v.URL)
	r := start(t, file, c.option)
	monday := r.pseudonymOf(t, v)
	if monday == "" || monday != r.pseudonymOf(t, v) {
		t.Fatalf("pseudonym %q does not last", monday)
	}
	c.set("2026-11-25T00:00:00Z")
	tuesday := r.pseudonymOf(t, v)
	if tuesday == monday || tuesday == "" {
		t.Errorf("the same pseudonym on two days: %q", tuesday)
	}
	// A clock that goes back does not bring yesterday back, and what is on disk could not.
	for _, at := range []string{"2026-11-24T12:00:00Z", "2020-06-01T00:00:00Z", "1970-01-01T00:00:00Z"} {
		c.set(at)
		if got := r.pseudonymOf(t, v); got != tuesday {
			t.Errorf("at %s: %q, want today's %q", at, got, tuesday)
		}
	}
	c.set("2026-12-24T00:00:00Z")
	christmas := r.pseudonymOf(t, v)
	if christmas == tuesday || christmas == monday || christmas == "" {
		t.Errorf("after a month: %q", christmas)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	state, err := keys.Read(proxy.KeysDir(filepath.Join(filepath.Dir(file), "data")))
	if err != nil || state != pseudonym.TestRoot.State(c.now()) {
		t.Errorf("on disk is not the state of today: %v", err)
	}
	text := r.ledger(t)
	for _, record := range []string{`"text":"made of the root secret; identity `, `"text":"advanced: day 20782"`,
		`"text":"advanced: day 20811, week 2973, month 24323"`} {
		if !strings.Contains(text, record) {
			t.Errorf("the ledger does not hold %s", record)
		}
	}
	// Another start needs no root, and goes on where the last one ended.
	again := start(t, file, c.option, func(o *proxy.Options) { o.Root = pseudonym.Root{} })
	if got := again.pseudonymOf(t, v); got != christmas {
		t.Errorf("after a restart: %q, want %q", got, christmas)
	}
}

// TestClockFarAhead: hits with identifiers are refused, and keys stay, until the clock is
// right again or somebody says that it is.
func TestClockFarAhead(t *testing.T) {
	v, c := startVendor(t), newClock("2026-11-24T12:00:00Z")
	file := folder(t, v.URL)
	r := start(t, file, c.option)
	today := r.pseudonymOf(t, v)
	c.set("2036-11-24T12:00:00Z")
	r.send(t, get(pageView, consent))
	if n := len(v.got()); n != 1 {
		t.Errorf("%d hits left", n)
	}
	if !strings.Contains(r.ledger(t), `"reason":"failed"`) {
		t.Error("the refusal is not recorded")
	}
	c.set("2026-11-24T12:00:01Z")
	if got := r.pseudonymOf(t, v); got != today {
		t.Errorf("after the clock was set right: %q, want %q", got, today)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	c.set("2036-11-24T12:00:00Z")
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := proxy.RotateStopped(loaded, proxy.Rotation{CatchUp: true}, proxy.Options{Now: c.now}); err != nil ||
		!strings.Contains(text, "advanced: day") {
		t.Errorf("caught up: %q, %v", text, err)
	}
	if got := start(t, file, c.option).pseudonymOf(t, v); got == "" || got == today {
		t.Errorf("ten years later: %q", got)
	}
}

func TestRotateWhileServing(t *testing.T) {
	v, c := startVendor(t), newClock("2026-11-24T12:00:00Z")
	r := start(t, folder(t, v.URL), c.option)
	before := r.pseudonymOf(t, v)
	text, err := proxy.RotateRunning(t.Context(), filepath.Join(filepath.Dir(r.file), "data"),
		proxy.Rotation{Chains: []pseudonym.Rotation{pseudonym.Day}, LedgerSubjects: true})
	if err != nil || text != "rotated: day; ledger subjects shredded" {
		t.Fatalf("%q, %v", text, err)
	}
	after := r.pseudonymOf(t, v)
	if after == before || after == "" {
		t.Errorf("rotated from %q to %q", before, after)
	}
	subjects := map[string]bool{}
	for _, record := range r.records(t, "event") {
		var members struct{ Subjects []string }
		if err := json.Unmarshal([]byte(record), &members); err != nil || len(members.Subjects) != 1 {
			t.Fatalf("%s: %v", record, err)
		}
		subjects[members.Subjects[0]] = true
	}
	if len(subjects) != 2 {
		t.Errorf("the ledger has %d hashes of one visitor, before and after shredding", len(subjects))
	}
}

// TestMidnightUnderLoad: while keys change every hit has either day's pseudonym, and none has both or neither.
func TestMidnightUnderLoad(t *testing.T) {
	v, c := startVendor(t), newClock("2026-11-24T23:59:59Z")
	r := start(t, folder(t, v.URL), c.option)
	before := r.pseudonymOf(t, v)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for n := range 30 {
				r.send(t, get(pageView, consent+"Connection: close\r\n"))
				if n == 15 {
					c.set("2026-11-25T00:00:00Z")
				}
			}
		})
	}
	all.Wait()
	after := r.pseudonymOf(t, v)
	for _, request := range v.got() {
		if found := cid.FindStringSubmatch(request); found == nil || found[1] != before && found[1] != after {
			t.Fatalf("a hit with %v: neither %s nor %s", found, before, after)
		}
	}
	if after == before || strings.Count(r.ledger(t), `"text":"advanced: `) != 1 {
		t.Error("keys did not change once")
	}
}

// fullDisk takes nothing while it is full.
type fullDisk struct {
	keys.Files
	full  atomic.Bool
	files sync.Map
}

func (d *fullDisk) Folder(string) error { return nil }

func (d *fullDisk) Read(path string) ([]byte, error) {
	if text, ok := d.files.Load(path); ok {
		return text.([]byte), nil
	}
	return nil, fs.ErrNotExist
}

func (d *fullDisk) Write(path string, text []byte) error {
	if d.full.Load() {
		return errors.New("no space left on device")
	}
	d.files.Store(path, text)
	return nil
}

func (d *fullDisk) Overwrite(string) error { return nil }

func (d *fullDisk) Rename(from, to string) error {
	text, _ := d.files.LoadAndDelete(from)
	d.files.Store(to, text)
	return nil
}

// TestFullDiskAtMidnight: vendors get new pseudonyms all the same.
func TestFullDiskAtMidnight(t *testing.T) {
	v, c, d := startVendor(t), newClock("2026-11-24T12:00:00Z"), new(fullDisk)
	r := start(t, folder(t, v.URL), c.option, func(o *proxy.Options) { o.KeyFiles = d })
	before := r.pseudonymOf(t, v)
	d.full.Store(true)
	c.set("2026-11-25T12:00:00Z")
	if after := r.pseudonymOf(t, v); after == before || after == "" {
		t.Errorf("with a full disk: %q", after)
	}
	if _, err := r.Rotate(proxy.Rotation{LedgerSubjects: true}); err == nil {
		t.Error("shredded on a full disk")
	}
	d.full.Store(false)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state"} {
		text, err := d.Read(filepath.Join(proxy.KeysDir(filepath.Join(filepath.Dir(r.file), "data")), name))
		if state, faulty := pseudonym.ParseState(text); err != nil || faulty != nil ||
			state != pseudonym.TestRoot.State(c.now()) {
			t.Errorf("what could not be written was not written at the end: %v, %v", err, faulty)
		}
	}
}

func TestOneServerAFolder(t *testing.T) {
	v := startVendor(t)
	file := folder(t, v.URL)
	r := start(t, file)
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(loaded, proxy.Options{}); !errors.Is(err, proxy.ErrLocked) || !strings.Contains(err.Error(),
		strconv.Itoa(os.Getpid())) {
		t.Errorf("a second server: %v", err)
	}
	if _, err := proxy.RotateStopped(loaded, proxy.Rotation{}, proxy.Options{}); !errors.Is(err, proxy.ErrLocked) {
		t.Errorf("rotating beside a server: %v", err)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	start(t, file)
}

func BenchmarkKeysSwap(b *testing.B) {
	v := startVendor(b)
	r := start(b, folder(b, v.URL))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Rotate(proxy.Rotation{Chains: []pseudonym.Rotation{pseudonym.Day}}); err != nil {
			b.Fatal(err)
		}
	}
}
