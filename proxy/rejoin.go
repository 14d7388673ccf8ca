package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Rejoined is what became of a node that was brought to its cluster's log.
type Rejoined struct {
	objection.Again
	Stays        bool // the copy is of the log of objections that this node is in: they stay as they are
	Administered int  // acts on tokens and assessments that this node alone had done, which the others are told
	Keys         bool // keys had been replaced a different number of times: they are the copy's now
}

// rejoiningFile is in a data folder while it is brought to another node's copy.
const rejoiningFile = "rejoining"

// errRejoining says that a folder is between two states.
var errRejoining = errors.New("this node was being brought to its cluster's log, and that broke off: do it again " +
	"(`tagwarden cluster join --again --from DIR`)")

var (
	errSameLog = errors.New(
		"the copy is of the logs that this node is in already: there is nothing to bring it to; start it, and where " +
			"it is refused take a newer copy, of a node that is current")
	// errNoLogYet says that a copy is of no use here.
	errNoLogYet = errors.New(
		"the copy is of a node that had done nothing of its cluster's log: take one of a node that is current")
)

// Rejoin brings a node that has served to its cluster's log, which was begun anew without it, or is not the one that it
// was in: by a backup of a node that is current. What stands becomes the copy's; what this node alone has is kept, in
// force here, and told the others when it serves: acts that it had not told, and those that the log does not have. Its
// ledger, its queue and what it has to tell other systems stay. Where it breaks off it is done again.
func Rejoin(loaded *config.Loaded, from string, o Options) (r Rejoined, err error) {
	o.fill()
	data := loaded.Server.Data
	if loaded.Server.Cluster == nil {
		return r, errors.New("the server file names no cluster: add cluster: { name: ..., nats: [...] }")
	}
	state, store := filepath.Join(from, "keys", keys.StateFile), filepath.Join(from, "objections", objection.FileName)
	for _, path := range []string{state, store} {
		if _, err := os.Stat(path); err != nil {
			return r, fmt.Errorf("%s is no backup of a node, or one without its keys (tagwarden backup DIR): %w", from, err)
		}
	}
	if same, err := sameFolder(from, data); err != nil || same {
		return r, errors.Join(err, errOwnFolder)
	}
	lock, err := LockData(data)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	own, err := keys.Read(KeysDir(data))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	} else if err != nil {
		return r, fmt.Errorf("this node has no keys of its own: a new one begins with `tagwarden cluster join --from DIR`: "+
			"%w",
			err)
	}
	copied, err := copiedKeys(state)
	if err != nil {
		return r, err
	}
	if own.Identity() != copied.Identity() {
		return r, fmt.Errorf("the copy's keys are %s, and this node's %s: it is of another cluster",
			copied.Identity(), own.Identity())
	}
	brokeOff := errors.Is(refuseRejoining(data), errRejoining)
	refused := refusedLogs(loaded)
	apart, err := administrationApart(data, from, refused)
	if err != nil {
		return r, err
	}
	files, begun := durable.Files{Disk: o.Disk}, filepath.Join(data, rejoiningFile)
	if err := files.Replace(begun, nil, 0o600); err != nil {
		return r, err
	}
	switch r.Again, err = rejoinObjections(loaded, store, copied.Identity(), refused, o); {
	case errors.Is(err, errSameLog) && (apart || brokeOff):
		r.Stays, r.Again = true, objection.Again{Common: r.Had, Had: r.Had, Has: r.Has, From: r.From, To: r.To}
		if !apart {
			return r, files.Remove(begun) // it was done
		}
		if err := recordRejoined(loaded, nil, o); err != nil {
			return r, err
		}
	case errors.Is(err, errSameLog) || errors.Is(err, errNoLogYet):
		if !brokeOff {
			err = errors.Join(err, files.Remove(begun))
		}
		return r, err
	case err != nil:
		return r, err
	}
	if r.Keys = own.Rekeys() != copied.Rekeys(); r.Keys {
		if err := files.Replace(filepath.Join(KeysDir(data), keys.StateFile), copied.Append(nil), 0o600); err != nil {
			return r, err
		}
	}
	if r.Administered, err = rejoinAdministration(data, from, o); err != nil {
		return r, err
	}
	return r, files.Remove(begun)
}

