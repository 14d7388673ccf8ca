// Package gtm reads containers that Google Tag Manager exported and says of each tag whether what it sends
// can pass here: through which entry of the catalog, what has to be changed for that, and why not where it
// cannot. It promises that every tag is in the report once, and that no script, key or value of a
// container is in it or in what is proposed.
package gtm
