package proxy

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
)

// CheckLogs asks the first NATS server that tells for the logs that this node would open, by how far its data folder
// says that it has come. It returns why the node would be refused, or would have to wait for somebody. A folder that a
// server has is read as far as that leaves it.
func CheckLogs(ctx context.Context, loaded *config.Loaded) (found []NATSFinding, err error) {
	of := loaded.Server.Cluster
	if of == nil {
		return nil, nil
	}
	trust, err := trustOf(of)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkLasts)
	defer cancel()
	places, err := placesOf(loaded)
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		var unknown error
		for _, address := range of.NATS {
			others, wrong, err := cluster.LookUp(ctx, address, of.Creds, trust, place)
			if unknown = err; errors.Is(err, context.DeadlineExceeded) {
				break // it is there, and has no quorum: nor have the others
			} else if err != nil {
				continue
			}
			found = append(found, logFinding(place, others, wrong)...)
			break
		}
		if unknown != nil {
			found = append(found, NATSFinding{Key: []any{"nats"}, Passes: true, Unknown: true,
				Says: fmt.Sprintf("whether the nodes' log of %s is there: %v", place.Kind, unknown)})
		}
	}
	return found, nil
}

// logFinding is what is to be said of one log.
func logFinding(of cluster.Place, others []string, wrong error) []NATSFinding {
	switch {
	case errors.Is(wrong, cluster.ErrOtherCluster):
		right := ""
		if len(others) > 0 {
			right = "; right is: name: " + others[len(others)-1]
		}
		return []NATSFinding{{Key: []any{"name"}, Says: wrong.Error() + right}}
	case wrong != nil:
		return []NATSFinding{{Key: []any{"nats"}, Says: wrong.Error()}}
	case len(others) > 0 && of.Kind == objectionsLog:
		return []NATSFinding{{Key: []any{"name"}, Passes: true, Says: fmt.Sprintf("the NATS servers have the log of %s, "+
			"and none of %s: the first node that serves begins one; where this node is to be one of that cluster, right is: "+
			"name: %s",
			strings.Join(others, ", "), of.Name, others[0])}}
	}
	return nil
}

// placesOf is how far a node has come, as far as its folder tells.
func placesOf(loaded *config.Loaded) ([]cluster.Place, error) {
	data, name := loaded.Server.Data, loaded.Server.Cluster.Name
	objections, administration := cluster.Place{Name: name, Kind: objectionsLog},
		cluster.Place{Name: name, Kind: administrationLog}
	if state, err := keys.Read(KeysDir(data)); err == nil {
		objections.Identity, administration.Identity = state.Identity(), state.Identity()+"/"+state.Line()
	}
	past, err := ledger.Recover(ledgerDir(loaded))
	if err != nil {
		return nil, err
	}
	objections.Shared = past.Cluster == name
	kept, _, err := order.ReadKept(filepath.Join(data, order.FileName))
	if err != nil {
		return nil, err
	}
	if administration.At, err = cluster.ParsePosition(kept.Mark); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(data, order.FileName), err)
	}
	if mark, told := objection.MarkIn(ObjectionsDir(data)); told {
		if objections.At, err = cluster.ParsePosition(mark); err != nil {
			return nil, fmt.Errorf("%s: %w", ObjectionsDir(data), err)
		}
	}
	return []cluster.Place{objections, administration}, nil
}
