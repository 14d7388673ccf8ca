package scrub_test

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/scrub"
)

// A value is copied with a marker in place of every finding. With nothing found it comes out as it was.
func ExampleAppend() {
	for _, value := range []string{
		"Order of jane.doe@example.com, call +1 555 0100 199",
		"q=caf%C3%A9%20jane.doe%40example.com",
		"Order 48213 is on its way",
	} {
		out, found := scrub.Append(nil, []byte(value), scrub.All)
		fmt.Printf("%s | e-mail: %v\n", out, found.Has(scrub.Email))
	}
	// Output:
	// Order of [email], call [phone] | e-mail: true
	// q=caf%C3%A9%20[email] | e-mail: true
	// Order 48213 is on its way | e-mail: false
}

// A site's own detectors are looked for beside the others; a meter bounds the work that is done for a hit, and fails
// closed.
func ExampleDetectors_AppendWithin() {
	own, err := scrub.Compile([]scrub.Rule{{Label: "customer_no", Pattern: `\bKD-[0-9]{6}\b`}})
	if err != nil {
		fmt.Println(err)
		return
	}
	meter := scrub.NewMeter(2000)
	for range 2 {
		out, _ := own.AppendWithin(&meter, nil, []byte("Customer KD-123456 wrote again"), scrub.All)
		fmt.Printf("%s | spent: %v\n", out, meter.Spent())
	}
	// Output:
	// Customer [customer_no] wrote again | spent: false
	// [scrubbed] | spent: true
}
