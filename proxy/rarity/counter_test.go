package rarity

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func begin(t testing.TB, file string, now time.Time) *Counter {
	t.Helper()
	c, err := Open(Options{File: file, Now: func() time.Time { return now }, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	c.UpTo(100)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// network is an address of the n-th network.
func network(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{20 + byte(n>>16), byte(n >> 8), byte(n), 7})
}

// visit lets a value come from networks, and waits until all are counted.
func visit(t testing.TB, c *Counter, at time.Time, value string, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		c.Count(at, hit.Screen, []byte(value), network(n))
		if n%1000 == 999 {
			settle(t, c)
		}
	}
	settle(t, c)
}

func settle(t testing.TB, c *Counter) {
	t.Helper()
	if err := c.onCounter(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func common(c *Counter, value string, k, days int) bool {
	return c.Common(hit.Screen, []byte(value), k, days)
}

func TestCountsNetworks(t *testing.T) {
	c := begin(t, "", noon)
	if common(c, "1920x1080", 2, 7) {
		t.Error("common before anybody came")
	}
	visit(t, c, noon, "1920x1080", 0, 50)
	visit(t, c, noon, "1920x1080", 0, 50) // again: nobody new
	if !common(c, "1920x1080", 50, 1) || common(c, "1920x1080", 51, 30) {
		t.Error("fifty networks are not fifty")
	}
	if common(c, "1920x1081", 2, 7) || c.Common(hit.Language, []byte("1920x1080"), 2, 7) {
		t.Error("another value, or class, is counted with it")
	}
	visit(t, c, noon, "rare", 0, 1)
	if common(c, "rare", 2, 7) || common(c, "rare", 0, 7) {
		t.Error("one network is two")
	}
}

// TestOneNetworkCountsOnce: addresses are cheap, networks are not.
func TestOneNetworkCountsOnce(t *testing.T) {
	c := begin(t, "", noon)
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for range 3000 {
		v4 := netip.AddrFrom4([4]byte{203, 0, 113, byte(random.Uint32())})
		v6 := netip.MustParseAddr("2001:db8::").As16()
		binary.BigEndian.PutUint64(v6[4:], random.Uint64())
		for _, a := range []netip.Addr{v4, netip.AddrFrom16(v4.As16()), netip.AddrFrom16(v6),
			netip.AddrFrom16(v6).WithZone("eth0"), {}} {
			c.Count(noon, hit.Screen, []byte("31337x1"), a)
		}
		if random.IntN(200) == 0 {
			settle(t, c)
		}
	}
	settle(t, c)
	if !common(c, "31337x1", 2, 1) || common(c, "31337x1", 3, 1) {
		t.Error("a /24 and a /32 are not two networks")
	}
}

func TestDays(t *testing.T) {
	c := begin(t, "", noon)
	visit(t, c, noon, "monday", 0, 10)
	for day := range 9 {
		visit(t, c, noon.AddDate(0, 0, day), "daily", 0, 3)
	}
	if common(c, "daily", 4, 30) || !common(c, "daily", 3, 1) {
		t.Error("days are added up")
	}
	if common(c, "monday", 10, 8) || !common(c, "monday", 10, 9) || !common(c, "monday", 2, 30) {
		t.Error("the window has not the days that it was asked for")
	}
	// A clock that is set back counts on for the latest day; one far ahead makes everything rare.
	visit(t, c, noon, "late", 0, 5)
	if !common(c, "late", 5, 1) {
		t.Error("a late value is not counted today")
	}
	visit(t, c, noon.AddDate(10, 0, 0), "future", 0, 2)
	if common(c, "monday", 2, 30) || !common(c, "future", 2, 1) || len(c.view.Load().past) != 0 {
		t.Error("counts of ten years ago hold")
	}
}

func TestDaysHaveKeysOfTheirOwn(t *testing.T) {
	c := begin(t, "", noon)
	visit(t, c, noon, "x", 0, 3)
	first := c.view.Load()
	visit(t, c, noon.AddDate(0, 0, 1), "x", 0, 3)
	second := c.view.Load()
	if first.key == second.key || first.key == [16]byte{} {
		t.Error("two days, one key")
	}
	for id := range second.past[0].byID {
		if second.today.of(id) > 0 {
			t.Error("one hash on two days")
		}
	}
}

// TestRestart: counts survive, and nobody is counted twice for coming before and after.
func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rarity")
	c := begin(t, file, noon)
	visit(t, c, noon, "common", 0, 40)
	visit(t, c, noon, "rare", 0, 20)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again := begin(t, file, noon.Add(time.Hour))
	if !common(again, "common", 40, 1) || common(again, "common", 41, 1) {
		t.Error("counts did not survive")
	}
	visit(t, again, noon.Add(time.Hour), "rare", 0, 20)
	if common(again, "rare", 21, 1) || !common(again, "rare", 20, 1) {
		t.Error("who came before and after a restart counts twice")
	}
	visit(t, again, noon.Add(time.Hour), "rare", 0, 25)
	again.Turn(noon.AddDate(0, 0, 1))
	if v := again.view.Load(); len(v.past) != 1 {
		t.Errorf("%d days are kept of one", len(v.past))
	}
	if !common(again, "common", 40, 2) || common(again, "common", 40, 1) || !common(again, "rare", 25, 2) {
		t.Error("the two parts of a day are not put together")
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(file)
	if err != nil || bytes.Contains(text, []byte("common")) || bytes.Contains(text, []byte{20, 0, 7}) {
		t.Errorf("a value, or a network, is in the file: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rarity")
	c := begin(t, file, noon)
	visit(t, c, noon, "common", 0, 40)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		broken := bytes.Clone(whole)
		broken[n] ^= 0x10
		for _, text := range [][]byte{whole[:n], broken} {
			if days, err := parseDays(text); !errors.Is(err, ErrFile) || days != nil {
				t.Fatalf("damaged at byte %d: %v", n, err)
			}
		}
	}
	if err := os.WriteFile(file, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(Options{File: file, Now: func() time.Time { return noon }, Rand: rand.Reader})
	if !errors.Is(err, ErrFile) || again == nil {
		t.Fatalf("damaged: %v", err)
	}
	again.UpTo(50)
	if common(again, "common", 2, 30) {
		t.Error("a damaged file makes values common")
	}
	visit(t, again, noon, "common", 0, 2)
	if err := again.Close(); err != nil || !common(again, "common", 2, 1) {
		t.Errorf("it does not go on: %v", err)
	}
}

// TestBounds: made-up values fill the tables, and then what was there goes on
// being counted, and nothing becomes common.
func TestBounds(t *testing.T) {
	c := begin(t, "", noon)
	visit(t, c, noon, "1920x1080", 0, 60)
	for n := range 20_000 { // from one network
		c.Count(noon, hit.Screen, fmt.Append(nil, "made up ", n), network(1))
		if n%1000 == 999 {
			settle(t, c)
		}
	}
	if got := c.view.Load().today.len; got > perNetwork+1 {
		t.Errorf("one network has %d values counted", got)
	}
	for n := range full(valueSlots) + 5000 {
		c.Count(noon, hit.Screen, fmt.Append(nil, "value ", n), network(2+n/5000))
		if n%2000 == 1999 {
			settle(t, c)
		}
	}
	settle(t, c)
	if got := c.view.Load().today.len; got > full(valueSlots) {
		t.Errorf("%d values are kept", got)
	}
	visit(t, c, noon, "new", 0, 90)
	if common(c, "new", 2, 1) {
		t.Error("a value was taken into a full table")
	}
	visit(t, c, noon, "1920x1080", 60, 90)
	if !common(c, "1920x1080", 90, 1) {
		t.Error("a flood of new values stops the counting of those that were there")
	}
	if long := make([]byte, longest+1); true {
		for n := range 5 {
			c.Count(noon, hit.Screen, long, network(n))
		}
		settle(t, c)
		if c.Common(hit.Screen, long, 2, 1) {
			t.Error("a value that is too long is common")
		}
	}
}

// TestNeverMoreThanThereWere: whatever comes in which order, over days and restarts, a value is
// never common that fewer networks shared.
func TestNeverMoreThanThereWere(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(5, 6))
	file := filepath.Join(t.TempDir(), "rarity")
	c := begin(t, file, noon)
	truth := map[string]map[netip.Addr]bool{}
	at := noon
	for range 4000 {
		value := fmt.Sprint("v", random.IntN(30)*random.IntN(30))
		from := network(random.IntN(40))
		if truth[value] == nil {
			truth[value] = map[netip.Addr]bool{}
		}
		truth[value][from] = true
		c.Count(at, hit.Screen, []byte(value), from)
		switch random.IntN(400) {
		case 0:
			at = at.AddDate(0, 0, 1)
		case 1:
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			c = begin(t, file, at)
		case 2:
			at = at.Add(-time.Hour)
		}
	}
	settle(t, c)
	for value, networks := range truth {
		if common(c, value, len(networks)+1, 30) {
			t.Errorf("%s came from %d networks and passes for more", value, len(networks))
		}
	}
}

func TestTogether(t *testing.T) {
	c := begin(t, filepath.Join(t.TempDir(), "rarity"), noon)
	var all sync.WaitGroup
	for g := range 6 {
		all.Go(func() {
			for n := range 2000 {
				c.Count(noon.AddDate(0, 0, n/500), hit.Screen, fmt.Append(nil, n%7), network(n))
				c.Common(hit.Screen, fmt.Append(nil, n%7), 50, 7)
				if g == 0 && n%100 == 0 {
					if err := c.Write(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(); err != nil {
		t.Error(err)
	}
	c.Count(noon, hit.Screen, []byte("after the end"), network(1))
}

func TestAllocs(t *testing.T) {
	c := begin(t, "", noon)
	visit(t, c, noon, "common", 0, 100)
	value, from := []byte("rare"), network(1)
	if n := testing.AllocsPerRun(200, func() {
		c.Common(hit.Screen, value, 50, 7)
		c.Count(noon, hit.Screen, value, from)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParseDays(f *testing.F) {
	whole := encodeDays([]*pastDay{{day: 20782, key: [16]byte{1}, byID: map[uint64]uint16{5: 3, 9: 1000}},
		{day: 20780, key: [16]byte{2}, byID: map[uint64]uint16{}}})
	for _, seed := range [][]byte{whole, nil, whole[:len(magic)], whole[:60], encodeDays(nil)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		days, err := parseDays(text)
		if err != nil && days != nil {
			t.Fatal("an error and days")
		}
		if err == nil && !bytes.Equal(encodeDays(days), text) {
			t.Fatal("what was read is not what would be written")
		}
	})
}

func BenchmarkCommonToday(b *testing.B) {
	c := begin(b, "", noon)
	visit(b, c, noon, "1920x1080", 0, 100)
	benchmarkCommon(b, c, "1920x1080", true)
}

func BenchmarkCommonRareSevenDays(b *testing.B) {
	c := begin(b, "", noon)
	for day := range 7 {
		visit(b, c, noon.AddDate(0, 0, day), "1920x1080", 0, 10)
	}
	benchmarkCommon(b, c, "1234x777", false)
}

func benchmarkCommon(b *testing.B, c *Counter, value string, want bool) {
	text := []byte(value)
	b.ReportAllocs()
	for b.Loop() {
		if c.Common(hit.Screen, text, 50, 7) != want {
			b.Fatal("wrong")
		}
	}
}

func BenchmarkCountSaturated(b *testing.B) {
	c := begin(b, "", noon)
	visit(b, c, noon, "1920x1080", 0, 100)
	text, from := []byte("1920x1080"), network(3)
	b.ReportAllocs()
	for b.Loop() {
		c.Count(noon, hit.Screen, text, from)
	}
}

func BenchmarkCountRare(b *testing.B) {
	c := begin(b, "", noon)
	text, from := []byte("1920x1080"), network(3)
	b.ReportAllocs()
	for b.Loop() {
		c.Count(noon, hit.Screen, text, from)
	}
}
