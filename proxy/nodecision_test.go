package proxy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestDecisionsThatAreNone: each is refused, and says where, and why.
func TestDecisionsThatAreNone(t *testing.T) {
	t.Parallel()
	r := start(t, securedFolder(t, startVendor(t).URL))
	r.does(t, objectsToAll, user("u-1"))
	r.does(t, objection.Change{Object: []string{"audience"}}, user("u-2"))
	r.does(t, objection.Change{Object: []string{"security"}, Restriction: true}, user("u-3"))
	now := time.Now()
	for _, c := range []struct {
		id   string
		how  func(*objection.Decision)
		what string
		says string
	}{
		{"u-1", func(d *objection.Decision) { d.Assessment = "LIA-2" }, "assessment", "there is no assessment"},
		{"u-1", func(d *objection.Decision) { d.By = "jane" }, "by", "approvers"},
		{"u-1", func(d *objection.Decision) { d.Because = " " }, "because", "missing"},
		{"u-1", func(d *objection.Decision) { d.Because = "jane.doe@example.com wrote" }, "because", "personal data"},
		{"u-1", func(d *objection.Decision) { d.Told = "to jane.doe@example.com" }, "told", "personal data"},
		{"u-1", func(d *objection.Decision) { d.Until = time.Time{} }, "until", "missing"},
		{"u-1", func(d *objection.Decision) { d.Until = now }, "until", "over"},
		{"u-1", func(d *objection.Decision) { d.Until = now.AddDate(1, 0, 1) }, "until", "at most 12 months"},
		{"u-1", func(d *objection.Decision) {
			d.Until = time.Date(2027, 5, 6, 0, 0, 0, 0, time.UTC)
		}, "until", "to be reviewed"},
		{"u-1", func(d *objection.Decision) { d.Purposes = []string{"audience"} }, "purposes", "covers security"},
		{"u-2", nil, "ids", "nothing to decide"},
		{"u-3", nil, "restriction", "Art. 18"},
		{"u-4", nil, "ids", "nothing to decide"},
	} {
		change := decision(now.AddDate(0, 1, 0))
		if c.how != nil {
			c.how(change.Decide)
		}
		_, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: []objection.ID{user(c.id)}, Change: change}}})
		fault, ok := errors.AsType[*objection.Fault](err)
		if !ok || fault.What != "decision."+c.what || !strings.Contains(fault.Err.Error(), c.says) {
			t.Errorf("%s: %v", c.says, err)
		}
	}
	change := decision(now.AddDate(0, 1, 0))
	change.Decide.Restriction = true
	r.does(t, change, user("u-3"))
	change.Site = "jane.doe@example.com"
	_, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: []objection.ID{user("u-1")}, Change: change}}})
	if fault, ok := errors.AsType[*objection.Fault](err); !ok || fault.What != "site" {
		t.Errorf("a site that there is not: %v", err)
	}
}
