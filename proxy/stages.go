package proxy

import (
	"github.com/tagwarden/tagwarden/rules"
)

// The way of a hit, whole. No stage looks back, and the order is the law: nothing is judged that was not received well,
// nothing is recorded that was not judged, nothing is delivered that was not recorded. The order is code, not
// configuration; a test fails if judging or recording is missing.
//
// A stage stands in the file of its name, and says how it ended: next, answered, refused. However the hit ends, it is
// answered (see serve.go and answer.go), and shown to whoever watches (show.go).
var stages = []stage{
	{"receive", receive},         // framing of the head; the request as bytes, whose address it is
	{"health", answerHealth},     // a load balancer asks whether hits are taken; at the end of the server, nothing goes on
	{"pages", servePages},        // a visitor asks for a page of ours, or what this is
	{"preflight", preflight},     // a browser or an SDK asks whether it may send a hit
	{"route", route},             // the site, the vendor, the endpoint, and so how much it may hold (rules.FindRoute)
	{"room", room},               // where its events would wait for their vendor: whether they can
	{"body", body},               // as it comes, within limits, from the budget of memory
	{"read", read},               // decode, observe: events, subjects, signals (rules.Read)
	{"lookup", lookUpObjections}, // the objections of every subject
	{"judge", judge},             // decide, minimise, encode: ladder, every field, the request to the vendor (rules.Judge)
	{"record", record},           // every decision is in the ledger before anything leaves, and what waits in the queue
	{"deliver", deliver},         // to the vendor, now; or by the queue, which judges it again (dispatch.go)
}

// stage is one step on the way.
type stage struct {
	name string
	run  func(*Server, *hitContext) result
}

// result is how a stage ended. Its zero value refuses.
type result struct {
	ending ending
	reason rules.Reason // why it is refused
}

type ending uint8

const (
	isRefused ending = iota
	isNext
	isAnswered
)

// What a stage returns beside a refusal: the hit goes on, or what was received was no hit and has its answer.
var (
	next     = result{ending: isNext}
	answered = result{ending: isAnswered}
)

// refused ends a hit as a whole.
func refused(reason rules.Reason) result { return result{reason: reason} }

// nextUnless goes on where there is no reason not to: rules.Unjudged.
func nextUnless(reason rules.Reason) result {
	if reason == rules.Unjudged {
		return next
	}
	return refused(reason)
}
