package proxy_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestObjectionsWithoutIdentifierAreRecorded: of a browser that sends no identifier only its own cookie holds what it
// chose; the ledger says that somebody did, of what, where and by which way, and nothing of whom; so do the figures.
func TestObjectionsWithoutIdentifierAreRecorded(t *testing.T) {
	file := folder(t, "http://127.0.0.1:1")
	r := start(t, file)
	s := &surfer{running: r, cookies: map[string]string{}}
	s.does(t, "do=save&object=audience&shown=")
	s.does(t, "do=save&object=audience&shown=audience") // nothing new
	s.does(t, "do=back")
	s.does(t, "do=back") // again
	var got []string
	for line := range strings.Lines(r.ledger(t)) {
		if kind := gjson.Get(line, "kind").Str; kind == "objection" || kind == "withdrawal" {
			if gjson.Get(line, "seq").Exists() || len(gjson.Get(line, "subjects").Array()) > 0 {
				t.Errorf("it names somebody: %s", line)
			}
			var said []string
			for _, member := range []string{"scopes", "site", "source", "act"} {
				said = append(said, gjson.Get(line, member).String())
			}
			got = append(got, kind+" "+strings.Join(said, " "))
		}
	}
	want := `objection ["audience"] shop preference_centre cookie, withdrawal ["audience"] shop preference_centre cookie`
	if strings.Join(got, ", ") != want {
		t.Errorf("recorded is %v, want %s", got, want)
	}
	_, figures := r.get(t, "/metrics")
	for _, act := range []string{"objection", "withdrawal"} {
		if line := `tagwarden_objections_total{act="` + act + `",source="preference_centre"} 1`; !strings.Contains(
			figures, line) {
			t.Errorf("the figures do not say %s", line)
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	stats := start(t, file).operate("GET", "/objections/stats", "").Body.String()
	if gjson.Get(stats, "total.objections").Int() != 1 || gjson.Get(stats, "total.withdrawals").Int() != 1 ||
		gjson.Get(stats, `sites.#(name=="shop").objections`).Int() != 1 || gjson.Get(stats, "subjects").Int() != 0 {
		t.Errorf("counted is %s", stats)
	}
}
