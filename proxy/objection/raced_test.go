//go:build race

package objection

// raced tells that the race detector is on: it allocates.
const raced = true
