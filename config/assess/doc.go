// Package assess is what people do with legitimate interest assessments over a loaded configuration: answer the
// questions, check what the answers say against the policy, approve, revoke, compare with a version that was approved,
// and write a dossier. It promises that what it says was written is on disk, and that nothing is approved that the
// policy contradicts, unless somebody says why.
package assess
