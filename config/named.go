package config

import (
	"math"
	"slices"

	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/config/strict"
)

// named is a file that the server file names by a key, and that whoever needs it reads, or writes, when it is needed.
type named struct {
	at    []any  // where it stands: each stands for every key, and for every element of a list
	does  string // "read the webhook's secret"
	right string // what it is to be
	most  int64  // bytes
}

// each stands in a path for whatever stands there.
type each struct{}

// What files are.
const (
	oneLine      = "a file with one line of text"
	certificates = "a file of certificates (PEM)"
	notYet       = "a file, or one that is not there yet"
)

// namedFiles are all of them. What [Source] reads itself says what is wrong with it where it is looked at.
var namedFiles = []named{
	{strict.Path("tls", "cert"), "read the certificate", "a certificate chain (PEM)", namedfile.PEM},
	{strict.Path("tls", "key"), "read the certificate's key", "a private key (PEM)", namedfile.PEM},
	{strict.Path("keys", "root"), "read the root secret", "the file with the secret, as `tagwarden init` writes it",
		namedfile.Secret},
	{strict.Path("cluster", "creds"), "read the credentials", "a .creds file, as `nsc generate creds` writes it",
		namedfile.Secret},
	{strict.Path("cluster", "ca"), "read the certificates", certificates, namedfile.PEM},
	{strict.Path("webhooks", each{}, "secret_file"), "read the webhook's secret", oneLine, namedfile.Secret},
	{strict.Path("ledger", "export", "otlp", "secret_file"), "read the receiver's secret", oneLine, namedfile.Secret},
	{strict.Path("ledger", "export", "otlp", "ca"), "read the certificates", certificates, namedfile.PEM},
	{strict.Path("ledger", "export", "syslog", "ca"), "read the certificates", certificates, namedfile.PEM},
	{strict.Path("ledger", "export", each{}, "otlp", "secret_file"), "read the receiver's secret", oneLine,
		namedfile.Secret},
	{strict.Path("ledger", "export", each{}, "otlp", "ca"), "read the certificates", certificates, namedfile.PEM},
	{strict.Path("ledger", "export", each{}, "syslog", "ca"), "read the certificates", certificates, namedfile.PEM},
	{strict.Path("ledger", "checkpoint_to"), "write copies of checkpoints", notYet, math.MaxInt64},
	{strict.Path("ledger", "checkpoint_to", each{}), "write copies of checkpoints", notYet, math.MaxInt64},
	{strict.Path("vendors", each{}, "senders", "token_file"), "read the token", oneLine, namedfile.Secret},
	{strict.Path("sites", each{}, "signals", "receipts", "secret_file"), "read the secret", oneLine, namedfile.Secret},
}

// oddFile is what the server file names at a place, and what is wrong with it.
type oddFile struct {
	at   []any
	says string
}

// lookAtNamed looks at what kind of a file each of [namedFiles] is. One that is not there is for whoever needs it:
// policies are written also where nobody serves.
func (s *Source) lookAtNamed(doc *strict.Document) {
	for i := range namedFiles {
		of := &namedFiles[i]
		of.visit(doc, func(at []any, name string) {
			if isURL(name) {
				return
			}
			path := relativeTo(s.Path, name)
			if err := namedfile.Look(path, of.most); err != nil {
				s.odd = append(s.odd, oddFile{at, of.says(path, err)})
			}
		})
	}
}

// checkNamed says what is wrong with files that the server file names.
func (r *reading) checkNamed() {
	for _, odd := range r.source.odd {
		r.faults.At(r.server, odd.at, "%s", odd.says)
	}
}

// says is what is wrong with a file, and what is right.
func (n *named) says(path string, err error) string {
	return "cannot " + n.does + ": " + path + ": " + namedfile.WhyUnread(path, err) + "; right is " + n.right
}

// visit calls with each place of a document at which one is named, and with its name there.
func (n *named) visit(doc *strict.Document, do func(at []any, name string)) {
	var walk func(at, rest []any)
	walk = func(at, rest []any) {
		if len(rest) == 0 {
			if name := doc.Find(at).Value; name != "" {
				do(at, name)
			}
			return
		}
		steps := rest[:1]
		if _, is := rest[0].(each); is {
			steps = nil
			for i := range doc.Find(at).Content {
				steps = append(steps, i)
			}
			for _, key := range doc.Keys(at...) {
				steps = append(steps, key)
			}
		}
		for _, step := range steps {
			if next := append(slices.Clone(at), step); doc.Has(next...) {
				walk(next, rest[1:])
			}
		}
	}
	walk(nil, n.at)
}
