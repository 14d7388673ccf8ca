package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestOwnPages: pages of the program's file are let go that nobody can write, and nobody has; none of another file, of
// one that was replaced, or of which nothing is known.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	const program = "/usr/bin/tagwarden"
	for _, c := range []struct {
		name, smaps string
		want        []pageRange
	}{
		{"code", "00401000-00402000 r-xp 00001000 08:01 1   /usr/bin/tagwarden\nRss: 4 kB\nAnonymous:             0 kB\n",
			[]pageRange{{0x401000, 0x402000}}},
		{"tables", "00401000-00402000 r--p 00001000 08:01 1   /usr/bin/tagwarden\nAnonymous:             0 kB\n",
			[]pageRange{{0x401000, 0x402000}}},
		{"tables that the loader wrote to", "00401000-00402000 r--p 00001000 08:01 1 /usr/bin/tagwarden\nAnonymous: 4 kB\n", nil},
		{"variables", "00401000-00402000 rw-p 00001000 08:01 1 /usr/bin/tagwarden\nAnonymous: 0 kB\n", nil},
		{"shared", "00401000-00402000 r--s 00001000 08:01 1 /usr/bin/tagwarden\nAnonymous: 0 kB\n", nil},
		{"another file", "00401000-00402000 r-xp 00001000 08:01 1 /usr/lib/libc.so.6\nAnonymous: 0 kB\n", nil},
		{"a file that was replaced", "00401000-00402000 r-xp 00001000 08:01 1 /usr/bin/tagwarden (deleted)\nAnonymous: 0 kB\n", nil},
		{"the heap behind it", "00401000-00402000 r-xp 00001000 08:01 1 /usr/bin/tagwarden\n" +
			"c000000000-c000400000 rw-p 00000000 00:00 0\nAnonymous: 0 kB\n", nil},
		{"nothing is known", "00401000-00402000 r-xp 00001000 08:01 1 /usr/bin/tagwarden\nRss: 4 kB\n", nil},
		{"no addresses", "x-y r-xp 00001000 08:01 1 /usr/bin/tagwarden\nAnonymous: 0 kB\n", nil},
	} {
		if got := ownPages(strings.NewReader(c.smaps), program); !slices.Equal(got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, got, c.want)
		}
	}
}

// TestLetGoOfOwnPages: a program that lets go of its pages has them, and goes on.
func TestLetGoOfOwnPages(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = smaps.Close() }()
	if len(ownPages(smaps, program)) == 0 {
		t.Error("no pages are known to be the program's")
	}
	before := strings.Join(names(verbs()), " ")
	letGoOfOwnPages()
	if after := strings.Join(names(verbs()), " "); after != before {
		t.Errorf("there are %s, and there were %s", after, before)
	}
}
