package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/logkey"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

func keysVerb(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("keys", "list [--format text|json] | rotate [--period day|week|month|never|ledger-subjects]... "+
		"[--catch-up] | believe-clock --because TEXT")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	var what proxy.Rotation
	f.Func("period", "rotate: which keys are replaced now; may be given again (day, week and month)",
		func(given string) error {
			return addPeriod(&what, given)
		})
	f.BoolVar(&what.CatchUp, "catch-up", false, "rotate: advance the chains to the clock's time, however far that is")
	because := f.String("because", "", "believe-clock: why the clock is right though it jumped; it is recorded")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 || !slices.Contains([]string{"list", "rotate", "believe-clock"}, rest[0]) {
		printUsage(t.err, f)
		return usage
	}
	reason := strings.Join(strings.Fields(*because), " ")
	if believes := rest[0] == "believe-clock"; believes != (reason != "") {
		t.fail("--because goes with believe-clock, which needs it: how is it known that the clock is right?")
		return usage
	}
	load := loadOrServing
	if rest[0] == "list" {
		load = (*terminal).load
	}
	loaded, code := load(t, *file)
	if loaded == nil {
		return code
	}
	switch rest[0] {
	case "list":
		return listKeys(t, loaded, *form)
	case "believe-clock":
		return rotateKeys(ctx, t, loaded, proxy.Rotation{Believe: reason})
	}
	if what.Chains == nil && !what.LedgerSubjects && !what.CatchUp {
		what.Chains = []pseudonym.Rotation{pseudonym.Day, pseudonym.Week, pseudonym.Month}
	}
	return rotateKeys(ctx, t, loaded, what)
}

func addPeriod(what *proxy.Rotation, given string) error {
	if given == "ledger-subjects" {
		what.LedgerSubjects = true
		return nil
	}
	r, ok := pseudonym.ParseRotation(given)
	if !ok {
		return errors.New("day, week, month, never and ledger-subjects are")
	}
	if !slices.Contains(what.Chains, r) {
		what.Chains = append(what.Chains, r)
	}
	return nil
}

// listed is what `keys list` says; no key is in it but the public one.
type listed struct {
	Folder   string        `json:"folder"`
	Identity string        `json:"identity"`
	Chains   []listedChain `json:"chains"`
	Shredded int           `json:"ledger_subjects_shredded"`
	Replaced int           `json:"replaced"`       // how often keys were replaced out of turn
	Mark     string        `json:"mark"`           // tells the keys of a day from others
	Root     string        `json:"root,omitempty"` // where the root secret still lies
	Log      listedLog     `json:"log"`
}

// listedLog is the public key that the forwarding log's checkpoints are signed with.
type listedLog struct {
	Origin string `json:"origin"`
	Key    string `json:"key"`              // name+hash+key
	PEM    string `json:"pem"`              // as openssl reads it
	Before string `json:"before,omitempty"` // the one that the ledger was signed with last, where that is another
}

type listedChain struct {
	Chain   string     `json:"chain"`
	Period  int64      `json:"period"`
	Next    *time.Time `json:"next_change,omitempty"`
	Rotated int        `json:"rotated"`
}

func listKeys(t *terminal, loaded *config.Loaded, form string) int {
	if !whole(t, loaded.Server.Data) {
		return usage
	}
	dir := proxy.KeysDir(loaded.Server.Data)
	state, err := keys.Read(dir)
	if err != nil {
		t.fail("%v", err)
		if errors.Is(err, fs.ErrNotExist) {
			t.hint("the server makes the key state when it starts for the first time")
		}
		return usage
	}
	out := listed{Folder: dir, Identity: state.Identity(), Shredded: state.Shreds(), Replaced: state.Rekeys(),
		Mark: state.Mark()}
	for _, r := range pseudonym.Rotations() {
		period, turns := state.Chain(r)
		c := listedChain{Chain: r.String(), Period: period, Rotated: turns}
		if next := r.End(state.Since()); !next.IsZero() {
			c.Next = &next
		}
		out.Chains = append(out.Chains, c)
	}
	if out.Log, err = logKeyOf(loaded, &state); err != nil {
		return t.failed(err)
	}
	lies := rootLies(&loaded.Server)
	if lies != "" {
		out.Root = loaded.Server.Keys.Root
	}
	if form == "json" {
		printJSON(t.out, out, "  ")
		return fine
	}
	printf(t.out, "key state %s, identity %s\n\n", out.Folder, out.Identity)
	table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	printf(table, "chain\tperiod\tnext change\trotated by hand\n")
	for _, c := range out.Chains {
		next := "-"
		if c.Next != nil {
			next = c.Next.Format(time.RFC3339)
		}
		printf(table, "%s\t%d\t%s\t%s\n", c.Chain, c.Period, next, plural.Of(c.Rotated, "time"))
	}
	_ = table.Flush()
	printf(t.out, "\nledger subjects: shredded %s\n", plural.Of(out.Shredded, "time"))
	printf(t.out, "keys replaced out of turn: %s; mark %s, the same on all nodes that have the same keys today\n",
		plural.Of(out.Replaced, "time"), out.Mark)
	printf(t.out, "\nthe log's public key, which its checkpoints are verified with:\n%s\n", out.Log.Key)
	for line := range strings.SplitSeq(strings.TrimSpace(out.Log.PEM), "\n") {
		printf(t.out, "%s\n", line)
	}
	if out.Log.Before != "" {
		printf(t.out, "until the next start it is: %s\n", out.Log.Before)
	}
	for _, w := range keyWarnings(&loaded.Server, t.now()) {
		printf(t.out, "warning: %s\n", w)
	}
	return fine
}

// logKeyOf is the public key of the forwarding log.
func logKeyOf(loaded *config.Loaded, state *pseudonym.State) (listedLog, error) {
	origin := proxy.LogOrigin(loaded)
	signer, err := tree.NewSigner(origin, state.CheckpointKey(origin))
	if err != nil {
		return listedLog{}, err
	}
	pem, err := logkey.PEM(signer.Public())
	if err != nil {
		return listedLog{}, err
	}
	out := listedLog{Origin: origin, Key: signer.Public(), PEM: string(pem)}
	text, err := readNamed(filepath.Join(loaded.Server.Data, "ledger", ledger.KeyFile), mostNamed)
	if before := strings.TrimSpace(string(text)); err == nil && before != out.Key {
		out.Before = before
	}
	return out, nil
}

func rotateKeys(ctx context.Context, t *terminal, loaded *config.Loaded, what proxy.Rotation) int {
	text, err := "", error(proxy.ErrLocked)
	if loaded.Policy != nil {
		text, err = proxy.RotateStopped(loaded, what, proxy.Options{Node: t.node, Version: version, Now: t.now})
	}
	if errors.Is(err, proxy.ErrLocked) {
		text, err = proxy.RotateRunning(ctx, loaded.Server.Data, what)
	}
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	printf(t.out, "%s\n", text)
	if lies := rootLies(&loaded.Server); lies != "" && what.LedgerSubjects {
		printf(t.out, "warning: %s, and the ledger's subjects with it\n", lies)
	}
	return fine
}
