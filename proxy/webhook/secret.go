package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// leastSecret is how many bytes a secret has at least; Standard Webhooks says 24 to 64.
const leastSecret = 24

// errSecret says that the file of a secret does not do, for now. Nothing is sent then, and nothing given up.
var errSecret = errors.New("the webhook cannot be told anything")

// ReadSecret reads a file that holds a secret: "whsec_" and base64, or the key as it is, without white space around it.
func ReadSecret(file string) ([]byte, error) {
	text, err := readLine(file)
	if err != nil {
		return nil, err
	}
	secret := []byte(text)
	if encoded, ok := strings.CutPrefix(text, "whsec_"); ok {
		if secret, err = base64.StdEncoding.Strict().DecodeString(encoded); err != nil {
			return nil, fmt.Errorf("%s: what follows whsec_ is no base64", file)
		}
	}
	if len(secret) < leastSecret {
		return nil, fmt.Errorf("%s: the secret has %s: at least %d are right", file,
			plural.Of(len(secret), "byte"), leastSecret)
	}
	return secret, nil
}

// ReadToken reads a file that holds what ${secret} stands for, without white space around it.
func ReadToken(file string) (string, error) {
	text, err := readLine(file)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fmt.Errorf("%s: the secret holds what is no letter, digit or sign of ASCII: no header can", file)
	}
	return text, err
}

// readLine reads a file of one line. One that is empty, or has several, is being written, or is no secret.
func readLine(file string) (string, error) {
	all, err := namedfile.Read(file, namedfile.Secret)
	if err != nil {
		return "", unread(file, err)
	}
	text := strings.TrimSpace(string(all))
	switch {
	case text == "":
		return "", fmt.Errorf("%s: the file is empty: it is to hold the secret", file)
	case strings.ContainsAny(text, "\r\n"):
		return "", fmt.Errorf("%s: the secret has a line break in it: it is one line", file)
	}
	return text, nil
}

// unread says why the file cannot be read, and what is right.
func unread(file string, err error) error {
	return namedfile.Unread("the webhook's secret", file, "a file with one line of text", err)
}

// settled is how long a file is left alone after it was written: until then somebody may be in the middle of it, and
// half a secret may look like a whole one.
const settled = time.Second

// readSettled reads a secret from a file that nobody is writing.
func readSettled[T any](file string, now time.Time, read func(file string) (T, error)) (T, error) {
	secret, err := read(file)
	if err != nil {
		return secret, err
	}
	of, err := os.Stat(file)
	if err != nil {
		return secret, unread(file, err)
	}
	if age := now.Sub(of.ModTime()); age >= 0 && age < settled {
		return secret, fmt.Errorf("%s was written this second: it is read when nobody writes it any more", file)
	}
	return secret, nil
}