// errOwnFolder says that a node's own folder is no copy of another one's.
var errOwnFolder = errors.New(
	"this is the node's own data folder: name a backup of another node (tagwarden backup DIR there)")

// sameFolder tells whether two paths lead to one folder.
func sameFolder(a, b string) (bool, error) {
	one, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	other, err := os.Stat(b)
	if err != nil {
		return false, ignoring(err, fs.ErrNotExist)
	}
	return os.SameFile(one, other), nil
}

// refusedLogs tells of each log that servers were asked for whether this node would be refused. Folders alone do not
// tell it where a log was begun anew and nothing came into it since: a copy names the one before it then.
func refusedLogs(loaded *config.Loaded) map[string]bool {
	ctx, cancel := context.WithTimeout(context.Background(), checkLasts)
	defer cancel()
	of, refused := loaded.Server.Cluster, map[string]bool{}
	trust, err := trustOf(of)
	if err != nil {
		return refused
	}
	places, err := placesOf(loaded)
	if err != nil {
		return refused
	}
	for _, place := range places {
		for _, address := range of.NATS {
			if _, wrong, err := cluster.LookUp(ctx, address, of.Creds, trust, place); err == nil {
				refused[place.Kind] = wrong != nil
				break
			}
		}
	}
	return refused
}

// administrationApart tells whether a copy is of another log of administration than a node is in,
// or of the one in which it is refused.
func administrationApart(data, from string, refused map[string]bool) (bool, error) {
	var at [2]cluster.Position
	for i, dir := range []string{data, from} {
		kept, _, err := order.ReadKept(filepath.Join(dir, order.FileName))
		if err != nil {
			return false, err
		}
		if at[i], err = cluster.ParsePosition(kept.Mark); err != nil {
			return false, fmt.Errorf("%s: %w", filepath.Join(dir, order.FileName), err)
		}
	}
	if at[1].IsZero() && !at[0].IsZero() {
		return false, errNoLogYet
	}
	return at[0] != at[1] && isApart(refused, administrationLog, at[0], at[1]), nil
}

// isApart tells whether a node that has come some way is to be brought to a copy's log: by what the
// servers say, or else by what the folders do.
func isApart(refused map[string]bool, kind string, had, has cluster.Position) bool {
	if is, asked := refused[kind]; asked && !had.IsZero() {
		return is
	}
	return had.Stream != has.Stream
}

// rejoinObjections brings the objections to the copy. The ledger says so first: what it remembers beyond
// what both have is not in the store then.
func rejoinObjections(loaded *config.Loaded, store, identity string, refused map[string]bool, o Options) (
	a objection.Again, err error) {
	dir := ObjectionsDir(loaded.Server.Data)
	return objection.CopyAgain(store, dir, identity, o.Now(), o.Disk, func(a *objection.Again) error {
		had, err1 := cluster.ParsePosition(a.From)
		has, err2 := cluster.ParsePosition(a.To)
		switch err := errors.Join(err1, err2); {
		case err != nil:
			return err
		case has.IsZero():
			return errNoLogYet
		case a.Had != a.Common && !isApart(refused, objectionsLog, had, has):
			// where the copy has all of it, it may have been done already
			return errSameLog
		}
		return recordRejoined(loaded, a, o)
	})
}

