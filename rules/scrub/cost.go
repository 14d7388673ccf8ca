package scrub

// What things cost, in steps of about 0.6 nanoseconds. They are measured (BenchmarkWorst) and kept a little too high
// rather than too low, so that steps bound the time.
const (
	costIdle    = 2    // a byte that is looked at to see whether there is anything to look for
	costByte    = 3    // of a text, for all that is looked for in one go over it
	costEscape  = 4    // a byte of a text with escapes, for each layer of them
	costDecode  = 4    // a byte that is read from hex or base64
	costInflate = 24   // a byte that is unpacked
	costBlock   = 1300 // a block of what is compressed, with its codes
	costAt      = 24   // a sign that an e-mail address may have
	costTried   = 8    // something that is seen at once to be nothing
	costMark    = 14   // a sign that findings start with
	costMachine = 40   // an address of a machine, as far as it is read
	costWord    = 40   // a word
	costNumber  = 30   // one that starts with a digit
	costLong    = 74   // one that six digits or more start at
	costPhone   = 68   // one with enough for a phone's number
	costLabel   = 18   // the words in front of a number, asked once
	costLookup  = 40   // one word in several vocabularies
	costPass    = 80   // a text of its own: a value, or one that was decoded
	costMatch   = 64   // asking a detector of a site's own once
	costAgain   = 24   // a byte that it reads again
	costFound   = 48   // a finding, which is noted and replaced
)
