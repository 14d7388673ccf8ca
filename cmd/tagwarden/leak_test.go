package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/curious"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/replay"
)

// TestCaptureLeak replays every recording under the policy that `init` writes, with nobody having chosen anything: none
// of the planted strings is in what would be forwarded, in any encoding that a vendor might undo.
func TestCaptureLeak(t *testing.T) {
	folder := captures()
	hits, forwarded := leaks(t, folder, plantedIn(t, folder), "", "")
	if folder == ownCaptures && (hits < 150 || forwarded == 0) {
		t.Errorf("%d hits, %d forwarded: the test shows too little", hits, forwarded)
	}
}

// TestCaptureLeakExamples does the same with every example, for visitors from regions of every regime.
func TestCaptureLeakExamples(t *testing.T) {
	folder := captures()
	secrets := plantedIn(t, folder)
	all := map[string]int{}
	for _, example := range config.Examples() {
		for _, region := range []string{"", "FR", "GB", "US-CA"} {
			_, forwarded := leaks(t, folder, secrets, example, region)
			all[example+" "+region] = forwarded
		}
	}
	for _, shown := range []string{"first-party-analytics ", "first-party-analytics GB", "us-opt-out US-CA"} {
		if folder == ownCaptures && all[shown] == 0 {
			t.Errorf("%s: nothing is forwarded: the test shows too little", shown)
		}
	}
	for _, silent := range []string{"consent-only US-CA", "cnil-ga4 GB", "us-opt-out ", "us-opt-out FR"} {
		if all[silent] != 0 {
			t.Errorf("%s: %d hits are forwarded without consent", silent, all[silent])
		}
	}
}

const ownCaptures = "../../rules/testdata/captures"

// captures is the folder of recordings.
func captures() string {
	if folder := os.Getenv("TAGWARDEN_CAPTURES"); folder != "" {
		return folder
	}
	return ownCaptures
}

// leaks replays the recordings of a folder under an example, and reports planted strings in what is forwarded.
func leaks(t *testing.T, folder string, secrets []string, example, region string) (hits, forwarded int) {
	t.Helper()
	a := explainerOf(t, example)
	a.question.Region = region
	eachRecorded(t, filepath.Join(folder, "*.jsonl"), func(r *replay.Request) error {
		x, err := a.explain(undecided(r.Text))
		if err != nil {
			return err
		}
		hits++
		if x.Forward == nil {
			return nil
		}
		forwarded++
		sent := undone(t, x)
		for _, secret := range secrets {
			if around, found := sent.Find(secret); found {
				t.Errorf("%s %s: %s:%d: %q leaves %s", example, region, r.File, r.Line, secret, around)
			}
		}
		return nil
	})
	return hits, forwarded
}

// explainerOf asks about hits under an example of `init`, once it is approved; "" is the one that it writes by itself.
func explainerOf(t *testing.T, example string) *explainer {
	t.Helper()
	made, err := config.InitExample(example, t.TempDir(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	policy := loaded.AsApproved().Policy
	keys := rules.NewKeys(pseudonym.TestRoot, policy, now)
	return &explainer{policy: policy, raw: true, question: rules.Question{At: now, Keys: keys}}
}

// eachRecorded goes through the hits of the recordings that a pattern names, as if they had come to shop.example.
func eachRecorded(t *testing.T, pattern string, each func(*replay.Request) error) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %s (%v)", pattern, err)
	}
	for _, file := range files {
		if _, err := recording(file, "shop.example", each); err != nil {
			t.Fatal(err)
		}
	}
}

// undecided takes the choice out of a recorded hit that the hit itself states: here nobody has chosen.
func undecided(text []byte) []byte {
	text = regexp.MustCompile(`\bgcs=G1[01-]{2}`).ReplaceAll(text, []byte("gcs=G1--"))
	return regexp.MustCompile(`\bgcd=1[0-9][a-zA-Z0-9]*`).ReplaceAllFunc(text, func(gcd []byte) []byte {
		return append([]byte("gcd=13l3l3l3l5"), bytes.Repeat([]byte("l"), max(0, len(gcd)-14))...) // of the same length
	})
}

// TestCaptureLeakThroughProxy sends every recording through a running proxy with the policy that `init` writes, and
// looks at what the stand-ins for its vendors received, byte for byte.
func TestCaptureLeakThroughProxy(t *testing.T) {
	folder := captures()
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
		_, err := recording(file, "shop.example", func(r *replay.Request) error {
			method, rest, _ := bytes.Cut(undecided(r.Text), []byte(" "))
			before := d.vendors.count()
			if err := d.pass([]byte(string(method)+" /t"+string(rest)), new(fasthttp.Response)); err != nil {
				return fmt.Errorf("%s:%d: %w", r.File, r.Line, err)
			}
			for _, got := range d.vendors.since(before) {
				reached++
				sent := undone(t, &rules.Explanation{Forward: &rules.ExplainedRequest{URL: got.Target, Headers: got.Headers,
					Body: got.Body}})
				for _, secret := range secrets {
					if around, found := sent.Find(secret); found {
						t.Errorf("%s:%d: %q reaches %s %s", r.File, r.Line, secret, got.Vendor, around)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if folder == ownCaptures && reached == 0 {
		t.Error("nothing reached a vendor: the test shows too little")
	}
}

// plantedIn reads what is not to leave, and fails where it is not seen in what came: in each recording
// something of it, and each string in one.
func plantedIn(t *testing.T, folder string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "planted.txt"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := curious.Planted(string(text))
	in, nowhere := map[string]int{}, slices.Clone(secrets)
	eachRecorded(t, filepath.Join(folder, "*.jsonl"), func(r *replay.Request) error {
		came := readings(t, string(r.Text))
		for _, secret := range secrets {
			if came.Holds(secret) {
				in[r.File]++
				nowhere = slices.DeleteFunc(nowhere, func(s string) bool { return s == secret })
			} else {
				in[r.File] += 0
			}
		}
		return nil
	})
	for file, n := range in {
		if n == 0 {
			t.Errorf("%s: nothing that was planted is seen in it: it proves nothing", file)
		}
	}
	if len(nowhere) > 0 {
		t.Errorf("%q is seen in no recording: looking for it proves nothing", nowhere)
	}
	return secrets
}

// readings are those of texts that are sent apart.
func readings(t *testing.T, texts ...string) *curious.Readings {
	t.Helper()
	r, err := curious.Read(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// undone are the readings of what is sent.
func undone(t *testing.T, x *rules.Explanation) *curious.Readings {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(x.Forward.BodyBase64)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{x.Forward.URL, x.Forward.Body, string(body)}
	for name, value := range x.Forward.Headers {
		texts = append(texts, name, value)
	}
	return readings(t, texts...)
}
