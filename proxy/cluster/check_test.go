package cluster

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCheckOfServersThatKeepEverything(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	caughtUp(t, a)
	monitors := []string{c.monitor(0), c.monitor(1), c.monitor(2)}
	var found []Finding
	until(t, "no findings", func() bool { // replicas are current after some heartbeats
		var err error
		if found, err = Check(t.Context(), http.DefaultClient, monitors, "eu1"); err != nil {
			t.Fatal(err)
		}
		return len(found) == 0
	})
	leader := c.leader(a.names.stream)
	c.stop((leader + 1) % 3)
	until(t, "a server that is down", func() bool {
		found, _ = Check(t.Context(), http.DefaultClient, []string{monitors[leader]}, "eu1")
		return slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.Do, "look whether ") }) &&
			slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.Says, "1 server answered") })
	})
}

func TestCheckFindings(t *testing.T) {
	const good = `{"server_id":"A","server_name":"a","version":"2.15.3","max_payload":1048576,"jetstream":{"config":{"sync_always":true},"meta":{"cluster_size":3}}}`
	const stream = `{"account_details":[{"stream_detail":[{"name":"tagwarden-eu1_objections","cluster":{"leader":"a"},"config":{"num_replicas":3,"storage":"file","max_msgs":-1,"max_bytes":-1,"deny_delete":true,"deny_purge":true,"allow_msg_ttl":true}}]}]}`
	change := func(text, what, to string) string {
		if !strings.Contains(text, what) {
			t.Fatalf("%s is not in %s", what, text)
		}
		return strings.Replace(text, what, to, 1)
	}
	for name, test := range map[string]struct{ varz, jsz, says, do string }{
		"version of long ago": {varz: change(good, "2.15.3", "2.10.21"), says: "#6888", do: "2.12.3"},
		"version of old":      {varz: change(good, "2.15.3", "2.11.4"), says: "not been tried", do: "2.12.3"},
		"version":             {varz: change(good, "2.15.3", "2.12.2"), says: "#7545", do: "2.12.3"},
		"preview":             {varz: change(good, "2.15.3", "2.15.0-beta.1"), says: "not known"},
		"off": {varz: change(good, `"config":{"sync_always":true},`, ""), says: "off",
			do: "sync_interval: always"},
		"sync": {varz: change(good, `"sync_always":true`, ""), says: "power cut",
			do: "jetstream { sync_interval: always }"},
		"payload":  {varz: change(good, "1048576", "65536"), says: "65536", do: "max_payload"},
		"two":      {varz: change(good, `_size":3`, `_size":2`), says: "has 2 servers:", do: "routes"},
		"one":      {varz: change(good, `_size":3`, `_size":1`), says: "has 1 server:", do: "routes"},
		"not all":  {says: "1 server answered", do: "monitoring address"},
		"replicas": {jsz: change(stream, `replicas":3`, `replicas":1`), says: "lost disk", do: "--replicas 3"},
		"behind": {jsz: change(stream, `"leader":"a"`, `"leader":"a","replicas":[{"name":"b","lag":7}]`),
			says: "on b current (7 messages behind",
			do:   "look whether b runs and reaches "},
		"memory": {jsz: change(stream, `"file"`, `"memory"`), says: "in memory"},
		"limits": {jsz: change(stream, `"max_msgs":-1`, `"max_msgs":10`), says: "limits", do: "--max-msgs=-1"},
		"delete": {jsz: change(stream, `"deny_delete":true,`, ""), says: "can be deleted", do: "--deny-delete"},
		"ttl": {jsz: change(stream, `"allow_msg_ttl":true`, `"allow_msg_ttl":false`), says: "heartbeats",
			do: "--allow-msg-ttl"},
		"async":   {jsz: change(stream, `"storage"`, `"persist_mode":"async","storage"`), says: "before they are on disk"},
		"html":    {varz: "<html>", says: "does not say from here how it is", do: "http:"},
		"nothing": {varz: "{}", says: "no NATS server"},
		"jsz":     {jsz: "[", says: "does not say from here how it is"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/varz" && test.varz != "":
				_, _ = w.Write([]byte(test.varz))
			case r.URL.Path == "/varz":
				_, _ = w.Write([]byte(good))
			case test.jsz != "":
				_, _ = w.Write([]byte(test.jsz))
			default:
				_, _ = w.Write([]byte(stream))
			}
		}))
		found, err := Check(t.Context(), server.Client(), []string{server.URL}, "eu1")
		server.Close()
		if err != nil || !slices.ContainsFunc(found, func(f Finding) bool {
			return strings.Contains(f.Says, test.says) && strings.Contains(f.Do, test.do)
		}) {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
		if most := 2; len(found) > most { // itself, and that two of three servers were not asked
			t.Errorf("%s: %d findings, at most %d: %+v", name, len(found), most, found)
		}
	}
	for _, bad := range [][]string{nil, {"10.0.0.1:8222"}, {"nats://10.0.0.1:4222"}, make([]string, 65)} {
		if _, err := Check(t.Context(), http.DefaultClient, bad, "eu1"); err == nil {
			t.Errorf("%q are taken for monitoring addresses", bad)
		}
	}
	if found, err := Check(within(t, time.Second), http.DefaultClient, []string{"http://127.0.0.1:1"},
		"eu1"); err != nil || len(found) != 1 {
		t.Errorf("nobody there: %+v, %v", found, err)
	}
}
