// Package plural puts numbers of things into English words: one event is "1 event", and none are "0 events".
// Every message that counts goes through it.
package plural

import (
	"strconv"
	"strings"
)

// integer is what things are counted in.
type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Of is how many things there are, in words: 2 and "waiting event" are "2 waiting
// events". The thing ends in a regular noun.
func Of[N integer](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return decimal(n) + " " + many(thing)
}

// Are is the verb that goes with n things: [Of] and "is" where it is one, else "are".
func Are[N integer](n N, thing string) string { return Of(n, thing) + " " + Verb(n, "is", "are") }

// Verb is the verb that goes with n things: one where it is one, else several.
func Verb[N integer](n N, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

func decimal[N integer](n N) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

// many is the plural of a thing.
func many(thing string) string {
	switch {
	case strings.HasSuffix(thing, "y") && !strings.HasSuffix(thing, "ay") && !strings.HasSuffix(thing, "ey") &&
		!strings.HasSuffix(thing, "oy"):
		return strings.TrimSuffix(thing, "y") + "ies"
	case strings.HasSuffix(thing, "s"), strings.HasSuffix(thing, "x"), strings.HasSuffix(thing, "ch"),
		strings.HasSuffix(thing, "sh"):
		return thing + "es"
	}
	return thing + "s"
}
