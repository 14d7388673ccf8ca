// Package notice tells visitors and authorities what a configuration does: the notice of GDPR Art. 13 and 14, in
// several languages and forms, with what a published one says otherwise than today's, and the record of processing of
// Art. 30. It is made of the compiled policy, and promises that a notice whose digest is today's says what is done.
package notice
