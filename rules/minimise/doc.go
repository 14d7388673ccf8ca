// Package minimise cuts one field's value down to what a profile says.
//
// [Compile] turns a line of a profile ([Spec]) into an [Action], once; [Action.Append] applies it to values, many
// times, without allocating. There is one file for each minimiser, with all there is to know of it in one row: drop.go,
// keep.go, pseudonymise.go, derive.go, hash.go, truncate.go, generalise.go, url.go, scrub.go, only.go, rare.go,
// replace.go. table.go lists them.
//
// Promise: it fails closed. Where a key is missing or a value cannot be read as what it should be (an address, a time,
// a user agent), the field is dropped; it is never passed on as it was, and never half masked.
package minimise
