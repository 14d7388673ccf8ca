package config

import (
	"crypto/sha256"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Choices is what is known of the texts that a site's visitors choose by.
type Choices struct {
	Texts []string `yaml:"texts" doc:"Files of the texts that the site's banner shows when it asks, word for word as tagwarden.choice is given them: at most 100 of at most 64 KiB. A record of a choice holds the SHA-256 digest of the text that was shown; of a text that is listed here the data folder keeps the words as well, so that a consent can be shown later (Art. 7(1) GDPR). Relative to this file."`
}

// Receipts is the source of signals that receipts of choices are.
type Receipts struct {
	SecretFile string `yaml:"secret_file" doc:"File of a secret of at least 32 characters, as openssl rand -hex 32 makes it: the site's server vouches with it for what a signed-in visitor chose (proof of POST /privacy/choices). Without it grants count by a token with the role receipts-add alone. Relative to this file."`
}

// Bounds of texts and secrets, in bytes, and of how many texts a site has.
const (
	maxChoiceText    = 64 << 10
	maxChoiceTexts   = 100
	leastSecretBytes = 32
	maxSecretBytes   = 1 << 10
)

// choicesPath is where the server file names a site's texts.
func choicesPath(site string, rest ...any) []any {
	return append(strict.Path("sites", site, "choices", "texts"), rest...)
}

// readChoices reads the texts that a site names, and the secret of its receipts.
func (s *Source) readChoices(doc *strict.Document, site string) {
	for i := range maxChoiceTexts {
		if !doc.Has(choicesPath(site, i)...) {
			break
		}
		s.readInto(s.texts, doc, choicesPath(site, i), maxChoiceText+1)
	}
	s.readInto(s.tokens, doc, strict.Path("sites", site, "signals", "receipts", "secret_file"), maxSecretBytes+1)
}

// checkChoices looks at the texts that a site names.
func (c siteCheck) checkChoices(site string, of Choices) {
	if len(of.Texts) > maxChoiceTexts {
		c.faults.At(c.server, choicesPath(site), "there are %d texts: at most %d are kept", len(of.Texts), maxChoiceTexts)
	}
	for i, name := range of.Texts[:min(len(of.Texts), maxChoiceTexts)] {
		switch file, read := c.source.texts[name]; {
		case !read: // what is not read from a folder holds no texts
		case file.err != nil:
			c.faults.At(c.server, choicesPath(site, i), "cannot read the text: %s", file.err)
		case len(file.content) == 0:
			c.faults.At(c.server, choicesPath(site, i), "the text is empty: nothing was shown")
		case len(file.content) > maxChoiceText:
			c.faults.At(c.server, choicesPath(site, i), "the text is longer than %d KiB", maxChoiceText>>10)
		}
	}
}

// checkReceipts looks at receipts as a source of signals. A secret that cannot be read from here is no fault: who
// writes policies need not know it, and without it no proof counts.
func (c siteCheck) checkReceipts(at []any, of *Receipts) {
	if of == nil {
		return
	}
	place := append(slices.Clone(at), "secret_file")
	file, read := c.source.tokens[of.SecretFile]
	switch length := len(token(file)); {
	case of.SecretFile == "" && c.consents():
		c.warnings.Key(c.server, at,
			"without secret_file no proof counts: what browsers post counts for refusals alone, and "+
				"grants by a token with the role receipts-add (POST /api/v1/receipts)")
	case of.SecretFile == "":
	case !read || file.err != nil:
		why := "it was not read"
		if file.err != nil {
			why = file.err.Error()
		}
		c.warnings.At(c.server, place, "cannot read the secret: %s; no proof counts", why)
	case length < leastSecretBytes || length > maxSecretBytes:
		c.faults.At(c.server, place, "the secret has %s: %d to %d are right, as openssl rand -hex 32 makes them",
			plural.Of(length, "byte"),
			leastSecretBytes, maxSecretBytes)
	}
	if c.purposes != nil && len(consentCategories(c.loaded)) == 0 {
		c.warnings.Key(c.server, at, "no purpose is in a consent category: no choice says anything of one")
	}
}

// consents tells whether any activity asks for consent.
func (c siteCheck) consents() bool {
	return slices.ContainsFunc(c.loaded.Activities, func(a Activity) bool { return a.Basis == basis.Consent.String() })
}

// ReceiptSecret is what a site's server vouches with; nil where it has no secret, or where that cannot be read.
func ReceiptSecret(l *Loaded, site string) []byte {
	of := l.Server.Sites[site].Signals.Receipts
	if of == nil || of.SecretFile == "" {
		return nil
	}
	secret := token(l.Source.tokens[of.SecretFile])
	if len(secret) < leastSecretBytes || len(secret) > maxSecretBytes {
		return nil
	}
	return secret
}

// ChoiceTexts are the texts that sites name, by their SHA-256 digest.
func ChoiceTexts(l *Loaded) map[[sha256.Size]byte][]byte {
	all := map[[sha256.Size]byte][]byte{}
	for _, site := range l.Server.Sites {
		for _, name := range site.Choices.Texts {
			if text := l.Source.texts[name].content; len(text) > 0 {
				all[sha256.Sum256(text)] = text
			}
		}
	}
	return all
}
