//go:build race

package proxy_test

// raced tells whether the race detector runs: what one goroutine does alone takes
// ten times as long, and shows it nothing.
const raced = true
