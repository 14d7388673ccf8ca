package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// credentials are those of a run: what servers are told of whom to trust, and two files of a node, of which the servers
// know one.
type credentials struct {
	servers      string // lines of nats.conf
	right, wrong string // files
}

func newCredentials(dir string) (*credentials, error) {
	c := &credentials{right: filepath.Join(dir, "right.creds"), wrong: filepath.Join(dir, "wrong.creds")}
	operator, err := nkeys.CreateOperator()
	if err != nil {
		return nil, err
	}
	account, accountJWT, err := newAccount(operator, true)
	if err != nil {
		return nil, err
	}
	unknown, _, err := newAccount(operator, true) // which no server knows
	if err != nil {
		return nil, err
	}
	system, systemJWT, err := newAccount(operator, false)
	if err != nil {
		return nil, err
	}
	systemName, err := system.PublicKey()
	if err != nil {
		return nil, err
	}
	of, err := operator.PublicKey()
	if err != nil {
		return nil, err
	}
	claims := jwt.NewOperatorClaims(of)
	claims.SystemAccount = systemName
	operatorJWT, err := claims.Encode(operator)
	if err != nil {
		return nil, err
	}
	name, err := account.PublicKey()
	if err != nil {
		return nil, err
	}
	c.servers = fmt.Sprintf("operator: %s\nresolver: MEMORY\nsystem_account: %s\nresolver_preload: { %s: %s, %s: %s }\n",
		operatorJWT, systemName, name, accountJWT, systemName, systemJWT)
	for file, signer := range map[string]nkeys.KeyPair{c.right: account, c.wrong: unknown} {
		if err := newUser(file, signer); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func newAccount(operator nkeys.KeyPair, stores bool) (account nkeys.KeyPair, text string, err error) {
	if account, err = nkeys.CreateAccount(); err != nil {
		return nil, "", err
	}
	name, err := account.PublicKey()
	if err != nil {
		return nil, "", err
	}
	claims := jwt.NewAccountClaims(name)
	if stores {
		claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1,
			MaxAckPending: -1}
	}
	text, err = claims.Encode(operator)
	return account, text, err
}

func newUser(file string, account nkeys.KeyPair) error {
	user, err := nkeys.CreateUser()
	if err != nil {
		return err
	}
	name, err := user.PublicKey()
	if err != nil {
		return err
	}
	text, err := jwt.NewUserClaims(name).Encode(account)
	if err != nil {
		return err
	}
	seed, err := user.Seed()
	if err != nil {
		return err
	}
	b, err := jwt.FormatUserConfig(text, seed)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}
