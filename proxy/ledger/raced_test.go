//go:build race

package ledger_test

// raced tells whether the race detector runs: pools drop what they are given then, now and again.
const raced = true
