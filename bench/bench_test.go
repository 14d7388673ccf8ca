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
		contenders: []contender{{name: "nginx"}, {name: "other", goal: 1.5}},
		results:    [][]result{{us(20), us(200), us(10)}, {us(40), us(400), us(20)}},
	}
	var text bytes.Buffer
	m.write(&text, nil, time.Unix(0, 0))
	if !strings.Contains(text.String(), "| other | 40.0 µs | 0.0 µs | 2.00 (2.00-2.00) | ≤ 1.5 | 1000 | 4 % |") {
		t.Errorf("the ratio of `other` should be 2.00:\n%s", text.String())
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
