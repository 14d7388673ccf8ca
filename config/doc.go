// Package config reads what users write: the operator's server file and the policy folder of analysts and the privacy
// lead. It reads strictly and reports every fault of every file at once, each with file, line and column, what is wrong
// and what would be right; it renders its own JSON Schemas and reference; and it resolves all names to a
// [github.com/tagwarden/tagwarden/rules.Draft]. It promises that nothing written is ignored in silence: what has no
// effect in this version is refused or warned of.
package config
