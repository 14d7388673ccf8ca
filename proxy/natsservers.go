package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/cluster"
)

// CheckServers asks the NATS servers of a cluster, by their monitoring addresses, whether they keep what they
// acknowledge. It returns what is not so, each as a line that ends with what would be right; bad are those that do not end
// by themselves. Nothing is asked where no address is given.
func CheckServers(ctx context.Context, of *config.Cluster) (bad, passing []string, err error) {
	if of == nil || len(of.Monitor) == 0 {
		return nil, nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	trust, err := trustOf(of)
	if err != nil {
		return nil, nil, err
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	found, err := cluster.Check(ctx, client, of.Monitor, of.Name)
	for i := range found {
		f := &found[i]
		line := f.Says + "; right is: " + f.Do
		if f.Server != "" {
			line = f.Server + ": " + line
		}
		if f.Passes {
			passing = append(passing, line)
		} else {
			bad = append(bad, line)
		}
	}
	return bad, passing, err
}

// CheckConnections connects to each NATS server of a cluster as a node does. It returns what keeps a node from that; passing
// are servers that are down, or away from here.
func CheckConnections(ctx context.Context, of *config.Cluster) (bad, passing []string, err error) {
	if of == nil {
		return nil, nil, nil
	}
	trust, err := trustOf(of)
	if err != nil {
		return nil, nil, err
	}
	found := make([]error, len(of.NATS))
	var all sync.WaitGroup
	for i, address := range of.NATS {
		all.Go(func() { found[i] = cluster.Reach(ctx, address, of.Creds, trust) })
	}
	all.Wait()
	for i, err := range found {
		switch {
		case err == nil:
		case cluster.Passes(err):
			passing = append(passing, of.NATS[i]+" cannot be reached from here: "+err.Error())
		default:
			bad = append(bad, of.NATS[i]+": "+err.Error())
		}
	}
	return bad, passing, nil
}

// trustOf is whom the servers' certificates have to be signed by, where that is not whom the machine trusts.
func trustOf(of *config.Cluster) (*tls.Config, error) {
	if of.CA == "" {
		return nil, nil //nolint:nilnil // the machine's own
	}
	c, err := tlsTrusting(of.CA, "")
	if err != nil {
		return nil, fmt.Errorf("cluster.ca: %w", err)
	}
	return c, nil
}

// answerLasts is for how long a start waits for servers that do not say how they are: once a minute they are asked again.
const answerLasts = time.Second

// refuseServers refuses servers that could lose what they acknowledge.
func (n *nodes) refuseServers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerLasts)
	defer cancel()
	bad, _, err := CheckServers(ctx, n.config)
	if err != nil || len(bad) == 0 {
		return err
	}
	return errors.New("objections that were answered could be lost: " + strings.Join(bad, "; "))
}

// lookAtServers asks them again, and remembers what is to be looked at.
func (n *nodes) lookAtServers(ctx context.Context) {
	bad, passing, err := CheckServers(ctx, n.config)
	if err != nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	all := append(bad, passing...)
	n.servers.Store(&all)
}
