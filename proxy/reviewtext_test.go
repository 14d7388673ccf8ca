package proxy

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestDueText: people are told of a review in a sentence, in the log and by webhooks.
func TestDueText(t *testing.T) {
	day, err := basis.ParseDay("2027-05-04")
	if err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]string{
		-1: "assessment LIA-1 is past its review (2027-05-04): its activities deny",
		0:  "assessment LIA-1 is to be reviewed in 0 days (2027-05-04); after that its activities deny",
		1:  "assessment LIA-1 is to be reviewed in 1 day (2027-05-04); after that its activities deny",
		30: "assessment LIA-1 is to be reviewed in 30 days (2027-05-04); after that its activities deny",
	} {
		if got := dueText(basis.Due{ID: "LIA-1", ReviewBy: day, Days: days}); got != want {
			t.Errorf("%d days: %q, want %q", days, got, want)
		}
	}
}
