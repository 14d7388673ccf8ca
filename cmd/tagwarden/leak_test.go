package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestCaptureLeak replays every recording under the policy that `init` writes, with nobody having chosen anything: none of the planted
// strings is in what would be forwarded, in any encoding that a vendor might undo.
func TestCaptureLeak(t *testing.T) {
	folder := os.Getenv("TAGWARDEN_CAPTURES")
	if folder == "" {
		folder = "../../rules/testdata/captures"
	}
	made, err := config.Init(t.TempDir(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	a := &asking{policy: loaded.Policy, raw: true, question: rules.Question{At: now, Keys: rules.NewKeys(pseudonym.TestRoot, loaded.Policy, now)}}
	secrets := plantedIn(t, folder)
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s (%v)", folder, err)
	}
	hits, forwarded := 0, 0
	for _, file := range files {
		_, err := recording(file, "shop.example", func(r recorded) error {
			x, err := a.ask(undecided(r.text))
			if err != nil {
				return err
			}
			hits++
			if x.Forward == nil {
				return nil
			}
			forwarded++
			sent := undone(x)
			for form, secret := range secrets {
				if strings.Contains(sent, form) {
					t.Errorf("%s:%d: %q leaves: %s", r.file, r.line, secret, x.Forward.URL)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if folder == "../../rules/testdata/captures" && (hits < 150 || forwarded == 0) {
		t.Errorf("%d hits, %d forwarded: the test shows too little", hits, forwarded)
	}
}

// undecided takes the choice out of a recorded hit that the hit itself states: here nobody has chosen.
func undecided(text []byte) []byte {
	text = regexp.MustCompile(`\bgcs=G1[01-]{2}`).ReplaceAll(text, []byte("gcs=G1--"))
	return regexp.MustCompile(`\bgcd=1[0-9][a-zA-Z0-9]*`).ReplaceAllFunc(text, func(gcd []byte) []byte {
		return append([]byte("gcd=13l3l3l3l5"), bytes.Repeat([]byte("l"), max(0, len(gcd)-14))...) // of the same length
	})
}

// TestCaptureLeakThroughProxy sends every recording through a running proxy with the policy that `init` writes, and looks at what the
// stand-ins for its vendors received, byte for byte.
func TestCaptureLeakThroughProxy(t *testing.T) {
	folder := os.Getenv("TAGWARDEN_CAPTURES")
	if folder == "" {
		folder = "../../rules/testdata/captures"
	}
	d, err := newDemo(&terminal{out: io.Discard, err: io.Discard, now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	secrets := plantedIn(t, folder)
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s (%v)", folder, err)
	}
	reached := 0
	for _, file := range files {
		_, err := recording(file, "shop.example", func(r recorded) error {
			method, rest, _ := bytes.Cut(undecided(r.text), []byte(" "))
			before := d.vendors.count()
			if err := d.pass([]byte(string(method)+" /t"+string(rest)), new(fasthttp.Response)); err != nil {
				return fmt.Errorf("%s:%d: %w", r.file, r.line, err)
			}
			for _, got := range d.vendors.since(before) {
				reached++
				sent := undone(&rules.Explanation{Forward: &rules.ExplainedRequest{URL: got.Target, Headers: got.Headers, Body: got.Body}})
				for form, secret := range secrets {
					if strings.Contains(sent, form) {
						t.Errorf("%s:%d: %q reaches %s: %s", r.file, r.line, secret, got.Vendor, got.Target)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if folder == "../../rules/testdata/captures" && reached == 0 {
		t.Error("nothing reached a vendor: the test shows too little")
	}
}

// plantedIn reads planted.txt and writes each string in the forms that it may be found in.
func plantedIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "planted.txt"))
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]string{}
	for line := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == '\n' || r == '\r' }) {
		escaped := url.QueryEscape(line)
		for _, form := range []string{line, escaped, url.PathEscape(line), url.QueryEscape(escaped), hex.EncodeToString([]byte(line))} {
			forms[strings.ToLower(form)] = line
		}
		for shift := range 3 { // base64 of a part depends on where it stands
			part := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + line))
			if part = part[(shift*8+5)/6 : len(part)-1]; len(part) >= 8 {
				forms[strings.ToLower(part)] = line
			}
		}
	}
	return forms
}

// undone is what is sent, as it stands and with percent escapes undone, in lower case.
func undone(x *rules.Explanation) string {
	text := x.Forward.URL + "\n" + x.Forward.Body + "\n"
	if body, err := base64.StdEncoding.DecodeString(x.Forward.BodyBase64); err == nil {
		text += string(body)
	}
	var b strings.Builder
	b.WriteString(text)
	for _, value := range x.Forward.Headers {
		b.WriteString("\n" + value)
	}
	for range 3 {
		next, err := url.QueryUnescape(text)
		if err != nil || next == text {
			break
		}
		text = next
		b.WriteString("\n" + text)
	}
	return strings.ToLower(b.String())
}
