package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/natslink"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Finding is something about the servers by which acknowledged acts can be lost, or by which the log can stop.
type Finding struct {
	Server string // its name, or the address at which it was asked
	Says   string // what is so, and what that means
	Do     string // the line for nats.conf, or the command
	Passes bool   // it ends by itself: a server is down, or behind

	Unknown bool // something could not be found out: a server did not say how it is
}

// Bounds of what a monitoring endpoint may answer.
const (
	checkLasts  = 5 * time.Second // one server
	maxMonitor  = 16 << 20        // bytes
	maxServers  = 64              // monitors asked
	leastCopies = natslink.Replicas
)

// Check asks the servers' monitoring endpoints ("http://10.0.0.1:8222", at most 64) whether they keep what they
// acknowledge: JetStream is on and syncs every write, there are three servers of a version without known losses, and
// the streams of the cluster of that name have three copies that are current, and settings that lose nothing. It
// returns what is not so; a server that does not answer is a finding too. The error is about the arguments.
func Check(ctx context.Context, client *http.Client, monitors []string, name string) ([]Finding, error) {
	if len(monitors) == 0 || len(monitors) > maxServers {
		return nil, fmt.Errorf("monitoring addresses: %d, and one for each server is right, at most %d",
			len(monitors), maxServers)
	}
	var (
		found   []Finding
		servers []monitored
		down    bool
	)
	all, errs := make([]monitored, len(monitors)), make([]error, len(monitors))
	var asking sync.WaitGroup
	for i, m := range monitors {
		at, err := url.Parse(m)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return nil, fmt.Errorf("%q is no monitoring address: http://HOST:8222 would be one", m)
		}
		asking.Go(func() { all[i], errs[i] = look(ctx, client, at) })
	}
	asking.Wait()
	for i, m := range monitors {
		if errs[i] != nil {
			down = true
			found = append(found, Finding{
				Server: m, Says: fmt.Sprintf("it does not say from here how it is: %v", errs[i]),
				Do:     "http: HOST:8222 in its nats.conf; look whether it runs, and can be reached from here",
				Passes: true, Unknown: true,
			})
			continue
		}
		servers = append(servers, all[i])
		found = append(found, all[i].findings()...)
	}
	return slices.Concat(found, together(servers, down), streamFindings(servers, name)), nil
}

// monitored is what a server says of itself.
type monitored struct {
	ID        string `json:"server_id"`
	Name      string `json:"server_name"`
	Version   string `json:"version"`
	Payload   int    `json:"max_payload"`
	JetStream struct {
		Config *struct {
			SyncAlways bool `json:"sync_always"`
		} `json:"config"`
		Meta struct {
			Size   int    `json:"cluster_size"`
			Leader string `json:"leader"`
		} `json:"meta"`
	} `json:"jetstream"`

	streams []monitoredStream
}

// monitoredStream is what a server says of a stream.
type monitoredStream struct {
	Name    string `json:"name"`
	Cluster struct {
		Leader   string `json:"leader"`
		Replicas []struct {
			Name    string `json:"name"`
			Current bool   `json:"current"`
			Offline bool   `json:"offline"`
			Lag     uint64 `json:"lag"`
		} `json:"replicas"`
	} `json:"cluster"`
	Config struct {
		Replicas   int    `json:"num_replicas"`
		Storage    string `json:"storage"`
		MaxMsgs    int64  `json:"max_msgs"`
		MaxBytes   int64  `json:"max_bytes"`
		MaxAge     int64  `json:"max_age"`
		PerSubject int64  `json:"max_msgs_per_subject"`
		DenyDelete bool   `json:"deny_delete"`
		DenyPurge  bool   `json:"deny_purge"`
		MsgTTL     bool   `json:"allow_msg_ttl"`
		Persist    string `json:"persist_mode"`
	} `json:"config"`
}

// look asks one server.
func look(ctx context.Context, client *http.Client, at *url.URL) (monitored, error) {
	ctx, cancel := context.WithTimeout(ctx, checkLasts)
	defer cancel()
	b, err := get(ctx, client, at.JoinPath("varz"))
	if err != nil {
		return monitored{}, err
	}
	s, err := parseServer(b)
	if err != nil {
		return monitored{}, err
	}
	jsz := at.JoinPath("jsz")
	jsz.RawQuery = "accounts=true&streams=true&config=true&limit=1024"
	if b, err = get(ctx, client, jsz); err != nil {
		return monitored{}, err
	}
	s.streams, err = parseStreams(b)
	return s, err
}

func get(ctx context.Context, client *http.Client, at *url.URL) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d", at.Path, answer.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxMonitor+1))
	if err == nil && len(b) > maxMonitor {
		err = fmt.Errorf("%s answers more than %d bytes", at.Path, maxMonitor)
	}
	return b, err
}

// parseServer reads the answer of /varz.
func parseServer(b []byte) (monitored, error) {
	var s monitored
	if err := json.Unmarshal(b, &s); err != nil {
		return monitored{}, fmt.Errorf("/varz: %w", err)
	}
	if s.ID == "" || s.Version == "" {
		return monitored{}, errors.New("/varz: no server_id and version: it is no NATS server")
	}
	s.Name = cmp.Or(s.Name, s.ID)
	return s, nil
}

// parseStreams reads the answer of /jsz.
func parseStreams(b []byte) (streams []monitoredStream, err error) {
	var all struct {
		Accounts []struct {
			Streams []monitoredStream `json:"stream_detail"`
		} `json:"account_details"`
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("/jsz: %w", err)
	}
	for _, a := range all.Accounts {
		streams = append(streams, a.Streams...)
	}
	return streams, nil
}

