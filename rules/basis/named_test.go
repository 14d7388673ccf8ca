package basis

import "testing"

// TestApprovalBeforeTheName: what was signed before the controller's name was covered still holds, for a document that
// says nothing which was not known then; what is signed from now on covers the name.
func TestApprovalBeforeTheName(t *testing.T) {
	approver, private := keys(t, "privacy")
	named := surroundings()
	named.Controller = "Shop SARL"
	worth := func(a *Assessment, around Surroundings) Validity {
		return Verify(NewEntry(a, around), []Approver{approver}, nil)
	}
	sign := func(a *Assessment, digest Digest) {
		var err error
		if a.Approval, err = Sign(a, digest, private); err != nil {
			t.Fatal(err)
		}
	}
	a := sample()
	sign(a, a.Digest(surroundings()))
	if got := worth(a, named); got != Valid {
		t.Errorf("signed before: %v", got)
	}
	entry := NewEntry(a, named)
	if entry.Digest != entry.Unnamed || entry.Whole != a.Digest(named) {
		t.Error("it says that the name was signed")
	}
	sign(a, entry.Whole)
	if got := worth(a, named); got != Valid {
		t.Errorf("signed with the name: %v", got)
	}
	named.Controller = "Andere AG"
	if got := worth(a, named); got != Changed {
		t.Errorf("another name: %v", got)
	}
	a = newest()
	sign(a, a.Digest(surroundings()))
	if got := worth(a, named); got != Changed {
		t.Errorf("signed without a name, with what was not known before: %v", got)
	}
}
