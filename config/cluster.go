package config

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Cluster is what nodes need that share what people asked for. What is not said here is each node's own.
type Cluster struct {
	Name    string   `yaml:"name" is:"required" doc:"Name of the cluster, the same on every node: eu1. Lower case letters, digits and hyphens, at most 32."`
	Node    string   `yaml:"node" doc:"Name of this node, which no other one has: letters, digits, hyphens, underscores and dots, at most 64. Default: the machine's host name."`
	NATS    []string `yaml:"nats" is:"required" doc:"Addresses of the NATS servers, tls://host:4222; nats:// where they are on a private network: an address of one, or a name that is nowhere else (without a dot, or .internal, .local, .svc)."`
	Creds   string   `yaml:"creds" doc:"File of the credentials that this node shows them (a .creds file of nsc). Relative to this file."`
	CA      string   `yaml:"ca" doc:"File of the certificates (PEM) that theirs have to be signed by. Default: those of the machine."`
	Monitor []string `yaml:"monitor" doc:"Their monitoring addresses, http://host:8222, one of each server: check and serve ask there whether every write is synced and kept three times, and refuse what could lose an objection. Without any nobody asks."`
	Stale   Stale    `yaml:"stale" doc:"What holds where this node cannot know whether others have taken an objection."`
}

// Stale is what a node does that is cut off.
type Stale struct {
	After Duration `yaml:"after" default:"5s" is:"min=1s,max=10m" doc:"How long it may not have heard from the cluster: an objection that another node took is heeded here after that at the latest."`
	Then  string   `yaml:"then" default:"deny" is:"enum=deny|go_on" doc:"deny: what one may object to does not travel then (objections_stale); what is consented to does. go_on: it does travel, though others may know of objections."`
}

// clusterCheck looks at what nodes share.
type clusterCheck struct{ checks }

var (
	clusterName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	nodeName    = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// mostServers bounds how many servers are named.
const mostServers = 64

func (c clusterCheck) run() {
	of := c.loaded.Server.Cluster
	if of == nil {
		return
	}
	if of.Name != "" && !clusterName.MatchString(of.Name) {
		c.faults.At(c.server, strict.Path("cluster", "name"), "%q is no name of a cluster: lower case letters, digits and "+
			"hyphens are right, at most 32: eu1", strict.Shortened(of.Name))
	}
	if of.Node != "" && !nodeName.MatchString(of.Node) {
		c.faults.At(c.server, strict.Path("cluster", "node"),
			"%q is no name of a node: letters, digits, hyphens, underscores "+
				"and dots are right, at most 64: node-1", strict.Shortened(of.Node))
	}
	for i, address := range of.NATS {
		wrong := serverFault(address, "tls://n1.example:4222", "nats", "tls")
		if u, err := url.Parse(address); wrong == "" && err == nil && u.Scheme == "nats" && !privateHost(u.Hostname()) &&
			!nowhereElse(u.Hostname()) {
			wrong = u.Hostname() + " is on no private network, and what nodes share would go there in clear: write tls://"
		}
		if wrong != "" {
			c.faults.At(c.server, strict.Path("cluster", "nats", i), "%s", wrong)
		}
	}
	for i, address := range of.Monitor {
		if wrong := serverFault(address, "http://n1.example:8222", "http", "https"); wrong != "" {
			c.faults.At(c.server, strict.Path("cluster", "monitor", i), "%s", wrong)
		}
	}
	for key, n := range map[string]int{"nats": len(of.NATS), "monitor": len(of.Monitor)} {
		if n > mostServers {
			c.faults.Key(c.server, strict.Path("cluster", key), "there are %d: %d at most", n, mostServers)
		}
	}
	c.warn(of)
}

// serverFault says what is wrong with the address of a server, the first scheme of which is for private networks.
func serverFault(address, right, private, scheme string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != private && u.Scheme != scheme || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		if err == nil {
			address = u.Redacted()
		}
		return strict.Shortened(address) + " is no address of a server: write it as " + right
	case hostFault(u.Hostname()) != "":
		return hostFault(u.Hostname())
	default:
		return ""
	}
}

// nowhereElse tells whether a name can only be one of this network: it has no dot,
// or ends with what public DNS never has.
func nowhereElse(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	at := strings.LastIndexByte(host, '.')
	return at < 0 && net.ParseIP(host) == nil || slices.Contains([]string{"internal", "local", "svc"}, host[at+1:])
}

// warn warns of what can lose an objection, or have it heeded late.
func (c clusterCheck) warn(of *Cluster) {
	if len(of.Monitor) == 0 {
		c.warnings.Key(c.server, strict.Path("cluster"),
			"nobody asks the NATS servers whether they keep what they acknowledge: "+
				"by default they sync every two minutes, and a power cut loses objections that were answered; add "+
				"monitor: [http://host:8222] for each of them")
	}
	if of.Stale.Then == "go_on" {
		c.warnings.At(c.server, strict.Path("cluster", "stale", "then"), "where this node is cut off, people who objected "+
			"elsewhere are not heeded here for as long as that lasts (GDPR Art. 21(1), (3)); deny has what one may object to "+
			"wait until it is known")
	}
}

// pathsFrom makes the files relative to the working folder, or absolute.
func (c *Cluster) pathsFrom(file string) {
	for _, name := range []*string{&c.Creds, &c.CA} {
		if *name != "" {
			*name = relativeTo(file, *name)
		}
	}
}