// knownBad are versions that lose acts, or may; the first that fits counts. Each is [from, before).
var knownBad = []struct {
	from, before [3]int
	why          string
}{
	{[3]int{}, [3]int{2, 10, 23}, "it can forget a stream whose servers were killed (nats-server #6888)"},
	{[3]int{}, [3]int{2, 12, 0}, "it has not been tried with this program"},
	{[3]int{2, 12, 0}, [3]int{2, 12, 3},
		"acts can be lost where a server is removed from the cluster (nats-server #7545)"},
}

// findings are about one server.
func (s *monitored) findings() (found []Finding) {
	add := func(says, do string) { found = append(found, Finding{Server: s.Name, Says: says, Do: do}) }
	version, known := parseVersion(s.Version)
	if !known {
		add(fmt.Sprintf("its version %q is not known", s.Version), "run a released nats-server, 2.12.3 or newer")
	}
	for _, bad := range knownBad {
		if known && slices.Compare(version[:], bad.from[:]) >= 0 && slices.Compare(version[:], bad.before[:]) < 0 {
			add(fmt.Sprintf("version %s: %s", s.Version, bad.why), "run a released nats-server, 2.12.3 or newer")
			break
		}
	}
	switch {
	case s.JetStream.Config == nil:
		add("JetStream is off: it keeps nothing", "jetstream { store_dir: /var/lib/nats, sync_interval: always }")
	case !s.JetStream.Config.SyncAlways:
		add("it acknowledges acts before they are on its disk: a power cut loses them", "jetstream { sync_interval: always }")
	}
	if s.Payload < maxEntry {
		add(fmt.Sprintf("it takes messages of %s at most: large acts are refused", plural.Of(s.Payload, "byte")),
			"max_payload: 1MB")
	}
	return found
}

// parseVersion reads "2.12.3", and what precedes it where it is a preview of it.
func parseVersion(text string) (v [3]int, known bool) {
	release, _, preview := strings.Cut(text, "-")
	parts := strings.Split(release, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 9999 {
			return v, false
		}
		v[i] = n
	}
	return v, !preview
}

// together are the findings about the servers as a cluster; down: one of them did not answer.
func together(servers []monitored, down bool) (found []Finding) {
	ids := map[string]bool{}
	size := 0
	for _, s := range servers {
		ids[s.ID] = true
		size = max(size, s.JetStream.Meta.Size)
	}
	add := func(says, do string) { found = append(found, Finding{Says: says, Do: do, Passes: down}) }
	switch all := max(size, len(ids)); {
	case len(servers) == 0:
	case all < leastCopies:
		add(fmt.Sprintf("the cluster has %s: with three, one may be lost without a loss", plural.Of(all, "server")),
			"cluster { name: NAME, listen: 0.0.0.0:6222, routes: [nats://HOST:6222, nats://HOST:6222] }")
	case len(ids) < size && down: // said of each
	case len(ids) < size:
		add(fmt.Sprintf("the cluster has %s, and %s answered here: whether every one syncs its writes is not known",
			plural.Of(size, "server"), plural.Of(len(ids), "server")), "name the monitoring address of each server")
	}
	return found
}

// streamFindings are about the streams of a cluster's logs, as their leaders see them.
func streamFindings(servers []monitored, name string) (found []Finding) {
	prefix := namesOf(name, "").stream
	told := map[string]bool{}
	for _, s := range servers {
		for _, stream := range s.streams {
			leads := stream.Cluster.Leader == s.Name || stream.Cluster.Leader == ""
			if !strings.HasPrefix(stream.Name, prefix) || !leads || told[stream.Name] {
				continue
			}
			told[stream.Name] = true
			found = append(found, stream.findings(s.Name)...)
		}
	}
	return found
}

func (m *monitoredStream) findings(server string) (found []Finding) {
	add := func(says, do string) {
		found = append(found, Finding{Server: server, Says: "stream " + m.Name + ": " + says, Do: do})
	}
	edit := "nats stream edit " + m.Name + " "
	if n := m.Config.Replicas; n < leastCopies {
		add(fmt.Sprintf("it has %s: a lost disk loses acts", plural.Of(n, "replica")), edit+"--replicas 3")
	}
	for _, r := range m.Cluster.Replicas {
		if r.Offline || !r.Current {
			add(fmt.Sprintf("its leader does not have the copy on %s current (%s behind, as far as it knows)", r.Name,
				plural.Of(r.Lag, "message")), fmt.Sprintf("look whether %s runs and reaches %s at its cluster port (its log, "+
				"`nats server list`)",
				r.Name, server))
			found[len(found)-1].Passes = true
		}
	}
	if m.Config.Storage != "file" {
		add("it is in memory", "make it anew, with file storage")
	}
	if m.Config.Persist == "async" {
		add("acts are acknowledged before they are on disk", edit+"--persist-mode default")
	}
	if strings.HasSuffix(m.Name, "_queue") || strings.HasSuffix(m.Name, "_queue-marks") {
		return found // of what waits for vendors: it is bounded, and goes when it has ended
	}
	if m.Config.MaxMsgs > 0 || m.Config.MaxBytes > 0 || m.Config.MaxAge > 0 || m.Config.PerSubject > 0 {
		add("it has limits, at which acts are deleted or refused",
			edit+"--max-msgs=-1 --max-bytes=-1 --max-age=-1 --max-msgs-per-subject=-1")
	}
	if !m.Config.DenyDelete || !m.Config.DenyPurge {
		add("its messages can be deleted", edit+"--deny-delete --deny-purge")
	}
	if !m.Config.MsgTTL {
		add("heartbeats do not expire, or are refused", edit+"--allow-msg-ttl")
	}
	return found
}
