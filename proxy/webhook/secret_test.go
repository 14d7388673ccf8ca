package webhook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// half are files of secrets that are not there yet, or not whole, or none: with the way of each to a receiver that
// signs, and to one whose request names the secret.
var half = map[string]struct{ signs, named bool }{
	"": {}, "\n": {}, " \t\r\n": {},
	"short":                                {named: true},
	"whsec_":                               {named: true},
	"whsec_*":                              {named: true},
	"whsec_c2hvcnQ=":                       {named: true},
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa": {named: true}, // cut
	"whsec_MfKQ9r8GKYqr\nTwjUPD8ILPZIo2LaLaSw": {}, // base64 readers leave line breaks out
	"whsec_MfKQ9r8GKYqr\rTwjUPD8ILPZIo2LaLaSw": {},
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx":   {signs: true, named: true},
	"kkkkkkkkkkkkkkkk\nkkkkkkkkkkkkkkkk":       {},
	"kkkkkkkkkkkkkkkk\tkkkkkkkkkkkkkkkk":       {signs: true},
	"kkkkkkkkkkkkkkkké-kkkkkkkkkkkkkkk":        {signs: true},
	"  kkkkkkkkkkkkkkkkkkkkkkkk\r\n":           {signs: true, named: true},
}

func TestSecretsThatAreNotWhole(t *testing.T) {
	for text, want := range half {
		file := secretFile(t, text)
		if _, err := ReadSecret(file); (err == nil) != want.signs {
			t.Errorf("%q signs: %v", text, err)
		}
		if _, err := ReadToken(file); (err == nil) != want.named {
			t.Errorf("%q is named: %v", text, err)
		}
	}
}

// TestASecretThatIsNotWholeMakesMessagesWait: none is dropped, none is signed with
// it, and when it is whole all are told.
func TestASecretThatIsNotWholeMakesMessagesWait(t *testing.T) {
	for text, want := range half {
		for _, named := range []bool{true, false} {
			if want.signs && !named || want.named && named {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				o := ReceiverOptions{Name: "a", URL: "https://a.example", Events: []string{Objection},
					SecretFile: secretFile(t, text)}
				if named {
					o.Request = &Request{Body: "${email}", Headers: map[string]string{"Authorization": "Bearer ${secret}"}}
				}
				r, err := NewReceiver(o)
				if err != nil {
					t.Fatal(err)
				}
				s, f := &shelf{now: time.Now}, &far{answer: always(200)}
				for i := range 5 {
					s.post(t, uint64(i+1), r, person(i))
				}
				out := deliver(t, s, f, nil, r)
				pass(24 * time.Hour)
				if _, n := f.sent(); n > 0 || s.left() != 5 || out.count("a secret") != len(out.events()) {
					t.Errorf("%q: %d sent, %d left, %q", text, n, s.left(), out.events())
				}
				if err := os.Rename(secretFile(t, strings.Repeat("k", 32)), o.SecretFile); err != nil {
					t.Fatal(err)
				}
				pass(2 * time.Minute)
				if s.left() != 0 {
					t.Errorf("%q, then with it: %d left", text, s.left())
				}
			})
		}
	}
}

// TestASecretThatWasJustWritten may be the first half of one, whatever it looks like.
func TestASecretThatWasJustWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hook.key")
	if err := os.WriteFile(file, []byte(strings.Repeat("k", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := signing(t, "https://a.example", file)
	for age, want := range map[time.Duration]bool{-time.Hour: true, 0: false, settled / 2: false,
		settled: true, time.Hour: true} {
		if err := os.Chtimes(file, december, december.Add(-age)); err != nil {
			t.Fatal(err)
		}
		_, err := r.request(t.Context(), &Act{Notice: []byte("{}")}, "msg_1", december)
		if (err == nil) != want || err != nil && !errors.Is(err, errSecret) {
			t.Errorf("written %v ago: %v", age, err)
		}
	}
}
