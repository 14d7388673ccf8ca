package signal

import "testing"

// TestChoiceWords: each choice is read by its own word, and by no other.
func TestChoiceWords(t *testing.T) {
	t.Parallel()
	for c := AsRecorded; c <= AllRefused; c++ {
		if got, known := ParseChoice(c.String()); !known || got != c {
			t.Errorf("%v is read as %v, %v", c, got, known)
		}
	}
	if got, known := ParseChoice("al"); known || got != AsRecorded {
		t.Errorf("al is %v, %v", got, known)
	}
}
