package proxy_test

import (
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestAPlaceholderOfAnEarlierVersion: an objection by a placeholder, as earlier versions took it, is in force for
// nobody, is told of at the start, and can be taken back.
func TestAPlaceholderOfAnEarlierVersion(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	guest := get(pageView+"&uid=guest", consent)
	loaded, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	keys := rules.NewKeys(pseudonym.TestRoot, loaded.Policy, time.Now())
	ids, err := loaded.Policy.Identities(keys, "user_id", []byte("guest"))
	if err != nil {
		t.Fatal(err)
	}
	var subjects []objection.Subject
	for _, id := range ids {
		subjects = append(subjects, objection.Subject(id))
	}
	earlier := objection.Change{Subjects: subjects, Object: []string{"all"}, Source: objection.API}
	if _, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{Change: earlier}}}); err != nil {
		t.Fatal(err)
	}
	if a := r.send(t, guest); a.status != 200 && a.status != 204 || len(v.got()) != 1 {
		t.Errorf("%+v: a guest's event does not arrive: %d", a, len(v.got()))
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.WarnLevel)
	told := func(o *proxy.Options) { o.Log = zap.New(core) }
	r = start(t, r.file, told)
	if all := logs.FilterMessageSnippet("what is no identifier").All(); len(all) != 1 {
		t.Errorf("told %d times", len(all))
	} else if got, ok := all[0].ContextMap()["ids"].([]any); !ok || len(got) != 1 || got[0] != "user_id=guest" {
		t.Errorf("%v", all[0].ContextMap())
	}
	back := takenBack
	back.Source, back.Because = objection.API, "it is nobody's"
	acts := objection.Acts{Acts: []objection.Act{{IDs: []objection.ID{{Name: "user_id", Value: "guest"}}, Change: back}}}
	if receipts, err := r.Act(t.Context(), acts); err != nil || !receipts[0].New || len(receipts[0].InForce) > 0 {
		t.Errorf("%+v, %v", receipts, err)
	}
}
