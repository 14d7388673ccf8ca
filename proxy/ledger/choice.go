package ledger

import (
	"encoding/hex"
	"time"

	"go.uber.org/zap/zapcore"
)

// KindChoice is the kind of a record that somebody chose, in a banner or by the site's server: site, source, categories
// granted and refused, when, the digest of the text that was shown, subjects. Where the site lists receipts as a source
// of signals it counts from then on, and has a number among the acts of the log of objections (seq).
const KindChoice = "choice"

// Choice is an act of choosing.
type Choice struct {
	Granted  []string // consent categories
	Refused  []string
	Text     [32]byte  // SHA-256 of the text that was shown; zero where nobody said
	Kept     bool      // the text itself is kept, in the data folder under its digest
	Version  string    // of the text or the banner, as the site calls it
	Platform string    // the consent platform that it was copied from
	At       time.Time // when, as who sent it says: the record's own time is when it came
	Vouched  bool      // the site vouches for it
	Proof    bool      // by a proof; else by a token, which By names
}

// add writes the members of a choice; nothing for nil.
func (c *Choice) add(to zapcore.ObjectEncoder) error {
	if c == nil {
		return nil
	}
	to.AddTime("chosen", c.At.UTC())
	if err := addTexts(to, "granted", c.Granted); err != nil {
		return err
	}
	if c.Text != [32]byte{} {
		to.AddString("text", hex.EncodeToString(c.Text[:]))
	}
	addTrue(to, "text_kept", c.Kept)
	addText(to, "version", c.Version)
	addText(to, "platform", c.Platform)
	addTrue(to, "vouched", c.Vouched)
	addTrue(to, "proof", c.Proof)
	return addTexts(to, "refused", c.Refused)
}
