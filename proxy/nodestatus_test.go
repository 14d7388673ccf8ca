package proxy

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/cluster"
)

// TestNodesOfOtherVersions: what a later version says of itself besides is passed over, and what it says otherwise leaves out that
// node alone.
func TestNodesOfOtherVersions(t *testing.T) {
	got := nodesOf([]cluster.NodeStatus{
		{Node: "a", At: cluster.Position{Stream: "x", Seq: 7}, Body: []byte(`{"node":"z","version":"1","changes":3,"mood":{"good":true}}`)},
		{Node: "b", Stale: true}, // it begins
		{Node: "c", Body: []byte(`{"changes":"three"}`)},
	})
	if len(got) != 2 || got[0].Node != "a" || got[0].Acts != 7 || got[0].Changes != 3 || got[1].Node != "b" || !got[1].Stale {
		t.Errorf("%+v", got)
	}
}

func TestWhatToLookAt(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	found := silent(map[string]time.Time{"a": now, "b": now.Add(-90 * time.Second), "c": now.Add(-25 * time.Hour), "d": now.Add(time.Hour)},
		[]cluster.NodeStatus{{Node: "a"}}, now)
	if len(found) != 2 || found[0] != (api.SilentNode{Node: "b", Heard: 90}) || found[1] != (api.SilentNode{Node: "d"}) {
		t.Errorf("%+v", found)
	}
	nodes := []api.ClusterNode{{Node: "a", Stale: true, Policy: "1", Acts: 1, Changes: 1, Root: "00"},
		{Node: "b", Stale: true, Policy: "2", Acts: 1, Changes: 1, Root: "01"}, {Node: "c", NotTaking: "it begins\n"}}
	says := strings.Join(append(unlike(nodes), notWell(nodes, "a")...), "|")
	want := "the nodes decide by 2 different policies: bring the same one to all|" +
		"a and b have done the same acts and hold different objections: start one of them from a copy of the other, and report this|" +
		"b is not current: it may lack an objection that another node took|c takes no hits: it begins"
	if says != want {
		t.Errorf("%s\nwant\n%s", says, want)
	}
}
