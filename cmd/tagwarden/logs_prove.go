package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// logsProve makes a proof of one record.
func logsProve(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs prove", "NUMBER [--config FILE | --dir DIR | --server URL --token-file FILE] [--key FILE|KEY] "+
		"[--witness-key FILE|KEY]... [--out FILE]")
	of, remote, keys := t.ledgerFlags(f), addRemoteFlags(f), t.keyFlags(f)
	out := f.String("out", "", "the file to write, which is not there yet; without it the proof is printed")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	number, ok := recordNumber(t, rest)
	if !ok {
		return usage
	}
	key, witnesses, err := keys.read()
	if err != nil {
		return t.failed(err)
	}
	var proof []byte
	if remote.given() {
		proof, code = proveRemote(ctx, t, remote, number, key, witnesses)
	} else {
		proof, code = proveFolder(t, of, number, key, witnesses)
	}
	if proof == nil {
		return code
	}
	if *out == "" {
		printf(t.out, "%s", proof)
		return fine
	}
	err = durable.Files{}.Write(*out, proof, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return t.failed(fmt.Errorf("%s is there already: take it away, or have the proof written to another file", *out))
	}
	if err != nil {
		return t.failed(fmt.Errorf("cannot write the proof: %w", err))
	}
	printf(t.out, "wrote %s\n", *out)
	return fine
}

// proveFolder makes the proof of the files of a log.
func proveFolder(t *terminal, of ledgerFlags, number uint64, key string, witnesses []string) (
	proof []byte, code int,
) {
	dir, code := of.written(t)
	if dir == "" {
		return nil, code
	}
	proof, err := audit.Prove(dir, number, key, witnesses...)
	if err != nil {
		return nil, t.cannotVerify(dir, err)
	}
	return proof, fine
}

// logsCheckProof tells what a proof proves. It reads the file and the keys, and nothing else.
func logsCheckProof(_ context.Context, t *terminal, args []string) int {
	f := t.flags("logs check-proof", "FILE --key FILE|KEY [--witness-key FILE|KEY]...")
	keys := t.keyFlags(f)
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("which proof? Name its file")
		return usage
	}
	if *keys.key == "" {
		t.fail("--key is missing: the log's public key, from somebody else than whoever made the proof")
		return usage
	}
	key, witnesses, err := keys.read()
	if err != nil {
		return t.failed(err)
	}
	log, by, err := parseKeys(key, witnesses)
	if err != nil {
		return t.failed(err)
	}
	text, err := readNamed(rest[0], mostNamed)
	if err != nil {
		return t.failed(err)
	}
	proof, err := audit.CheckProof(text, log, by...)
	if err != nil {
		t.fail("%s: %v", rest[0], err)
		return findings
	}
	printf(t.out, "%s\n", proof)
	if proof.Line != nil {
		printf(t.out, "%s\n", proof.Line)
	} else {
		printf(t.out, "%s\n", proof.By.Line)
	}
	return fine
}