// recordRejoined records that a node is brought to its cluster's log; of objections
// nil: to that of administration alone.
func recordRejoined(loaded *config.Loaded, a *objection.Again, o Options) (err error) {
	past, err := ledger.Recover(ledgerDir(loaded))
	if err != nil {
		return err
	}
	store, err := keys.Open(keys.Options{Dir: KeysDir(loaded.Server.Data), Shared: true, Now: o.Now, Rand: o.Rand,
		Files: o.KeyFiles, Disk: o.Disk})
	if err != nil {
		return err
	}
	if err := archive(loaded, o.Disk, o.Log); err != nil {
		return err
	}
	log, err := ledger.Open(ledger.Options{
		Dir: ledgerDir(loaded), Node: o.node(loaded.Server.Cluster), Now: o.Now, Rand: o.Rand, Disk: o.Disk,
		Origin: LogOrigin(loaded), Seed: checkpointSeed(store), Known: knownCheckpoint(loaded),
	}, ledger.Note{Kind: ledger.KindStart, Policy: loaded.Policy.Digest(), Text: "version " + o.Version +
		", cluster join --again"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	text := "this node is brought to its cluster's log of " + administrationLog + " by a copy of another one"
	if a != nil {
		text = rejoinedText(a)
	}
	if err := log.Cluster(ledger.Cluster{Name: loaded.Server.Cluster.Name, Text: text}); err != nil || a == nil ||
		past.Head.Size <= a.Common.Size {
		return err
	}
	return log.Objected(nil, ledger.Head{Size: a.Common.Size, Root: a.Common.Root, Restored: text})
}

// rejoinedText says what became of what a node alone had.
func rejoinedText(a *objection.Again) string {
	alone := a.Had.Size - a.Common.Size
	var text strings.Builder
	fmt.Fprintf(&text, "this node is brought to its cluster's log by a copy of another one: of its %s %d %s there; %d "+
		"%s only here: %d %s told the others", plural.Of(a.Had.Size, "change"), a.Common.Size,
		plural.Verb(a.Common.Size, "is", "are"), alone,
		plural.Verb(alone, "is", "are"), a.Told, plural.Verb(a.Told, "is", "are"))
	for _, one := range []struct {
		n    int
		what string
	}{{a.TakenBack, "take something back, which is not told"},
		{a.Decisions, "are decisions, or end one, which is not told"},
		{a.Shown, "were shown by hits, which show them again"}} {
		if one.n > 0 {
			fmt.Fprintf(&text, ", %d %s", one.n, one.what)
		}
	}
	return text.String()
}

// rejoinAdministration brings tokens, and what is known of assessments, to the copy.
func rejoinAdministration(data, from string, o Options) (told int, err error) {
	had, _, err := order.ReadKept(filepath.Join(data, order.FileName))
	if err != nil {
		return 0, err
	}
	has, _, err := order.ReadKept(filepath.Join(from, order.FileName))
	if err != nil {
		return 0, err
	}
	asked, err := assessedAlone(had, has)
	if err != nil {
		return 0, err
	}
	tokens, err := access.CopyAgain(from, data, had, has, o.Disk)
	if err != nil {
		return 0, err
	}
	asked = append(asked, tokens...)
	return len(asked), order.CopyAgain(filepath.Join(from, order.FileName), filepath.Join(data, order.FileName),
		asked, o.Now(), o.Disk)
}

// assessedAlone is what a node knows of assessments that a copy of another one does not.
func assessedAlone(had, has order.Kept) (asked []order.Asked, err error) {
	var of [2]map[string]map[string]assessedAct
	for i, kept := range []order.Kept{had, has} {
		if text, there := kept.Stands["assessments"]; there {
			if err := json.Unmarshal(text, &of[i]); err != nil {
				return nil, err
			}
		}
	}
	for _, kind := range []string{actApproved, actRevoked} {
		for _, id := range slices.Sorted(maps.Keys(of[0][kind])) {
			if one := of[0][kind][id]; one.Version > of[1][kind][id].Version {
				asked = append(asked, order.Asked{Kind: kind, Body: one})
			}
		}
	}
	return asked, nil
}

// refuseRejoining refuses a folder in which a rejoin broke off.
func refuseRejoining(data string) error {
	_, err := os.Stat(filepath.Join(data, rejoiningFile))
	if err == nil {
		return errRejoining
	}
	return ignoring(err, fs.ErrNotExist)
}
