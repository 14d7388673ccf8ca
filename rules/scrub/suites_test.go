package scrub

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestIsEmail: which of the addresses of the isemail suite are found whole, as testdata/isemail.jsonl has it
// (UPDATE_GOLDEN=1 writes it). Those that can be delivered and have a domain with a dot are to be found.
func TestIsEmail(t *testing.T) {
	t.Parallel()
	type address struct {
		Address  string `json:"address"`
		Category string `json:"category"`
		Found    bool   `json:"found"` // nothing of it is left
	}
	name := filepath.Join("testdata", "isemail.jsonl")
	var out strings.Builder
	found, valid := 0, 0
	for _, line := range lines(t, name) {
		var a address
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		got, _ := Append(nil, []byte(a.Address), Of(Email))
		was := a.Found
		a.Found = string(got) == "[email]"
		ours := slices.Contains([]string{"VALID_CATEGORY", "DNSWARN", "RFC5321"}, a.Category) &&
			strings.Contains(a.Address[strings.LastIndex(a.Address, "@")+1:], ".")
		if ours {
			valid++
			if a.Found {
				found++
			} else {
				t.Logf("not found whole: %q became %q (%s)", a.Address, got, a.Category)
			}
		}
		if a.Found != was && os.Getenv("UPDATE_GOLDEN") == "" {
			t.Errorf("%q: found %v, and %v before", a.Address, a.Found, was)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	t.Logf("%d of %d addresses that can be delivered", found, valid)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// hostile hands on the values of suites that were made to break parsers.
func hostile(t testing.TB, each func(value []byte)) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var strange []string
	if err := json.Unmarshal(text, &strange); err != nil {
		t.Fatal(err)
	}
	for _, value := range strange {
		each([]byte(value))
	}
	text, err = os.ReadFile(filepath.Join("testdata", "jsonsuite.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, digits, _ := strings.Cut(strings.TrimSpace(line), "\t")
		value, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		each(value)
	}
	if folder := os.Getenv("TAGWARDEN_SUITES"); folder != "" {
		files, err := filepath.Glob(filepath.Join(folder, "JSONTestSuite", "test_*", "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no JSONTestSuite in %s (%v)", folder, err)
		}
		for _, name := range files {
			value, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			each(value)
		}
	}
}

// TestHostile: nothing of the suites breaks the promises, alone or behind an address.
func TestHostile(t *testing.T) {
	t.Parallel()
	n := 0
	hostile(t, func(value []byte) {
		n++
		promises(t, value, All)
		promises(t, append(append([]byte("jane.doe@example.com "), value...), " +49 30 901820 11"...), everything)
	})
	if n < 700 {
		t.Errorf("%d values: too few to show anything", n)
	}
}
