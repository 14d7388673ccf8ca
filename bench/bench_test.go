package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

func TestMedian(t *testing.T) {
	f := func(want float64, values ...float64) {
		t.Helper()
		if got := median(values); got != want {
			t.Errorf("median of %v is %v, wanted %v", values, got, want)
		}
	}
	f(1, 1)
	f(1.5, 2, 1)
	f(2, 3, 1, 2)
	f(2.5, 4, 1, 3, 2)
}

// TestRatiosAreOfTheSameRound: a round in which the machine was slow for everybody changes no ratio.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	us := func(n int) result { return result{cpu: time.Duration(n) * time.Microsecond, rate: 1000} }
	m := measurement{
		contenders: []contender{{name: "nginx", other: true}, {name: "other", goal: 1.5}, {name: "third", goal: 2}},
		results:    [][]result{{us(20), us(200), us(10)}, {us(40), us(400), us(20)}, {us(20), us(200), us(10)}},
		answers:    []answers{{rate: 500, p50: 80 * time.Microsecond}, {rate: 250, p99: 900 * time.Microsecond}, {}},
		resident:   []resident{{1 << 20, 2 << 20}, {3 << 20, 4 << 20}, {}},
		missing:    []string{"HAProxy (package haproxy) is not on this machine"},
	}
	var text bytes.Buffer
	m.write(&text, nil, time.Unix(0, 0))
	for _, line := range []string{
		"| other | 40.0 µs | 0.0 µs | 2.00 (2.00-2.00) | ≤ 1.5, not met | 1000 | 4 % |",
		"| third | 20.0 µs | 0.0 µs | 1.00 (1.00-1.00) | ≤ 2.0, met |",
		"| other | 250 | 0 µs | 900 µs | 0 µs | 0 µs | 3.0 MiB | 4.0 MiB |",
		"- Left out: HAProxy (package haproxy) is not on this machine.\n",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("%q is missing:\n%s", line, text.String())
		}
	}
	if picture := string(m.ratioPicture()); !strings.Contains(picture, "2.00 (≤ 1.5)") {
		t.Errorf("the picture says otherwise: %s", picture)
	}
}

func TestConfigurationIsWritten(t *testing.T) {
	file, err := writeConfig(t.TempDir(), "127.0.0.1:1", "direct")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, placeholder := range []string{"HOST", "COOKIE", "UPSTREAM"} {
		if bytes.Contains(text, []byte(placeholder)) {
			t.Errorf("%s is left in %s", placeholder, file)
		}
	}
	if info, err := os.Stat(filepath.Join(filepath.Dir(file), "root.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the root secret can be read by others: %v, %v", info, err)
	}
	if expect := (load.GA4{Host: host}); !bytes.Contains(text, []byte(expect.Host)) {
		t.Errorf("%s does not name the site that hits are sent to", file)
	}
}

// TestLoadIsSaid: figures of a machine on which others were at work say so.
func TestLoadIsSaid(t *testing.T) {
	for average, want := range map[string]int{"1.50 2.90 1.00 1/200 7": 1, "0.10 8.44 6.62 3/99 1": 2,
		"unknown": 1, "": 1} {
		if got := loadFact(average, 2); len(got) != want ||
			!strings.Contains(got[0], strings.Join(strings.Fields(average)[:min(3, len(strings.Fields(average)))], ", ")) {
			t.Errorf("%q: %q", average, got)
		}
	}
}
