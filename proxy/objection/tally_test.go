package objection

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMeasuresCountActs(t *testing.T) {
	dir, now := t.TempDir(), noon
	s := opened(t, Options{Dir: dir, Now: func() time.Time { return now }})
	shop := objects(1, "analytics", "newsletter")
	shop.Site, shop.Campaign, shop.Source = "shop", "spring jane.doe@example.com "+strings.Repeat("x", 100),
		PreferenceCentre
	complaint := objects(2, "analytics")
	complaint.Complaint, complaint.Channel = true, "phone"
	restricts := objects(3, "vendor:ga")
	restricts.Restriction = true
	taken(t, s, shop, shop, complaint, restricts)
	now = now.AddDate(0, 0, 1)
	complaint.Because = "again"
	taken(t, s, complaint, takesBack(1, All), takesBack(1, All))
	stats, err := s.Stats()
	if err != nil || len(stats.Days) != 2 {
		t.Fatalf("%+v, %v", stats, err)
	}
	first, second := stats.Days[0], stats.Days[1]
	if first.Date != "2026-03-01" || first.All != (Counts{Objections: 2, Restrictions: 1, Complaints: 1}) {
		t.Errorf("%+v", first)
	}
	if first.Scope["analytics"] != (Counts{Objections: 2, Complaints: 1}) || first.Scope["vendor:ga"] != (Counts{Restrictions: 1}) {
		t.Errorf("%+v", first.Scope)
	}
	if first.Source[API] != (Counts{Objections: 1, Restrictions: 1, Complaints: 1}) ||
		first.Site["shop"] != (Counts{Objections: 1}) || first.Channel["phone"].Complaints != 1 {
		t.Errorf("%+v", first)
	}
	for campaign := range first.Campaign {
		if strings.Contains(campaign, "jane") || len([]rune(campaign)) > mostCampaign ||
			!strings.HasPrefix(campaign, "spring [email]") {
			t.Errorf("campaign %q", campaign)
		}
	}
	if second.All != (Counts{Withdrawals: 1, Complaints: 1}) || second.Scope["newsletter"] != (Counts{Withdrawals: 1}) {
		t.Errorf("%+v", second)
	}
	if stats.Records != 3 || stats.Subjects != 2 || !reflect.DeepEqual(stats.Scopes, map[string]uint64{"analytics": 1,
		"restriction:vendor:ga": 1}) {
		t.Errorf("%+v", stats)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, Options{Dir: dir})
	if again, err := s.Stats(); err != nil || !reflect.DeepEqual(again, stats) {
		t.Errorf("after opening: %+v, %v", again, err)
	}
}

// TestTalliesAreCounted: acts of which the store keeps nothing are in the measures, also after opening it anew, and
// nowhere else.
func TestTalliesAreCounted(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir, Now: func() time.Time { return noon }})
	taken(t, s, objects(1, "analytics"))
	_, err := s.Apply(t.Context(), Batch{Tallies: []Tally{
		{Scopes: []string{"analytics", "ads"}, Source: PreferenceCentre, Site: "shop", Campaign: "spring", Times: 40},
		{Withdrawn: true, Scopes: []string{All}, Source: FrontEnd, Site: "shop", Times: 2},
		{Source: FrontEnd, Site: "shop", Campaign: "card 4111 1111 1111 1111", Times: 3},
	}})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	s = opened(t, Options{Dir: dir})
	stats, err := s.Stats()
	if err != nil || len(stats.Days) != 1 || stats.Head.Size != 1 || stats.Subjects != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	day := stats.Days[0]
	if day.All != (Counts{Objections: 44, Withdrawals: 2}) || day.Scope["analytics"].Objections != 41 ||
		day.Scope[All] != (Counts{Withdrawals: 2}) || day.Site["shop"] != (Counts{Objections: 43, Withdrawals: 2}) ||
		day.Source[FrontEnd] != (Counts{Objections: 3, Withdrawals: 2}) || day.Campaign["spring"].Objections != 40 {
		t.Errorf("%+v", day)
	}
	for name := range day.Campaign {
		if strings.Contains(name, "4111") {
			t.Errorf("what looks like personal data is kept: %q", name)
		}
	}
}

func TestCampaignsAreBounded(t *testing.T) {
	now := noon
	s := opened(t, Options{Now: func() time.Time { return now }})
	var changes []Change
	for n := range mostNames + 20 {
		c := objects(n, All)
		c.Campaign = fmt.Sprintf("campaign %c%c", 'a'+n%26, 'a'+n/26)
		changes = append(changes, c)
	}
	taken(t, s, changes...)
	stats, err := s.Stats()
	if err != nil || len(stats.Days[0].Campaign) != mostNames+1 || stats.Days[0].Campaign[otherName].Objections != 20 {
		t.Errorf("%d campaigns, %v", len(stats.Days[0].Campaign), err)
	}
	now = now.AddDate(0, 0, nameLife+1)
	late := objects(10_000, All)
	late.Campaign = "autumn"
	taken(t, s, late)
	if stats, err = s.Stats(); err != nil || stats.Days[1].Campaign["autumn"].Objections != 1 {
		t.Errorf("%+v, %v", stats.Days[1], err)
	}
}
