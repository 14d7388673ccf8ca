// Package contact brings what people are reached by, e-mail addresses and phone numbers, to one form however they are
// written, and reads the hashes that others make of them. It is pure; what is ASCII takes no allocation.
package contact
