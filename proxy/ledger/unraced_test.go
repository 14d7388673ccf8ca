//go:build !race

package ledger_test

// raced tells whether the race detector runs.
const raced = false
