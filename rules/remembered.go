package rules

import "time"

// How long the server itself remembers what it has of visitors: what it goes by, and what visitors are told, are these.
const (
	// ChoiceDays is how long a browser keeps what was objected to in it, and the proof of that: 13 months.
	ChoiceDays = 395

	// FollowDays is how long an objection goes on for a browser that was not seen again with the person who objected, and
	// an opt-out that is kept for one that did not send the signal again: 13 months.
	FollowDays = 395

	// MirrorFor is how long the script that copies a consent platform's choice keeps the copy in a cookie: 393 days.
	MirrorFor = 34_000_000 * time.Second

	// ToldWithin is how long a message to another system about an objection waits to be taken, at most.
	ToldWithin = 7 * 24 * time.Hour

	// DeniedFor is how long it is remembered which events were denied for lack of a yes.
	DeniedFor = 24 * time.Hour
)

// MirrorCookie is what that script calls its cookie, where the site says nothing else.
const MirrorCookie = "tagwarden-choices"

// UndoCookie is the cookie by which a browser proves that an objection was made in
// it, so that it can be taken back there.
const UndoCookie = "__Host-tagwarden-undo"
