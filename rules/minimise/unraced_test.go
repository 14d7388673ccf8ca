//go:build !race

package minimise

const raced = false
