package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// logsProve makes a proof of one record.
func logsProve(_ context.Context, t *terminal, args []string) int {
	f := t.flags("logs prove", "NUMBER [--config FILE | --dir DIR] [--key FILE|KEY] [--witness-key FILE|KEY]... [--out FILE]")
	of, keys := t.ledgerFlags(f), t.keyFlags(f)
	out := f.String("out", "", "the file to write, which is not there yet; without it the proof is printed")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("which record? Give its number")
		return usage
	}
	number, err := strconv.ParseUint(strings.TrimPrefix(rest[0], "#"), 10, 63)
	if err != nil {
		t.fail("%q is no number of a record: 17 is right", rest[0])
		return usage
	}
	dir, code := of.written(t)
	if dir == "" {
		return code
	}
	key, witnesses, err := keys.read()
	if err != nil {
		return t.failed(err)
	}
	proof, err := audit.Prove(dir, number, key, witnesses...)
	if err != nil {
		return t.failed(err)
	}
	if *out == "" {
		printf(t.out, "%s", proof)
		return fine
	}
	if err := (durable.Files{}).Write(*out, proof, 0o600); err != nil {
		return t.failed(fmt.Errorf("cannot write the proof: %w", err))
	}
	printf(t.out, "wrote %s\n", *out)
	return fine
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
	log, err := tree.ParseKey(key)
	if err != nil {
		return t.failed(err)
	}
	var by []note.Verifier
	for _, text := range witnesses {
		witness, err := logkey.ParseWitness(text)
		if err != nil {
			return t.failed(err)
		}
		by = append(by, witness)
	}
	text, err := os.ReadFile(rest[0])
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
