package iab_test

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// A vendor asks a TC string about a purpose. What it may do depends on what it declared in the vendor list, on what the
// publisher restricts, and on what the visitor chose; a string that cannot be relied on says no, and why.
func ExampleDecodeTC() {
	const text = "CQjrs8AQjrs8AAKABAENB4FgAPPAAEPAAAYgAElUABJVAAA.IAElU"
	t, err := iab.DecodeTC([]byte(text))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("policy %d, may be relied on: %s\n", t.PolicyVersion, t.Usable())
	for _, purpose := range []int{7, 5} {
		d := t.Purpose(2, purpose, iab.DeclaredConsent)
		fmt.Printf("purpose %d: %t, %s\n", purpose, d.OnConsent, d.Reason.Words())
	}

	_, err = iab.DecodeTC([]byte(text[:20]))
	fmt.Println("cut off:", err)
	// Output:
	// policy 5, may be relied on: ok
	// purpose 7: true, allowed
	// purpose 5: false, no consent to the purpose
	// cut off: ends before its last field
}
