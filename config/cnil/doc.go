// Package cnil answers the self-assessment of the French authority (CNIL) for the exemption of audience measurement
// from consent, from a loaded configuration: line by line what the policy shows, where it does not hold, and what
// somebody has looked up in the vendor's settings and answers for. It promises that nothing counts as met which neither
// the policy shows nor somebody answers for today.
//
// The lines are those of the authority's self-assessment tool of July 2025 (outil d'auto-évaluation, mesure
// d'audience), in words and with numbers of our own: the tool was read in copies that quote it, which agree on
// what it asks, not in the original. Beside them stand three recommendations (deliberation 2020-092, Art. 5):
// 13 months, 25 months, telling people.
package cnil
