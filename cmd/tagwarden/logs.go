package main

import (
	"context"
	"flag"
	"path/filepath"
)

// logsVerbs are what can be done with the forwarding log.
func logsVerbs() []verb {
	return []verb{
		{"tail", "[-f] [--lines N]", "show the last records, and go on with what is written", logsTail},
		{"search", "[--from TIME] [--to TIME] [--number N[-M]] [--where MEMBER=VALUE]...", "show the records that fit",
			logsSearch},
		{"export", "--tiles DIR", "write the log as tiles, as other people's tools read it", logsExport},
		{"verify", "[--key FILE|KEY] [--checkpoint FILE]", "check every file of the log, from its public key alone", logsVerify},
		{"prove", "NUMBER [--out FILE]", "make a proof that a record is in the log", logsProve},
		{"check-proof", "FILE --key FILE|KEY", "say what a proof proves", logsCheckProof},
		{"set-aside", "--because TEXT", "have the next start pass over lines that are damaged", logsSetAside},
		{"restore", "--because TEXT", "have the next start accept an older copy of the log", logsRestore},
		{"witnesses", "", "show what witnesses signed", logsWitnesses},
	}
}

func logs(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "logs", logsVerbs(), args)
}

// ledgerFlags say which ledger a verb is about.
type ledgerFlags struct{ config, dir *string }

// ledgerFlags adds --config and --dir.
func (t *terminal) ledgerFlags(f *flag.FlagSet) ledgerFlags {
	return ledgerFlags{
		f.String("config", "tagwarden.yaml", "the server file"),
		f.String("dir", "", "the ledger's folder, in place of the server file's"),
	}
}

// folder is the ledger's folder. Where the server file cannot be read it is empty, and the verb ends with the code.
func (l ledgerFlags) folder(t *terminal) (dir string, code int) {
	if *l.dir != "" {
		return *l.dir, fine
	}
	loaded, code := t.load(*l.config)
	if loaded == nil {
		return "", code
	}
	return filepath.Join(loaded.Server.Data, "ledger"), fine
}
