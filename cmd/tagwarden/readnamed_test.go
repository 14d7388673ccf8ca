package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsReadWithoutEnd: a device has no end, and is read as far as the longest file may go, by whatever verb.
func TestNothingIsReadWithoutEnd(t *testing.T) {
	t.Parallel()
	if text, err := readNamed("/dev/zero", 10); err == nil || !strings.Contains(err.Error(),
		"/dev/zero has more than 10 bytes") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if text, err := readNamed("/dev/null", 10); err != nil || len(text) != 0 {
		t.Errorf("%q, %v", text, err)
	}
	file := filepath.Join(t.TempDir(), "ten")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := readNamed(file, 10); err != nil || string(text) != "0123456789" {
		t.Errorf("%q, %v", text, err)
	}
	// What is not in readnamed.go reads through it.
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if at := strings.Index(string(text), "os.ReadFile("); at >= 0 {
			t.Errorf("%s:%d: os.ReadFile has no bound: readNamed has one", name, 1+strings.Count(string(text[:at]), "\n"))
		}
		for rest := string(text); ; {
			_, behind, found := strings.Cut(rest, "io.ReadAll(")
			if !found {
				break
			}
			if rest = behind; !strings.HasPrefix(behind, "io.LimitReader(") {
				t.Errorf("%s: io.ReadAll has no bound: readBounded has one", name)
			}
		}
	}
}

// TestVerbsBoundDevices: verbs that are given a device say so, and end.
func TestVerbsBoundDevices(t *testing.T) {
	t.Parallel()
	const zero = "/dev/zero"
	shop := filepath.Join(t.TempDir(), "shop")
	if text, code := said(t, "init", shop); code != fine {
		t.Fatal(text)
	}
	file := filepath.Join(shop, defaultFile)
	for _, called := range []string{
		"check --config " + zero, "test --config " + zero, "health --config " + zero, "scan " + zero,
		"replay --config " + file + " " + zero,
		"explain --config " + file + " --hit " + zero, "notice --config " + file + " --check " + zero,
		"catalog check " + zero,
		"lia new --config " + file + " --from " + zero, "objections import --config " + file + " --all " + zero,
		"import gtm " + zero,
		"logs check-proof " + zero + " --key " + zero, "logs verify --dir " + shop + " --key " + zero,
		"logs verify --dir " + shop + " --checkpoint " + zero,
	} {
		if text, code := said(t, called); code == fine {
			t.Errorf("%s: %d %s", called, code, text)
		}
	}
}
