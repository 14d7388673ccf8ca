// Package signaltest makes what tests of signals read: consent strings, written bit by bit from their specifications, files of test
// vectors, and every short text of some letters. It shares nothing with what is tested.
package signaltest

// Texts yields every text of up to so many of some letters.
func Texts(letters string, most int) func(yield func(string) bool) {
	var of func(text string, yield func(string) bool) bool
	of = func(text string, yield func(string) bool) bool {
		if !yield(text) {
			return false
		}
		for i := 0; len(text) < most && i < len(letters); i++ {
			if !of(text+letters[i:i+1], yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(string) bool) { of("", yield) }
}
