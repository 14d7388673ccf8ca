package words

import (
	"cmp"
	"time"
)

// token is that a token of the API came into force, or opens nothing any more.
func token(r *record) string {
	said := joined("token", r.get("name"), r.get("change"), "by", cmp.Or(r.get("by"), "nobody named")) +
		before(" through ", r.get("through")) + before(", with ", r.list("roles")) + before(", of ", r.day("created")) +
		before(", until ", r.day("expires")) + before(" (", r.get("token"))
	if r.get("token") != "" {
		said += ")"
	}
	if r.all.Get("again").Bool() {
		said += ", as before"
	}
	return said
}

// day is that of a time.
func (r *record) day(name string) string {
	text := r.get(name)
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at.UTC().Format(time.DateOnly)
	}
	return text
}
