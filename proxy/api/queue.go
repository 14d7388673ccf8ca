package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Queue is what the API asks of the events that wait for their vendors. What it is asked wrongly is a
// *[problem.Document].
type Queue interface {
	Status() (QueueStatus, error)
	Inspect(QueueAsk) (QueueEvents, error)
	Retry(ctx context.Context, who string, of QueueAsk) (QueueChanged, error)
	Purge(ctx context.Context, who string, of QueueAsk) (QueueChanged, error)
}

// QueueAsk says which events are meant.
type QueueAsk struct {
	Vendor  string `json:"vendor,omitempty"` // "": of all
	Reason  string `json:"reason,omitempty"` // why they are parked; "": whatever that is
	Parked  bool   `json:"parked,omitempty"` // those that are parked
	All     bool   `json:"all,omitempty"`    // those that are parked, and those that wait
	Limit   int    `json:"limit,omitempty"`  // at most so many, the oldest; 0: all
	Because string `json:"because,omitempty"`
}

// QueueStatus is how the queue stands. Waiting and Parked make Pending; those of the vendors make them.
type QueueStatus struct {
	Mode    string        `json:"mode"`          // queued, or direct: nothing new comes to wait
	Running bool          `json:"running"`       // a server delivers them
	Taken   bool          `json:"hits_taken"`    // nothing of the queue keeps hits from being taken
	Why     string        `json:"why,omitempty"` // why they are not, or will soon not be
	Pending int           `json:"pending"`
	Waiting int           `json:"waiting"` // also what is under way
	Parked  int           `json:"parked"`
	Damaged int           `json:"damaged"` // lost by damage since the start; the ledger says of each that it was dropped
	Room    QueueRoom     `json:"room"`
	Vendors []QueueVendor `json:"vendors"`

	// the queue that the cluster's nodes share; the rest is this node's own
	Cluster *QueueShared `json:"cluster,omitempty"`
}

// QueueShared is how the queue stands that the nodes of a cluster share, as this node saw it a moment ago. What nodes
// have taken is in it until it has ended, and among what waits with the node that took it.
type QueueShared struct {
	Messages uint64                `json:"messages"` // of 1 to 256 events, sealed
	Bytes    uint64                `json:"bytes"`
	Size     int64                 `json:"size"`          // as many as there may be
	Taken    int                   `json:"taken"`         // events that this node has of them
	Why      string                `json:"why,omitempty"` // why nothing can be put there
	Vendors  []QueueSharedMessages `json:"vendors"`
}

// QueueSharedMessages is how many messages wait there for a vendor.
type QueueSharedMessages struct {
	Vendor   string `json:"vendor"`
	Messages uint64 `json:"messages"`
}

// QueueRoom is how much room there is, in bytes.
type QueueRoom struct {
	Used       int64 `json:"used"` // by files of what waits
	Size       int64 `json:"size"` // as much as they may have
	ParkedUsed int64 `json:"parked_used"`
	ParkedSize int64 `json:"parked_size"`
	Free       int64 `json:"free_above_reserve"` // on the disk
}

// QueueVendor is what is pending for a vendor.
type QueueVendor struct {
	Vendor   string        `json:"vendor"`
	Waiting  int           `json:"waiting"`
	Bytes    int64         `json:"waiting_bytes"`
	Oldest   float64       `json:"oldest_seconds"` // how long the first of those has waited
	UnderWay int64         `json:"under_way"`      // requests, at this moment
	Breaker  string        `json:"breaker,omitempty"`
	Parked   int           `json:"parked"`
	ParkedBy []QueueParked `json:"parked_by,omitempty"`

	PausedUntil *time.Time `json:"paused_until,omitempty"` // it asked to be left alone until then (Retry-After)
	PausedBy    int        `json:"paused_by,omitempty"`    // by an answer of this status
}

// QueueParked is what is parked for a reason.
type QueueParked struct {
	Reason string `json:"reason"`
	Events int    `json:"events"`
	Bytes  int64  `json:"bytes"`
}

// QueueEvents are events that are pending, the oldest first.
type QueueEvents struct {
	Of     int          `json:"of"` // how many there are of those asked about
	Events []QueueEvent `json:"events"`
}

// QueueEvent is what may be seen of an event: no value that it carries.
type QueueEvent struct {
	Name      string       `json:"name"` // hit.event, as in the ledger
	Vendor    string       `json:"vendor"`
	State     string       `json:"state"` // waiting, parked
	Reason    string       `json:"reason,omitempty"`
	Since     time.Time    `json:"since"` // when it was accepted, or parked
	Left      float64      `json:"left_seconds"`
	Attempts  int          `json:"attempts"` // since the start
	Attempted bool         `json:"attempted,omitempty"`
	Site      string       `json:"site,omitempty"`
	Activity  string       `json:"activity,omitempty"`
	Endpoint  string       `json:"endpoint,omitempty"`
	Event     string       `json:"event,omitempty"` // its name as the ledger has it
	Host      string       `json:"host,omitempty"`  // which of the vendor's
	Method    string       `json:"method,omitempty"`
	Path      string       `json:"path,omitempty"` // what may vary in it by its name
	Bytes     int          `json:"bytes"`
	Headers   []string     `json:"headers,omitempty"`
	Query     []QueueField `json:"query,omitempty"`
	Body      []QueueField `json:"body,omitempty"`
	Fault     string       `json:"fault,omitempty"` // why it cannot be read
}

