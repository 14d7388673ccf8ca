package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// logsVerbs are what can be done with the forwarding log.
func logsVerbs() []verb {
	return []verb{
		{"tail", "[-f] [--lines N]", "show the last records, and go on with what is written", logsTail},
		{"search", "[--id NAME=VALUE]... [--since TIME] [--number N[-M]] [--where MEMBER=VALUE]... " +
			"[--server URL --token-file FILE]", "show the records that fit", logsSearch},
		{"subject", "NAME=VALUE... | --subject HASH... [--server URL --token-file FILE]",
			"say what is recorded about one person, for whom asks (Art. 15)", logsSubject},
		{"export", "[--format jsonl|csv|parquet] [--out FILE] [--server URL --token-file FILE] | --tiles DIR",
			"write records to a file, or the log's tree as other people's tools read it", logsExport},
		{"verify", "[--key FILE|KEY] [--checkpoint FILE]", "check every file of the log, from its public key alone",
			logsVerify},
		{"audit", "[--since TIME] [--until TIME] [--format text|json|html] [--out FILE] [--server URL --token-file FILE]",
			"recompute from the records whether everything was as it has to be", logsAudit},
		{"why", "NUMBER [--format text|json] [--server URL --token-file FILE]",
			"say why an event was decided as it was, and judge it again", logsWhy},
		{"prove", "NUMBER [--out FILE] [--server URL --token-file FILE]", "make a proof that a record is in the log",
			logsProve},
		{"check-proof", "FILE --key FILE|KEY", "say what a proof proves", logsCheckProof},
		{"erase", "--id CLASS=VALUE... | --subject HASH... --because TEXT [--dry-run] [--yes]",
			"have the records of events about a person go", logsErase},
		{"retention", "[--format text|json] [--server URL --token-file FILE]",
			"say what is kept, since when, and what is overdue", logsRetention},
		{"set-aside", "--because TEXT", "have the next start pass over lines that are damaged", logsSetAside},
		{"restore", "--because TEXT", "have the next start accept an older copy of the log", logsRestore},
		{"witnesses", "", "show what witnesses signed", logsWitnesses},
	}
}

func logs(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "logs", logsVerbs(), args)
}

// ledgerFlags say which ledger a verb is about.
type ledgerFlags struct {
	set         *flag.FlagSet
	config, dir *string
}

// ledgerFlags adds --config and --dir.
func (t *terminal) ledgerFlags(f *flag.FlagSet) ledgerFlags {
	return ledgerFlags{
		f,
		f.String("config", "tagwarden.yaml", "the server file"),
		f.String("dir", "", "the ledger's folder, in place of the server file's"),
	}
}

// folder is the ledger's folder. Where the server file cannot be read it is empty, and the verb ends with the code.
func (l ledgerFlags) folder(t *terminal) (dir string, code int) {
	if *l.dir != "" {
		if !whole(t, filepath.Dir(filepath.Clean(*l.dir))) {
			return "", usage
		}
		return *l.dir, fine
	}
	server, err := config.ReadServer(*l.config)
	if err != nil {
		printf(t.err, "%v\n", err)
		whichLog(t, l.set)
		return "", usage
	}
	if !whole(t, server.Data) {
		return "", usage
	}
	return filepath.Join(server.Data, "ledger"), fine
}

// whichLog says in which ways a log can be meant, where none was named and there is no server file here.
func whichLog(t *terminal, set *flag.FlagSet) {
	named := false
	set.Visit(func(f *flag.Flag) { named = named || f.Name == "config" })
	if file := set.Lookup("config"); named || !missing(file.DefValue) {
		return
	}
	ways := "--config FILE names the server file"
	if set.Lookup("dir") != nil {
		ways += ", --dir DIR the log's folder"
	}
	if set.Lookup("server") != nil {
		ways += "; --server URL --token-file FILE asks a running server, and needs no file of it"
	}
	t.hint("which log? %s", ways)
}

// missing tells whether there is no file.
func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// written is the ledger's folder, where a ledger lies in it. Where none does it is
// empty, and the verb ends with the code.
func (l ledgerFlags) written(t *terminal) (dir string, code int) {
	if dir, code = l.folder(t); dir == "" {
		return "", code
	}
	there, err := holdsLedger(dir)
	switch {
	case err != nil:
		code = t.failed(fmt.Errorf("cannot read the ledger's folder: %w", err))
		if *l.dir == "" && errors.Is(err, fs.ErrNotExist) {
			t.hint("the server makes it when it starts for the first time")
		}
		return "", code
	case there:
		return dir, fine
	}
	t.fail("%s holds no ledger: data/ledger of the server is one, or a copy of it", dir)
	if inside := filepath.Join(dir, "ledger"); isLedger(inside) {
		t.hint("%s holds one", inside)
	}
	return "", usage
}

// recordNumber reads the number of the one record that a verb is about. Where it is none, that is said.
func recordNumber(t *terminal, rest []string) (number uint64, ok bool) {
	if len(rest) != 1 {
		t.fail("which record? Give its number")
		return 0, false
	}
	number, err := strconv.ParseUint(strings.TrimPrefix(rest[0], "#"), 10, 63)
	if err != nil {
		t.fail("%s is no number of a record: 17 is right", echoedOr(rest[0], "what is given"))
		return 0, false
	}
	return number, true
}

// ledgerSuffixes are what names of a ledger's files end with, those of retained hashes included.
var ledgerSuffixes = []string{".jsonl", ".jsonl.zst", ".hash", ledger.SummarySuffix, ledger.KeyFile,
	ledger.CheckpointFile}

// holdsLedger tells whether any file of a folder is one of a ledger's.
func holdsLedger(dir string) (bool, error) {
	files, err := os.ReadDir(dir)
	return slices.ContainsFunc(files, func(f fs.DirEntry) bool {
		return slices.ContainsFunc(ledgerSuffixes, func(end string) bool { return strings.HasSuffix(f.Name(), end) })
	}), err
}

func isLedger(dir string) bool {
	there, err := holdsLedger(dir)
	return there && err == nil
}
