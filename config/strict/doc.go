// Package strict reads YAML that people write: every value with its place, every fault of a file in one go, each with
// line, column, what is wrong and what would be right. What structs cannot say of a file, the words of closed lists, is
// handed in as a [Grammar]. It promises that nothing written is ignored: a key that no struct knows is a fault.
package strict