// QueueField is a field by the name that the catalog has for it, "*" where it has none, and the kind of its value.
type QueueField struct {
	Name string `json:"name"`
	Is   string `json:"is"`
}

// QueueChanged is what became of events.
type QueueChanged struct {
	Events int         `json:"events"`
	Left   int         `json:"left"` // that were meant too, and stay as they are: under way, or what Why says
	Why    string      `json:"why,omitempty"`
	By     []QueueDone `json:"by"`

	Resumed  bool `json:"resumed,omitempty"`  // the pause that the vendor had asked for was ended
	Hastened int  `json:"hastened,omitempty"` // events that were put off, and are due now
}

// QueueDone is of how many of a vendor, and reason, that is so; Reason is "" of those that waited.
type QueueDone struct {
	Vendor string `json:"vendor"`
	Reason string `json:"reason,omitempty"`
	Events int    `json:"events"`
}

// mostListed is how many events are listed at once.
const mostListed = 1000

// queueStatus says how the queue stands: GET /queue.
func queueStatus(h *handler, w http.ResponseWriter, _ *http.Request, _ caller) error {
	if h.opts.Queue == nil {
		return missing("no events wait here")
	}
	of, err := h.opts.Queue.Status()
	if err != nil {
		return err
	}
	return reply(w, of)
}

// queueEvents lists what is pending: GET /queue/events with vendor, parked, reason and limit.
func queueEvents(h *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Queue == nil {
		return missing("no events wait here")
	}
	asked := r.URL.Query()
	of := QueueAsk{Vendor: asked.Get("vendor"), Reason: asked.Get("reason"), Limit: 20}
	of.Parked = asked.Get("parked") == "true"
	if limit := asked.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > mostListed {
			return problem.New(http.StatusUnprocessableEntity, "invalid",
				"limit is a whole number from 1 to "+strconv.Itoa(mostListed))
		}
		of.Limit = n
	}
	all, err := h.opts.Queue.Inspect(of)
	if err != nil {
		return err
	}
	return reply(w, all)
}

// queueRetry has what is parked wait again: POST /queue/retry.
func queueRetry(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	of, err := queueAsk(h, w, r)
	if err != nil {
		return err
	}
	done, err := h.opts.Queue.Retry(r.Context(), who.name, of)
	if err != nil {
		return err
	}
	return reply(w, done)
}

// queuePurge ends what is pending: POST /queue/purge, with why, and with "parked" or "all".
func queuePurge(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	of, err := queueAsk(h, w, r)
	if err != nil {
		return err
	}
	var f faults
	switch {
	case of.Because == "":
		f.at((*place)(nil).member("because"), "it is missing: why are they deleted, and who asked for that?")
	case of.Parked == of.All:
		f.at(nil, "one of parked and all is wanted")
	}
	if err := f.problem(); err != nil {
		return err
	}
	done, err := h.opts.Queue.Purge(r.Context(), who.name, of)
	if err != nil {
		return err
	}
	return reply(w, done)
}

// queueAsk reads which events are meant.
func queueAsk(h *handler, w http.ResponseWriter, r *http.Request) (of QueueAsk, err error) {
	if h.opts.Queue == nil {
		return of, missing("no events wait here")
	}
	var f faults
	const known = "vendor, reason, parked, all, limit, because"
	err = h.small(w, r, &f, known, func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "vendor":
			of.Vendor = readText(v, at, &f, 64)
		case "reason":
			of.Reason = readText(v, at, &f, 64)
		case "parked":
			of.Parked = truth(v, at, &f)
		case "all":
			of.All = truth(v, at, &f)
		case "limit":
			of.Limit = int(number(v, at, &f))
		case "because":
			of.Because = readText(v, at, &f, longestWhy)
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = f.problem()
	}
	return of, err
}

// BackupAsk says where a copy of the data folder is to be.
type BackupAsk struct {
	Dir         string `json:"dir"`                    // a whole path; a folder that is empty, or not there yet
	WithoutKeys bool   `json:"without_keys,omitempty"` // the key state is left out
}

// BackupMade is a copy that was made.
type BackupMade struct {
	Dir   string       `json:"dir"`
	Parts []BackupPart `json:"parts"`
}

// BackupPart is a part of it.
type BackupPart struct {
	Part  string `json:"part"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
}

// backupAll copies the data folder: POST /backup. It answers when the copy is whole, and on disk.
func backupAll(h *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Backup == nil {
		return missing("there is no data folder here")
	}
	var f faults
	var of BackupAsk
	err := h.small(w, r, &f, "dir, without_keys", func(member string, v gjson.Result, at *place) bool {
		switch member {
		case "dir":
			of.Dir = readText(v, at, &f, 4096)
		case "without_keys":
			of.WithoutKeys = truth(v, at, &f)
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = f.problem()
	}
	if err != nil {
		return err
	}
	made, err := h.opts.Backup(r.Context(), of)
	if err != nil {
		return err
	}
	return reply(w, made)
}
