// Package change says what a new configuration does otherwise than an old one, and whether that is
// wider: more data, more events, more recipients, or fewer ways to say no. It promises that a change
// which is not known to narrow counts as wider.
package change
