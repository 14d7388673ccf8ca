package basis

import (
	"strings"
	"testing"
	"time"
)

func TestRevocation(t *testing.T) {
	privacy, private := keys(t, "privacy")
	other, _ := keys(t, "other")
	r := Revocation{"LIA-1", 3, time.Date(2026, time.December, 1, 12, 0, 0, 0, time.FixedZone("", 3600)),
		" the vendor\n was sold "}
	signed, err := r.Sign(private)
	if err != nil || !strings.Contains(signed, "at 2026-12-01T11:00:00Z\nbecause the vendor was sold\n") {
		t.Fatalf("%q, %v", signed, err)
	}
	if got := r.SignedBy(signed, []Approver{other, privacy}); got != privacy.Key() {
		t.Errorf("signed by %q", got)
	}
	if _, err := r.Sign("key"); err == nil {
		t.Error("that is a key")
	}
	later := r
	later.Version = 4
	for name, got := range map[string]string{
		"no signature": r.SignedBy("", []Approver{privacy}), "no approver": r.SignedBy(signed, []Approver{other}),
		"another version": later.SignedBy(signed, []Approver{privacy}), "cut short": r.SignedBy(signed[:len(signed)-5],
			[]Approver{privacy}),
	} {
		if got != "" {
			t.Errorf("%s: signed by %q", name, got)
		}
	}
}

func TestPastWithRevocations(t *testing.T) {
	past := Past{Revoked: map[string]int{"LIA-1": 3}, Seen: map[string]int{"LIA-1": 5}}
	more := past.With([]Revocation{{Assessment: "LIA-1", Version: 2}, {Assessment: "LIA-2", Version: 1}})
	if more.Revoked["LIA-1"] != 3 || more.Revoked["LIA-2"] != 1 || more.Seen["LIA-1"] != 5 || len(past.Revoked) != 1 {
		t.Errorf("%v, %v", past, more)
	}
	if !more.Void("LIA-1", 3) || !more.Void("LIA-1", 4) || more.Void("LIA-1", 5) || !more.Void("LIA-2", 1) ||
		more.Void("LIA-2", 2) {
		t.Error("what is void is not what was taken back or is older")
	}
}
