package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// NATSFinding is something about the NATS servers of a cluster, or about how a node would fare there.
type NATSFinding struct {
	Key    []any  // in the server file, below cluster, that it is about: "nats", 1
	Says   string // what is so, and what would be right
	Passes bool   // it keeps no node from serving: it may end by itself

	Unknown bool // it is that something could not be found out
	Here    bool // it is about files of this machine: no server was asked
}

// checkLasts is for how long servers are asked.
const checkLasts = 10 * time.Second

// CheckServers asks the NATS servers of a cluster, by their monitoring addresses, whether they keep what they
// acknowledge. It returns what is not so. Nothing is asked where no address is given.
func CheckServers(ctx context.Context, of *config.Cluster) (found []NATSFinding, err error) {
	if of == nil || len(of.Monitor) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkLasts)
	defer cancel()
	trust, err := trustOf(of)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	all, err := cluster.Check(ctx, client, of.Monitor, of.Name)
	for i := range all {
		f := &all[i]
		one := NATSFinding{Key: []any{"monitor"}, Says: f.Says + "; right is: " + f.Do, Passes: f.Passes, Unknown: f.Unknown}
		if f.Server != "" {
			one.Says = f.Server + ": " + one.Says
		}
		if at := slices.Index(of.Monitor, f.Server); at >= 0 {
			one.Key = append(one.Key, at)
		}
		found = append(found, one)
	}
	return found, err
}

// CheckConnections connects to each NATS server of a cluster as a node does, and returns what keeps a node from that.
func CheckConnections(ctx context.Context, of *config.Cluster) (found []NATSFinding) {
	if of == nil {
		return nil
	}
	trust, found := connecting(of)
	if len(found) > 0 {
		return found
	}
	errs := make([]error, len(of.NATS))
	var all sync.WaitGroup
	for i, address := range of.NATS {
		all.Go(func() { errs[i] = natslink.Reach(ctx, address, of.Creds, trust) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			found = append(found, connectionFinding(of, i, err))
		}
	}
	return found
}

// connecting is whom a node trusts when it connects, and what is wrong with the files that it needs for that.
func connecting(of *config.Cluster) (trust *tls.Config, found []NATSFinding) {
	trust, err := trustOf(of)
	if err != nil {
		found = append(found, NATSFinding{Key: []any{"ca"}, Says: "no node connects: " + err.Error(), Here: true})
	}
	if err := natslink.CheckCreds(of.Creds); err != nil {
		found = append(found, NATSFinding{Key: []any{"creds"}, Says: "no node connects: " + err.Error(), Here: true})
	}
	return trust, found
}

// connectionFinding is what is to be said of why a server was not reached.
func connectionFinding(of *config.Cluster, i int, err error) NATSFinding {
	switch {
	case errors.Is(err, natslink.ErrUnauthorized) && of.Creds != "":
		return NATSFinding{Key: []any{"creds"}, Says: fmt.Sprintf("%s: %v", of.NATS[i], err)}
	case natslink.Passes(err):
		return NATSFinding{Key: []any{"nats", i}, Passes: true, Unknown: true,
			Says: fmt.Sprintf("%s cannot be reached from here: %v; look whether it runs", of.NATS[i], err)}
	default:
		return NATSFinding{Key: []any{"nats", i}, Says: fmt.Sprintf("%s: %v", of.NATS[i], err)}
	}
}

// trustOf is whom the servers' certificates have to be signed by, where that is not whom the machine trusts.
func trustOf(of *config.Cluster) (*tls.Config, error) {
	if of.CA == "" {
		return nil, nil //nolint:nilnil // the machine's own
	}
	return tlsTrusting(of.CA, "")
}

// answerLasts is for how long a start waits for servers that do not say how they
// are: once a minute they are asked again.
const answerLasts = time.Second

// refuseServers refuses servers that could lose what they acknowledge.
func (n *nodes) refuseServers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerLasts)
	defer cancel()
	found, err := CheckServers(ctx, n.config)
	var bad []string
	for i := range found {
		if !found[i].Passes {
			bad = append(bad, found[i].Says)
		}
	}
	if err != nil || len(bad) == 0 {
		return err
	}
	return errors.New("objections that were answered could be lost: " + strings.Join(bad, "; "))
}

// lookAtServers asks them again, and remembers what is to be looked at.
func (n *nodes) lookAtServers(ctx context.Context) {
	found, err := CheckServers(ctx, n.config)
	if err != nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	slices.SortStableFunc(found, func(a, b NATSFinding) int { // what does not end by itself first
		switch {
		case a.Passes == b.Passes:
			return 0
		case b.Passes:
			return -1
		}
		return 1
	})
	all := make([]string, len(found))
	for i := range found {
		all[i] = found[i].Says
	}
	n.servers.Store(&all)
}
