package delivery

// Kind says how an attempt ended. Its zero value is the safe reading: nobody knows.
type Kind uint8

// The outcomes. Unknown means that bytes had left when the connection broke, so that a second attempt might count
// twice.
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
	WhyRefused         // its status says no
	WhyDial            // no connection could be made
	WhyTimeout         // time was up
	WhyBroken          // the connection ended, or the answer is none
	WhyCoded           // the answer came in a coding that nobody asked for
	WhyUnsent          // the connection ended before anything was written
	WhyObjection       // the gate held it back at the last moment
	WhyOverload        // no connection was free, or too much is under way with that vendor
	WhyStrayAnswer     // every connection had answers waiting that nobody asked for
	WhyTooLarge        // the answer is longer than any may be
	WhyAddress         // it leads nowhere that it may lead
	WhyNoneTaken       // the answer says that none of the events was taken
	WhySomeTaken       // and here, that some were
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
}
