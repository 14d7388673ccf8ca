package objection_test

import (
	"context"
	"fmt"
	"os"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Who objects is known by a keyed hash alone. When Apply returns, the objection is on disk and every look-up finds it.
func Example() {
	dir, err := os.MkdirTemp("", "objections")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := objection.Open(objection.Options{Dir: dir, Identity: "keys-1"})
	if err != nil {
		panic(err)
	}
	defer func() { _ = store.Close() }()

	// in earnest made by rules.Identity, under the keys' state
	jane := objection.Subject{Space: "user_id", Hash: [16]byte{1}}
	objects := objection.Change{
		Subjects: []objection.Subject{jane}, Object: []string{"audience", "vendor:ga4"}, Source: objection.PreferenceCentre,
	}
	receipts, err := store.Apply(context.Background(), objection.Batch{Changes: []objection.Change{objects}})
	if err != nil {
		panic(err) // nothing was done
	}
	fmt.Println("change", receipts[0].Seq, "in force:", receipts[0].InForce)

	found, err := store.Lookup(jane.Hash) // as for every event: what is not known is answered from memory
	fmt.Println("objected:", found.Any(), err)
	found, err = store.Lookup([16]byte{2})
	fmt.Println("somebody else:", found.Any(), err)

	back := objection.Change{Subjects: objects.Subjects, TakeBack: []string{"audience"},
		Holder: objection.Holder{Kind: objection.Role},
		Source: objection.PreferenceCentre}
	if receipts, err = store.Apply(context.Background(), objection.Batch{Changes: []objection.Change{back}}); err != nil {
		panic(err)
	}
	fmt.Println("change", receipts[0].Seq, "in force:", receipts[0].InForce)
	// Output:
	// change 1 in force: [audience vendor:ga4]
	// objected: true <nil>
	// somebody else: false <nil>
	// change 2 in force: [vendor:ga4]
}
