//go:build !race

package objection

const raced = false
