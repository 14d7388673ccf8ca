package proxy

import (
	"github.com/tagwarden/tagwarden/rules"
)

// The way of a hit, whole. No stage looks back, and the order is the law: nothing is judged that was not received well, nothing is
// recorded that was not judged, nothing is delivered that was not recorded. The order is code, not configuration; a test fails if
// judging or recording is missing.
//
// A stage returns rules.Unjudged to go on, or the reason why the hit ends here. However it ends, it is answered (see answer.go).
var stages = []stage{
	{"receive", receive}, // framing of the head; the request as bytes, whose address it is
	{"route", route},     // the site, the vendor, the endpoint, and so how much it may hold (rules.FindRoute)
	{"body", body},       // as it comes, within limits, from the budget of memory
	{"read", read},       // decode, observe: events, subjects, signals (rules.Read)
	{"ask", ask},         // the objections of every subject
	{"judge", judge},     // decide, minimise, encode: the ladder, every field, the request to the vendor (rules.Judge)
	{"record", record},   // every decision is in the ledger before anything leaves
	{"deliver", deliver}, // to the vendor, now
}

// stage is one step on the way.
type stage struct {
	name string
	run  func(*Server, *passage) rules.Reason
}
