package main

import (
	"context"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
)

// natsFindings are what was found out about the NATS servers of a cluster.
type natsFindings struct {
	bad      []string // what keeps this node from serving
	warnings []string // what does not
	unknown  []string // what could not be found out
}

// checkNATS asks the servers of a cluster whether they keep what they acknowledge, whether a node can connect to them,
// and whether they have the log that it would open.
func checkNATS(ctx context.Context, loaded *config.Loaded) (of natsFindings, err error) {
	all := proxy.CheckConnections(ctx, loaded.Server.Cluster)
	if connected := natsNamed(loaded) - len(all); len(all) == 0 || !all[0].Here {
		servers, err := proxy.CheckServers(ctx, loaded.Server.Cluster)
		if err != nil {
			return of, err
		}
		all = append(all, servers...)
		if connected > 0 { // one of them can be asked
			logs, err := proxy.CheckLogs(ctx, loaded)
			if err != nil {
				return of, err
			}
			all = append(all, logs...)
		}
	}
	for i := range all {
		one := &all[i]
		line := config.ServerFault(loaded, one.Says, append([]any{"cluster"}, one.Key...)...).Error()
		switch {
		case one.Unknown:
			of.unknown = append(of.unknown, line)
		case one.Passes:
			of.warnings = append(of.warnings, line)
		default:
			of.bad = append(of.bad, line)
		}
	}
	return of, nil
}

// natsNamed is how many servers are named.
func natsNamed(loaded *config.Loaded) int {
	if loaded.Server.Cluster == nil {
		return 0
	}
	return len(loaded.Server.Cluster.NATS)
}
