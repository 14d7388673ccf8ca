//go:build race

package minimise

// raced tells whether the race detector runs: pools, of which package regexp has one, drop
// what they are given then, now and again.
const raced = true
