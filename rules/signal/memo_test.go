package signal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// mind is a memo that remembers everything.
type mind struct {
	said     map[[2]uint64]signal.Reading
	recalled int
}

func (m *mind) Recall(text []byte) (sum [2]uint64, known *signal.Reading) {
	hash := sha256.Sum256(text)
	sum = [2]uint64{binary.LittleEndian.Uint64(hash[:]), binary.LittleEndian.Uint64(hash[8:])}
	if said, ok := m.said[sum]; ok {
		m.recalled++
		return sum, &said
	}
	return sum, nil
}

func (m *mind) Remember(sum [2]uint64, said signal.Reading) { m.said[sum] = said }

// said is what a reader makes of a Cookie header, at a time and for a vendor.
func said(r *signal.Reader, cookies string, now int64, d *signal.Declaration, m signal.Memo) (s signal.Signals) {
	h := new(hit.Hit)
	h.Reset()
	h.Chain()
	h.Request.Headers = []hit.Header{{Name: []byte("Cookie"), Value: []byte(cookies)}}
	r.Hit(h, &s, &signal.Ask{Declaration: d, Scratch: new(cmp.Scratch), Now: now, Memo: m}, nil)
	return s
}

// platformCookies are the headers of the vectors, whole, and without their first cookie.
func platformCookies(t *testing.T) (all []string) {
	for _, file := range []string{"testdata/vectors/cmp_cookies.jsonl", "cmp/testdata/vectors/more_cookies.jsonl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var one struct{ Cookies map[string]string }
			if err := json.Unmarshal(line, &one); err != nil {
				t.Fatal(err)
			}
			var together []string
			for _, name := range slices.Sorted(maps.Keys(one.Cookies)) {
				together = append(together, name+"="+one.Cookies[name])
			}
			all = append(all, strings.Join(together, "; "))
			if len(together) > 1 {
				all = append(all, strings.Join(together[1:], "; "))
			}
		}
	}
	return all
}

// TestNobodyIsAnsweredWithAnothersChoice: every source that reads cookies, by itself and beside the same one of another
// site, over cookies of visitors who said yes, said no, took back, said it at another time or in a broken way: with the
// memo each of them has what its own bytes say, in whatever order they come, again and again.
func TestNobodyIsAnsweredWithAnothersChoice(t *testing.T) {
	t.Parallel()
	number := map[string]int{"analytics": 0, "marketing": 1, "functional": 2, "necessary": 3}
	own := func(s signal.Source) signal.Source {
		s.Kind, s.Cookie, s.Category = signal.Own, "consent", "analytics"
		s.Granted, s.Refused = []string{"yes", "1"}, []string{"no", "0"}
		return s
	}
	sources := map[string]signal.Source{
		"own, a word":   own(signal.Source{}),
		"own, in JSON":  own(signal.Source{JSON: "analytics"}),
		"own, deeper":   own(signal.Source{JSON: "a.analytics"}),
		"own, in pairs": own(signal.Source{Pairs: "!=", Name: "analytics"}),
		"own, dated":    own(signal.Source{JSON: "analytics", Date: signal.Date{Cookie: "consent", JSON: "at"}}),
	}
	for c := range cmp.All {
		sources[c.String()] = signal.Source{Kind: signal.Platform(c)}
	}
	visitors := []string{
		"", "consent=", "consent=yes", "consent=no", "consent=analytics=yes!x=1", "consent=analytics=no!x=1",
		`consent={"analytics":"yes"}`, `consent={"analytics":"no"}`, `consent=%7B%22analytics%22%3A%22yes%22%7D`,
		`consent={"analytics":"yes"}; consent={"analytics":"no"}`, `consent={"analytics":"yes"}; consent=`,
		`consent={"analytics":"yes","at":1700000000}`, `consent={"analytics":"yes","at":1900000000}`,
		`consent={"a":{"analytics":1}}`,
		`consent={"analytics"`, `consent={"analytics":"yes"}x`,
		`consent="` + strings.Repeat("x", 3000) + `"`,
	}
	visitors = append(visitors, platformCookies(t)...)
	vendors := []*signal.Declaration{
		{ID: "ga4", Services: []string{"googleanalytics"}}, {ID: "matomo", Services: []string{"matomo"}},
	}
	m, differ := &mind{said: map[[2]uint64]signal.Reading{}}, map[string]bool{}
	site := 0
	for name, source := range sources {
		var readers [2]*signal.Reader
		for i := range readers {
			if i == 1 { // another site's word for yes
				source.Granted, source.Refused = source.Refused, source.Granted
			}
			r, err := signal.NewReader([]signal.Source{{Kind: signal.GPC}, source}, number)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			site++
			r.Numbered(site)
			readers[i] = r
		}
		for round := range 2 {
			for _, cookies := range visitors {
				for _, now := range []int64{1_600_000_000, 1_800_000_000} {
					for _, d := range vendors {
						for i, r := range readers {
							want := said(r, cookies, now, d, nil)
							if got := said(r, cookies, now, d, m); got != want {
								t.Fatalf("%s, site %d, round %d, at %d for %q: %.200q says %+v, remembered %+v", name, i,
									round, now, d.ID, cookies,
									want.Sources[0], got.Sources[0])
							}
							differ[fmt.Sprint(name, want.Sources[0], want.GPC)] = true
						}
					}
				}
			}
		}
	}
	if m.recalled < 1000 || len(differ) < 2*len(sources) {
		t.Errorf("%d readings were remembered, %d differ: it shows too little", m.recalled, len(differ))
	}
}
