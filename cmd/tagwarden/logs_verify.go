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
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// keyFlags say which keys a log is checked with.
type keyFlags struct {
	key       *string
	witnesses []string
}

// keyFlags adds --key and --witness-key.
func (t *terminal) keyFlags(f *flag.FlagSet) *keyFlags {
	k := &keyFlags{key: f.String("key", "",
		"the log's public key, or a file that holds it, from elsewhere than the log's folder")}
	f.Func("witness-key", "a witness's public key, or a file that holds it; may be given again", func(given string) error {
		k.witnesses = append(k.witnesses, given)
		return nil
	})
	return k
}

// read reads the keys, and tells which is none.
func (k *keyFlags) read() (key string, witnesses []string, err error) {
	if key, err = keyText(*k.key); err != nil {
		return "", nil, fmt.Errorf("--key: %w", err)
	}
	if key != "" {
		if _, err := tree.ParseKey(key); err != nil {
			return "", nil, fmt.Errorf("--key: %w", err)
		}
	}
	for _, given := range k.witnesses {
		witness, err := keyText(given)
		if err == nil {
			_, err = logkey.ParseWitness(witness)
		}
		if err != nil {
			return "", nil, fmt.Errorf("--witness-key: %w", err)
		}
		if !slices.Contains(witnesses, witness) { // given twice it counts once
			witnesses = append(witnesses, witness)
		}
	}
	return key, witnesses, nil
}

// keyText reads a key that is given as it is, or by the file that holds it.
func keyText(given string) (string, error) {
	if given == "" {
		return "", nil
	}
	text, err := readNamed(given, mostNamed)
	key := strings.TrimSpace(string(text))
	switch {
	case err != nil && strings.Count(given, "+") >= 2:
		return given, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New(given + ": this is no key, and no file")
	case err != nil:
		return "", err
	case key == "": // it would be as if none had been given, and the log's own would count
		return "", errors.New(given + " holds no key, it is empty: <name>+<8 hex digits>+<base64> is right, as log.pub of " +
			"the ledger holds it")
	}
	return key, nil
}

// logsVerify checks a ledger from its files and the log's public key alone. Exit codes: 1 where something was found.
func logsVerify(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs verify",
		"[--config FILE | --dir DIR] [--key FILE|KEY] [--witness-key FILE|KEY]... [--checkpoint FILE] "+
			"[--format text|json]")
	of, keys := t.ledgerFlags(f), t.keyFlags(f)
	checkpoint := f.String("checkpoint", "", "a file with a checkpoint of the log that was kept elsewhere")
	form := format(f, "json")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	dir, code := of.written(t)
	if dir == "" {
		return code
	}
	o := audit.Options{Dir: dir}
	var err error
	if o.Key, o.Witnesses, err = keys.read(); err != nil {
		return t.failed(err)
	}
	if *checkpoint != "" {
		if o.Checkpoint, err = readNamed(*checkpoint, mostNamed); err != nil {
			return t.failed(err)
		}
		if _, err := tree.Unverified(o.Checkpoint); err != nil {
			return t.failed(fmt.Errorf("--checkpoint %s: %w", *checkpoint, err))
		}
	}
	report, err := t.verify(ctx, o)
	if err != nil {
		return t.cannotVerify(dir, err)
	}
	if *form == "json" {
		printJSON(t.out, report, "  ")
	} else {
		printReport(t, report)
	}
	if len(report.Findings) > 0 {
		return findings
	}
	return fine
}

// cannotVerify says why nothing can be verified or proved.
func (t *terminal) cannotVerify(dir string, err error) int {
	code := t.failed(err)
	all, listed := ledger.Segments(dir)
	numbered := func(s ledger.Segment) bool { return !s.Old }
	if errors.Is(err, audit.ErrKeyMissing) && listed == nil && len(all) > 0 && !slices.ContainsFunc(all, numbered) {
		t.hint("a version before this one wrote the log, and signed nothing: the server's next start " +
			"brings it to today's form")
	}
	return code
}

// verify verifies, and shows how far it is.
func (t *terminal) verify(ctx context.Context, o audit.Options) (report *audit.Report, err error) {
	bar := newProgress(t, nil, lengthOf(o.Dir))
	o.Progress = func(n int) { bar.read.Add(int64(n)) }
	done := make(chan struct{})
	go func() {
		defer close(done)
		report, err = audit.Verify(o)
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	defer bar.end()
	for {
		select {
		case <-done:
			return report, err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
			bar.show()
		}
	}
}

// lengthOf is how many bytes a folder's segments have.
func lengthOf(dir string) (n int64) {
	for _, pattern := range []string{"*.jsonl", "*.jsonl.zst"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return 0
		}
		for _, name := range names {
			if info, err := os.Stat(name); err == nil {
				n += info.Size()
			}
		}
	}
	return n
}

// printReport says what verifying came to.
func printReport(t *terminal, r *audit.Report) {
	printf(t.out, "log %s, key %s\n", r.Origin, r.Key)
	printf(t.out, "%s in %s (%d packed), %d signed by %s, %d not signed yet\n", plural.Of(r.Records, "record"),
		plural.Of(r.Segments, "segment"), r.Packed, r.Size, orNobody(r.Signed), r.Unsigned)
	if r.Root != "" {
		printf(t.out, "root %s\n", r.Root)
	}
	if r.Erased > 0 {
		printf(t.out, "the lines of %s were deleted because they were old, and a record says so; their hashes are there\n",
			plural.Of(r.Erased, "record"))
	}
	if r.ErasedLines > 0 {
		printf(t.out, "the lines of %s were erased, and records say so: their hashes are there\n",
			plural.Of(r.ErasedLines, "record"))
	}
	if r.Aside > 0 {
		printf(t.out, "the lines of %s are damaged and were set aside\n", plural.Of(r.Aside, "record"))
	}
	for _, note := range r.Notes {
		printf(t.out, "note: %s\n", note)
	}
	if first := r.First(); first != nil {
		printf(t.out, "first bad record: %s\n", first)
	}
	first := r.First()
	for i := range r.Findings {
		if f := &r.Findings[i]; f != first {
			printf(t.out, "found: %s\n", f)
		}
	}
	if len(r.Findings) == 0 {
		printf(t.out, "fine: everything that is signed is as it was signed\n")
	}
	if r.Own {
		t.hint("the key lay in the folder that was verified, where whoever edits the log can put another: " +
			"--key with a copy from elsewhere proves")
	}
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(slices.Clone(names), " and ")
}
