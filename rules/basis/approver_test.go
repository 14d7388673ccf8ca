package basis

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestParseApprover(t *testing.T) {
	_, private := keys(t, "privacy")
	public := func(name string) string {
		_, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), name)
		if err != nil {
			t.Fatal(err)
		}
		return public
	}
	if a, err := ParseApprover("privacy", public("privacy")); err != nil || a.Name() != "privacy" {
		t.Errorf("%v, %v", a, err)
	}
	for _, key := range []string{"", "privacy", public("other"), public("privacy") + "A", private} {
		if _, err := ParseApprover("privacy", key); err == nil {
			t.Errorf("%q was accepted", key)
		}
	}
}
