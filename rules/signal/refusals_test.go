package signal

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// cookieVector is a line of cmp_cookies.jsonl.
type cookieVector struct {
	ID      string
	CMP     string
	Cookies map[string]string
	Expect  struct {
		Decided    *bool // null where the cookie cannot tell
		Categories map[string]bool
		Services   map[string]bool
		DoNotTrack bool
	}
	Also json.RawMessage
}

// TestVectorRefusals: of each platform, an id that is not granted was refused by the visitor where the line says that
// an act is recorded; where it says that none is, or that nobody can know, nothing was.
func TestVectorRefusals(t *testing.T) {
	names := map[string]string{
		"orestbida-cookieconsent": "cookieconsent", "google-fc": "google_fc", "commandersact": "commanders_act",
		"cookieinformation": "cookie_information",
	}
	seen := map[string]int{}
	all, agreed := signaltest.Vectors[cookieVector](t, "cmp_cookies.jsonl"), 0
	all = append(all, signaltest.Seeds[cookieVector](t, "../../cmp/testdata/vectors/more_cookies.jsonl")...)
	for i := range all {
		v := &all[i]
		name := v.CMP
		if ours, ok := names[name]; ok {
			name = ours
		}
		c, ok := cmp.Parse(name)
		if !ok { // none, and a conflict of two
			agreed++
			continue
		}
		ids := map[string]bool{}
		maps.Copy(ids, v.Expect.Categories)
		maps.Copy(ids, v.Expect.Services)
		right := true
		for id, granted := range ids {
			if !c.Known(id) {
				continue
			}
			source := Source{
				Kind: Platform(c), Categories: map[string]string{id: "analytics"}, Settings: cmp.Settings{Revision: -1},
			}
			if c.Renamable() && c.String() == "complianz" {
				for name := range v.Cookies {
					if len(name) > len("banner-status") && name[len(name)-len("banner-status"):] == "banner-status" {
						source.Settings.Cookie = name[:len(name)-len("banner-status")]
					}
				}
			}
			r, err := NewReader([]Source{source}, someCategories)
			if err != nil {
				t.Fatal(err)
			}
			said := readJar(r, v.Cookies, &Declaration{})
			decided := v.Expect.Decided != nil && *v.Expect.Decided
			if got, want := said.Declines(1), decided && !granted; got != want {
				t.Errorf("%s, %s %s: refused %t, want %t", v.ID, name, id, got, want)
				right = false
			}
			if got := said.Consent([]Need{{Categories: 1}}).Consent == Granted; got != (decided && granted) {
				t.Errorf("%s, %s %s: granted %t", v.ID, name, id, got)
				right = false
			}
			seen[map[bool]string{true: "granted", false: "refused"}[granted]]++
		}
		if right {
			agreed++
		}
	}
	if seen["granted"] < 20 || seen["refused"] < 20 {
		t.Errorf("the vectors show too little: %v", seen)
	}
	signaltest.Agreed(t, "cmp_cookies.jsonl", agreed, len(all))
}

// readJar is what a hit with those cookies says, for a vendor.
func readJar(r *Reader, cookies map[string]string, d *Declaration) *Signals {
	h := new(hit.Hit)
	h.Reset()
	for name, value := range cookies {
		h.Request.Headers = append(h.Request.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(name + "=" + value)})
	}
	h.Chain()
	s := new(Signals)
	r.Hit(h, s, &Ask{Declaration: d, Scratch: new(cmp.Scratch)}, nil)
	return s
}

// TestMergeOfRefusals: of two readings of one source the stricter holds, and a category that one of them refuses as
// something else than a purpose of the TCF is refused as that.
func TestMergeOfRefusals(t *testing.T) {
	t.Parallel()
	for a := range 8 {
		for b := range 8 {
			reading := func(how int) SourceReading {
				r := SourceReading{State: Valid, Service: Refusal(how % 3)}
				switch how & 3 {
				case 1:
					r.Refused = 1
				case 2:
					r.Refused, r.Declined = 1, 1
				case 3:
					r.Refused, r.Declined, r.TCFOnly = 1, 1, 1
				}
				return r
			}
			x, y := reading(a), reading(b)
			got := x
			got.merge(y)
			plain := x.Declined&^x.TCFOnly | y.Declined&^y.TCFOnly
			if got.Declined != x.Declined|y.Declined || got.Declined&^got.TCFOnly != plain ||
				got.Refused != x.Refused|y.Refused || got.Service != max(x.Service, y.Service) {
				t.Errorf("%+v and %+v: %+v", x, y, got)
			}
		}
	}
}

// TestCommonName: an id of a service is a name whatever its case and the marks between its words, and no part of one.
func TestCommonName(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"googleanalytics": true, "Google Analytics": true, "google-analytics": true, "google_analytics": true,
		"Google.Analytics": true, "googleanalytic": false, "googleanalytics4": false, "google+analytics": false, "": false,
		"-": false, "c:googleanalytics": false,
		"c:googleana-4TXnJigR": true, "c:googleads-4TXnJigR": false, "c:google-4TXnJigR": false, "c:googleana-4TXnJi": false,
		"c:googleana-4TXnJi!R": false, "c:-4TXnJigR": false, "c:": false, "c:googleanalytics-4TXnJigR": true,
	} {
		if got := CommonName(id, "googleanalytics"); got != want {
			t.Errorf("%q: %t", id, got)
		}
	}
}
