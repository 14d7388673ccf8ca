package delivery

// Again tells whether a second attempt may be made, now or later. Without a key that the vendor knows repeats by, only
// where it is sure that the first one was not counted: nothing was written, or the vendor declined it for now. With a
// key also where nobody knows what became of it: the same bytes under the same key count once. What the vendor took, or
// refused for what it is, is not tried again.
func (o Outcome) Again(keyed bool) bool {
	switch o.Why {
	case WhyDial, WhyAddress, WhyUnsent, WhyOverload, WhyStrayAnswer:
		return true
	case WhyRefused:
		return o.declined() || keyed && (failing(o.Status) || o.Status == statusTooEarly)
	case WhyTimeout, WhyBroken, WhyFailed:
		return keyed
	default:
		// Taken; held back by an objection; refused; no target. A vendor that answers 2xx, and then in a coding or at a
		// length that is not read, would do so again.
		return false
	}
}

// Statuses that say more than their class (RFC 9110, section 15; RFC 6585, section 4; RFC 8470, section 5.2).
const (
	statusRequestTimeout      = 408
	statusTooEarly            = 425
	statusTooManyRequests     = 429
	statusNotImplemented      = 501
	statusUnavailable         = 503
	statusVersionNotSupported = 505
)

// declined tells whether the vendor says that it did not look at the request, and that it may come again.
func (o Outcome) declined() bool {
	return o.Status == statusTooManyRequests || o.Status == statusUnavailable && o.After > 0
}

// failing tells whether a status says that the vendor failed at a request that may be right: 5xx, but what it will
// never do, and 408, which says of a request that was written whole that it was not read in time.
func failing(status int) bool {
	switch status {
	case statusRequestTimeout:
		return true
	case statusNotImplemented, statusVersionNotSupported:
		return false
	default:
		return status >= 500 && status <= 599
	}
}

// health is what an outcome says of the vendor, as against the event.
type health uint8

const (
	silent health = iota // nothing: it was not asked
	up                   // it answers, whatever it says of the event
	down                 // it is not there, fails, or has too much to do
)

// health tells whether a vendor is up. What became of one event for what it is, and what was ours, says nothing against
// it.
func (o Outcome) health() health {
	switch o.Why {
	case WhyDial, WhyAddress, WhyUnsent, WhyStrayAnswer, WhyTimeout, WhyBroken:
		return down
	case WhyRefused:
		if o.Status == statusTooManyRequests || failing(o.Status) {
			return down
		}
		return up
	case WhyOK, WhyNoneTaken, WhySomeTaken, WhyUnclear, WhyCoded, WhyTooLarge:
		return up
	default: // objection, overload (too few connections of ours), target, a failure of ours
		return silent
	}
}
