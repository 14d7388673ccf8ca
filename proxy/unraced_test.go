//go:build !race

package proxy_test

// raced tells whether the race detector runs.
const raced = false
