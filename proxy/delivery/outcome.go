package delivery

import "time"

// Kind says how an attempt ended. Its zero value is the safe reading: nobody knows.
type Kind uint8

// The outcomes. Unknown means that bytes had left and that nobody says what became of them (the connection broke, time
// was up, the vendor failed), so that a second attempt might count twice. Dropped means that the vendor did not count
// it.
const (
	Unknown Kind = iota
	Delivered
	Dropped
)

// String returns the word that records and metrics use.
func (k Kind) String() string {
	switch k {
	case Delivered:
		return "delivered"
	case Dropped:
		return "dropped"
	default:
		return "unknown"
	}
}

// Why says what an outcome came of. Its zero value is the safe reading: something of ours failed, and nobody knows how
// far it came.
type Why uint8

// What an outcome comes of.
const (
	WhyFailed      Why = iota
	WhyOK              // the vendor took it
	WhyRefused         // its status is not 2xx
	WhyDial            // no connection could be made
	WhyTimeout         // time was up
	WhyBroken          // the connection ended, or the answer is none
	WhyCoded           // the answer came in a coding that nobody asked for
	WhyUnsent          // the connection ended before anything was written
	WhyObjection       // the gate held it back at the last moment
	WhyOverload        // no connection was free, or too much is under way with that vendor
	WhyStrayAnswer     // every connection had answers waiting that nobody asked for
	WhyTooLarge        // the answer is longer than any may be
	WhyAddress         // the vendor's name leads nowhere that it may lead
	WhyNoneTaken       // the answer says that none of the events was taken
	WhySomeTaken       // and here, that some were
	WhyTarget          // the vendor has no such host, or the path can be none
	WhyUnclear         // the answer does not say what became of the several events that it is about
	whys
)

// whyWords are what records say of each. They are read back for years: none is ever changed.
var whyWords = [whys]string{
	WhyFailed:      "failed",
	WhyOK:          "ok",
	WhyRefused:     "refused",
	WhyDial:        "dial",
	WhyTimeout:     "timeout",
	WhyBroken:      "broken",
	WhyCoded:       "coded",
	WhyUnsent:      "unsent",
	WhyObjection:   "objection",
	WhyOverload:    "overload",
	WhyStrayAnswer: "stray_answer",
	WhyTooLarge:    "too_large",
	WhyAddress:     "address",
	WhyNoneTaken:   "none_taken",
	WhySomeTaken:   "some_taken",
	WhyTarget:      "target",
	WhyUnclear:     "unclear",
}

// String returns the word that records use.
func (w Why) String() string {
	if w >= whys {
		w = WhyFailed
	}
	return whyWords[w]
}

// Outcome is how an attempt ended.
type Outcome struct {
	Kind   Kind
	Status int // the vendor's, 0 where it gave none
	Why    Why
	After  time.Duration // how long the vendor asks to wait (Retry-After), a second to an hour; 0: it does not say
}

func delivered(status int, why Why) Outcome {
	return Outcome{Kind: Delivered, Status: status, Why: why}
}

func dropped(status int, why Why) Outcome { return Outcome{Kind: Dropped, Status: status, Why: why} }

func unknown(why Why) Outcome { return Outcome{Kind: Unknown, Why: why} }

// refused is what a status says that is not 2xx. Where the vendor itself failed, nobody knows how far it came.
func refused(status int, after time.Duration) Outcome {
	o := Outcome{Dropped, status, WhyRefused, after}
	if failing(status) && !o.declined() {
		o.Kind = Unknown
	}
	return o
}
