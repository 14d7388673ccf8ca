package words

import (
	"fmt"
	"strconv"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// reading is that somebody read the log: what was asked about, and how much was shown.
func reading(r *record) string {
	said := fmt.Sprintf("reading: %s by %s through %s", r.get("verb"), r.get("by"), r.get("through")) +
		before(", record ", r.get("number")) + before(", asked about ", r.list("asked")) + before(", from ", r.get("from")) +
		before(", to ", r.get("to"))
	if n := len(r.all.Get("subjects").Array()); n > 0 {
		said += ", about a person by " + plural.Of(n, "subject")
	}
	if n, err := strconv.Atoi(r.get("records")); err == nil {
		said += ": " + plural.Of(n, "record")
	}
	if id := r.get("reading"); id != "" {
		said += " (" + id + ")"
	}
	return said
}
