package basis

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzVerify: whatever stands under approval, nothing but an approver's signature over this digest is Valid.
func FuzzVerify(f *testing.F) {
	t := &testing.T{}
	privacy, private := keys(t, "privacy")
	entry := signed(t, private)
	f.Add(entry.Assessment.Approval)
	f.Add(entry.Assessment.Approval + entry.Assessment.Approval)
	f.Add("tagwarden assessment\nLIA-1\n\n— privacy AAAA\n")
	f.Add(signedBefore(t, private).Assessment.Approval)
	f.Fuzz(func(t *testing.T, approval string) {
		a := sample()
		a.Approval = approval
		same := strings.Contains(strings.ReplaceAll(approval, "\r\n", "\n"), ApprovalText(a.ID, a.Version, entry.Digest)) &&
			bytes.Equal(signature(strings.ReplaceAll(approval, "\r\n", "\n")), signature(entry.Assessment.Approval))
		if got := Verify(Entry{Assessment: a, Digest: entry.Digest, First: entry.First}, []Approver{privacy},
			nil); got == Valid && !same {
			t.Errorf("%q is valid", approval)
		}
		SignedBy(approval)
	})
}
