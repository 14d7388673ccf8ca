package proxy

import (
	"context"
	"errors"
	"net/http"
	"strings"
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
	client := &http.Client{Timeout: 5 * time.Second}
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

// refuseServers refuses servers that could lose what they acknowledge.
func (n *nodes) refuseServers(ctx context.Context) error {
	bad, _, err := CheckServers(ctx, n.config)
	if err != nil || len(bad) == 0 {
		return err
	}
	return errors.New("objections that were answered could be lost: " + strings.Join(bad, "; "))
}

// lookAtServers asks them again, and remembers what is to be looked at.
func (n *nodes) lookAtServers(ctx context.Context) {
	bad, passing, err := CheckServers(ctx, n.config)
	if err != nil || ctx.Err() != nil {
		return
	}
	all := append(bad, passing...)
	n.servers.Store(&all)
}
