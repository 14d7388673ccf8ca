package natslink

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/tagwarden/tagwarden/config/namedfile"
)

// rightFile is what a file of credentials is.
const rightFile = "a .creds file, as `nsc generate creds` writes it"

// userCreds are what a .creds file holds: who one is, as an account says it, and the key that shows it.
type userCreds struct {
	token string
	key   nkeys.KeyPair
}

// readCreds reads a file of credentials. An error is an [ErrBadCreds] that says which file, what is wrong with it and
// what would be right, and holds nothing of what is in it.
func readCreds(file string) (*userCreds, error) {
	text, err := namedfile.Read(file, namedfile.Secret)
	if err != nil {
		err = namedfile.Unread("the credentials", file, rightFile, err)
		return nil, worded{err.Error(), errors.Join(ErrBadCreds, err)}
	}
	bad := func(says string, err error) error {
		return fmt.Errorf("%w: %s: %w; right is %s", ErrBadCreds, file, worded{says, err}, rightFile)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, bad("it is empty", nkeys.ErrNoSeedFound)
	}
	key, err := nkeys.ParseDecoratedUserNKey(text)
	switch {
	case errors.Is(err, nkeys.ErrNoSeedFound):
		return nil, bad("it holds no key of a user (USER NKEY SEED)", err)
	case err != nil:
		return nil, bad("its key (USER NKEY SEED) is that of no user, or cut short", err)
	}
	token, err := nkeys.ParseDecoratedJWT(text)
	if err == nil && claimsOf(token) == nil {
		err = errNoToken
	}
	if err != nil {
		key.Wipe()
		return nil, bad("it does not say of which user it is (NATS USER JWT), or that is cut short", err)
	}
	return &userCreds{token, key}, nil
}

var errNoToken = errors.New("no token")

// claims is what of a token is looked at.
type claims struct {
	Expires int64 `json:"exp"`
}

// claimsOf reads a token's; nil: it is none.
func claimsOf(token string) *claims {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	of := new(claims)
	if err != nil || json.Unmarshal(text, of) != nil {
		return nil
	}
	return of
}

// CheckCreds says what is wrong with a file of credentials; "" is none.
func CheckCreds(file string) error {
	if file == "" {
		return nil
	}
	of, err := readCreds(file)
	if err == nil {
		of.key.Wipe()
	}
	return err
}

// ended says when the credentials of a file ended; "" where they have not, or nobody knows.
func ended(file string, now time.Time) string {
	if file == "" {
		return ""
	}
	of, err := readCreds(file)
	if err != nil {
		return ""
	}
	of.key.Wipe()
	c := claimsOf(of.token)
	if at := time.Unix(c.Expires, 0); c.Expires != 0 && !now.Before(at) {
		return "they were good until " + at.UTC().Format(time.RFC3339)
	}
	return ""
}

// showing has a connection show the credentials of a file, as they are in it at that moment.
func showing(file string) nats.Option {
	return nats.UserJWT(func() (string, error) {
		of, err := readCreds(file)
		if err != nil {
			return "", err
		}
		of.key.Wipe()
		return of.token, nil
	}, func(nonce []byte) ([]byte, error) {
		of, err := readCreds(file)
		if err != nil {
			return nil, err
		}
		defer of.key.Wipe()
		return of.key.Sign(nonce)
	})
}
