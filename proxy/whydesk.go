package proxy

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
)

// Explaining says by what a record is explained.
type Explaining struct {
	Dir      string         // the ledger's folder
	Policies string         // that of policies by their digests
	Shown    string         // what that is called; "": as it is
	Loaded   *config.Loaded // the configuration of now; nil: none is at hand
}

// Explain says why a record is as it is, and where the policy says so that decided.
func Explain(ctx context.Context, by Explaining, number uint64) (*recompute.Explanation, error) {
	x, err := recompute.Explain(ctx, by.Dir, number, CompileIn(by.Policies))
	if err != nil || x.Activity == "" {
		return x, err
	}
	if by.Loaded != nil && by.Loaded.Policy.Digest() == x.Policy {
		placeIn(x, by.Loaded)
	}
	if x.Line == "" {
		if by.Shown == "" {
			by.Shown = by.Policies
		}
		x.Archive = filepath.Join(by.Shown, config.ArchiveName(x.Policy)) + ": policy/activities.yaml, activities: " +
			x.Activity
	}
	return x, nil
}

// placeIn finds the line of the policy that decided, which is that of now.
func placeIn(x *recompute.Explanation, loaded *config.Loaded) {
	at := slices.IndexFunc(loaded.Activities, func(a config.Activity) bool { return a.ID == x.Activity })
	if at < 0 {
		return
	}
	places := loaded.Places()
	if x.Line = places.Activity(at); x.Key != "" {
		x.Line = places.Activity(at, x.Key)
	}
	x.Profile = places.Profile(loaded.Activities[at].Profile)
}

// CompileIn compiles policies out of a folder of them, by their digests.
func CompileIn(policies string) func(string) (*rules.Policy, error) {
	return func(digest string) (*rules.Policy, error) { return config.CompileArchived(policies, digest) }
}

// Why explains a record as [Explain] does.
func (d *recordsDesk) Why(ctx context.Context, number uint64) (any, error) {
	if _, err := d.Record(ctx, number); err != nil {
		return nil, err
	}
	ctx, end := context.WithTimeout(ctx, longestAnswer)
	defer end()
	loaded := d.inForce().Loaded
	x, err := Explain(ctx, Explaining{
		Dir: d.dir, Policies: PoliciesDir(loaded.Server.Data), Shown: filepath.Base(PoliciesDir("")), Loaded: loaded,
	}, number)
	if err != nil {
		return nil, tooMuch(err)
	}
	return x, nil
}
