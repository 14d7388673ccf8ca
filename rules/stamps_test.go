package rules_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestStampsOfAllVendors: the ids by which events are known again are the events' own, in each vendor's file.
func TestStampsOfAllVendors(t *testing.T) {
	t.Parallel()
	p := chosenPolicy(t)
	words := map[hit.StampKind]string{hit.OwnID: "id", hit.OwnTime: "time", hit.SentTime: "sent", hit.MillisAgo: "ms_ago",
		hit.SecsAgo: "s_ago"}
	var got strings.Builder
	for _, r := range p.Recipients() {
		seen := map[string]bool{}
		for i := range r.Catalog.Fields {
			if f := &r.Catalog.Fields[i]; f.Stamp != hit.NoStamp {
				seen[words[f.Stamp]+" "+f.Path] = true
			}
		}
		fmt.Fprintf(&got, "%s: %s\n", r.ID, cmp.Or(strings.Join(slices.Sorted(maps.Keys(seen)), ", "), "-"))
	}
	const want = `amplitude: id insert_id, sent client_upload_time, time time
ga4: ms_ago qt
ga4_mp: time timestamp_micros
jitsu: id messageId, sent sentAt, time originalTimestamp, time timestamp
matomo: s_ago cdo, time cdt
meta_capi: id event_id, time event_time
meta_pixel: id eid, time ts
mixpanel: id properties.$insert_id, time $time, time properties.time
plausible: -
posthog: id properties.$insert_id, id uuid, ms_ago offset, sent properties.$sent_at, sent sent_at, time properties.$time, time timestamp
rudderstack: id messageId, sent sentAt, time originalTimestamp, time timestamp
segment: id messageId, sent sentAt, time originalTimestamp, time timestamp
snowplow: id eid, sent stm, time dtm, time ttm
umami: time payload.timestamp
`
	if got.String() != want {
		t.Errorf("%s", got.String())
	}
}
