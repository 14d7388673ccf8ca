package api

import (
	"context"
	"net/http"
	"time"

	"github.com/tidwall/gjson"
)

// ClusterStatus is how the nodes of a cluster stand, each by its own word.
type ClusterStatus struct {
	Name   string        `json:"name"`
	Node   string        `json:"node"` // who answers
	Nodes  []ClusterNode `json:"nodes"`
	Silent []SilentNode  `json:"silent,omitempty"` // nodes that did not answer
	Look   []string      `json:"look,omitempty"`   // what has to be looked at
}

// SilentNode is a node that was there within a day, and does not answer.
type SilentNode struct {
	Node  string  `json:"node"`
	Heard float64 `json:"heard_seconds"` // how long ago a heartbeat of it last came
}

// ClusterNode is how a node stands.
type ClusterNode struct {
	Node    string `json:"node"`
	Version string `json:"version"`
	Policy  string `json:"policy"`  // digest of the one in force
	Stale   bool   `json:"stale"`   // it may lack an objection that another one took
	Acts    uint64 `json:"acts"`    // of the cluster's log that it has done
	Changes uint64 `json:"changes"` // of its log of objections
	Root    string `json:"root"`    // of the Merkle tree over these, hexadecimal
	// acts that it took and the others do not know yet, of both logs
	Untold         int    `json:"untold"`
	Administration uint64 `json:"administration"` // acts on tokens, assessments and keys that it has done
	// day of its chains, and what tells its keys from others: "20786 0123456789abcdef"
	Keys    string    `json:"keys"`
	Queue   int       `json:"queue"`   // events that wait, or are parked
	Records uint64    `json:"records"` // of its forwarding log
	Since   time.Time `json:"since"`   // when it began
	// how long ago it last lacked nothing; -1: it never had all acts
	Fresh float64 `json:"fresh_seconds"`
	// how long the last test objection took until it was in force; -1: it was not; nil: none yet
	Effect    *float64 `json:"effect_seconds,omitempty"`
	NotTaking string   `json:"not_taking,omitempty"` // why it takes no hits
}

// clusterStatus tells how the nodes stand: GET /cluster.
func clusterStatus(h *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Cluster == nil {
		return missing("this server is alone: there is no cluster in its server file")
	}
	status, err := h.opts.Cluster(r.Context())
	if err != nil {
		return err
	}
	return reply(w, status)
}

// ClusterRestored is which logs of a cluster are gone, and were begun anew.
type ClusterRestored struct {
	Name   string        `json:"name"`
	Node   string        `json:"node"` // who answers
	Untold int           `json:"untold"`
	Logs   []RestoredLog `json:"logs"`
}

// RestoredLog is how it stands with one log.
type RestoredLog struct {
	Log   string     `json:"log"`             // objections, administration
	Gone  bool       `json:"gone"`            // the servers have none
	Acts  uint64     `json:"acts"`            // that this node has done
	Nodes []NodeActs `json:"nodes,omitempty"` // those that answer, this one among them
	Wrong string     `json:"wrong,omitempty"` // why it is not begun anew from here
	Says  []string   `json:"says,omitempty"`  // what to know, and to do afterwards
	Begun bool       `json:"begun"`           // it was begun anew from here just now
}

// NodeActs is how far a node has come.
type NodeActs struct {
	Node string `json:"node"`
	Acts uint64 `json:"acts"`
}

// clusterRestore begins logs anew that are gone, or says whether it would: POST /cluster/restore.
func clusterRestore(h *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Restore == nil {
		return missing("this server is alone: there is no cluster in its server file")
	}
	var f faults
	begin := false
	err := h.small(w, r, &f, "begin", func(member string, v gjson.Result, at *place) bool {
		if member == "begin" {
			begin = truth(v, at, &f)
		}
		return member == "begin"
	})
	if err == nil {
		err = f.problem()
	}
	if err != nil {
		return err
	}
	done, err := h.opts.Restore(r.Context(), begin)
	if err != nil {
		return err
	}
	return reply(w, done)
}

// Cluster tells how the nodes of a cluster stand.
type Cluster func(context.Context) (ClusterStatus, error)
