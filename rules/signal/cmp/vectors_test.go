package cmp_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// cookieVector is a line of cmp_cookies.jsonl or of more_cookies.jsonl.
type cookieVector struct {
	ID      string                     `json:"id"`
	CMP     string                     `json:"cmp"`
	Cookies map[string]string          `json:"cookies"`
	Expect  map[string]json.RawMessage `json:"expect"`
}

// seeds are the vectors of this package: those of cmp_cookies.jsonl, and more of the project's own.
func seeds(tb testing.TB) []cookieVector {
	tb.Helper()
	return append(signaltest.Seeds[cookieVector](tb, "cmp_cookies.jsonl"),
		signaltest.Seeds[cookieVector](tb, "more_cookies.jsonl")...)
}

// jar is a jar of name, value, name, value.
type jar []string

func (j jar) Cookies(yield func(name, value []byte) bool) {
	for i := 0; i+1 < len(j); i += 2 {
		if !yield([]byte(j[i]), []byte(j[i+1])) {
			return
		}
	}
}

func (v *cookieVector) jar() jar {
	var all jar
	for _, name := range slices.Sorted(maps.Keys(v.Cookies)) {
		all = append(all, name, v.Cookies[name])
	}
	return all
}

// settings is what a site of that visitor would have configured.
func (v *cookieVector) settings() cmp.Settings {
	set := cmp.Settings{Revision: -1}
	if v.CMP == "complianz" {
		for name := range v.Cookies {
			if prefix, found := strings.CutSuffix(name, "banner-status"); found {
				set.Cookie = prefix
			}
		}
	}
	return set
}

// platforms are those that the line is about: all where it names none or several.
func (v *cookieVector) platforms() ([]cmp.Platform, error) {
	if v.CMP == "none" || v.CMP == "conflict" {
		return slices.Collect(cmp.All), nil
	}
	name := v.CMP
	for theirs, ours := range map[string]string{
		"orestbida-cookieconsent": "cookieconsent", "google-fc": "google_fc", "commandersact": "commanders_act",
		"cookieinformation": "cookie_information",
	} {
		if name == theirs {
			name = ours
		}
	}
	if c, ok := cmp.Parse(name); ok {
		return []cmp.Platform{c}, nil
	}
	return nil, fmt.Errorf("no platform is called %q", name)
}

// facts puts what is read into the words of the vectors.
func (v *cookieVector) facts() (map[string]any, error) {
	platforms, err := v.platforms()
	if err != nil {
		return nil, err
	}
	facts := map[string]any{"decided": false, "notInCookies": false, "opaque": false, "doNotTrack": false}
	lists := map[cmp.List]map[string]bool{}
	for _, l := range []cmp.List{cmp.Category, cmp.Service, cmp.CategoryLI, cmp.ServiceLI} {
		lists[l] = map[string]bool{}
	}
	for _, c := range platforms {
		var scratch cmp.Scratch
		st, items := c.Read(v.jar(), v.settings(), &scratch)
		if st.State != read.Valid && len(items) > 0 {
			return nil, fmt.Errorf("%s: %v with %d items", c, st.State, len(items))
		}
		for _, item := range items {
			before, named := lists[item.List][string(item.ID)]
			lists[item.List][string(item.ID)] = item.Granted && (before || !named)
		}
		switch {
		case st.Decided == cmp.Decides:
			facts["decided"] = true
		case st.Decided == cmp.Unknowable && len(platforms) == 1:
			facts["decided"] = nil
		}
		facts["notInCookies"] = facts["notInCookies"] == true || !c.InCookies()
		facts["opaque"] = facts["opaque"] == true || st.Opaque
		facts["doNotTrack"] = facts["doNotTrack"] == true || st.Objection
		for name, text := range map[string][]byte{
			"tc": st.TC, "ac": st.AC, "usp": st.USP, "gpp": st.GPP, "region": st.Region, "method": st.Method, "model": st.Model,
		} {
			if text != nil {
				facts[name] = string(text)
			}
		}
		for name, flag := range map[string]cmp.Flag{"gpc": st.GPC, "cookiesAllowed": st.CookiesAllowed,
			"consent": st.Consent} {
			if flag != cmp.Unsaid {
				facts[name] = flag == cmp.Yes
			}
		}
		if st.GPPSID != nil {
			facts["gppSid"] = signaltest.Sections(string(st.GPPSID))
		}
		if st.US != [3]cmp.Flag{} {
			facts["us"] = map[string]any{"s": st.US[0] == cmp.Yes, "sh": st.US[1] == cmp.Yes, "adv": st.US[2] == cmp.Yes}
		}
		if st.AtMilli != 0 {
			facts["decidedAt"] = st.AtMilli
		}
	}
	facts["categories"], facts["services"] = lists[cmp.Category], lists[cmp.Service]
	facts["categoriesLI"], facts["servicesLI"] = lists[cmp.CategoryLI], lists[cmp.ServiceLI]
	return facts, nil
}

// differs compares one fact. An id that a line does not list must not be granted.
func differs(name string, want json.RawMessage, facts map[string]any, several bool) string {
	got := facts[name]
	switch name {
	case "categories", "services", "categoriesLI", "servicesLI":
		var wanted map[string]bool
		if err := json.Unmarshal(want, &wanted); err != nil {
			return err.Error()
		}
		have := got.(map[string]bool)
		for id, granted := range wanted {
			if is, named := have[id]; !named || is != granted {
				return fmt.Sprintf("%s %s: want %t, have %t (named %t)", name, id, granted, is, named)
			}
		}
		for id, granted := range have {
			if _, named := wanted[id]; granted && !named && !several {
				return fmt.Sprintf("%s %s: granted, and must not be", name, id)
			}
		}
		return ""
	case "decidedAt":
		var at any
		if err := json.Unmarshal(want, &at); err != nil {
			return err.Error()
		}
		var milli int64
		switch at := at.(type) {
		case float64:
			milli = int64(at)
		case string:
			t, err := time.Parse(time.RFC3339, at)
			if err != nil {
				return err.Error()
			}
			milli = t.UnixMilli()
		}
		if got != milli {
			return fmt.Sprintf("decidedAt: want %d, have %v", milli, got)
		}
		return ""
	case "also": // words about the other platform
		return ""
	}
	have, err := json.Marshal(got)
	if err != nil {
		return err.Error()
	}
	var wanted, is any
	if json.Unmarshal(want, &wanted) != nil || json.Unmarshal(have, &is) != nil || fmt.Sprint(wanted) != fmt.Sprint(is) {
		return fmt.Sprintf("%s: want %s, have %s", name, want, have)
	}
	return ""
}

func TestVectorCookies(t *testing.T) {
	agreed, all := 0, signaltest.Vectors[cookieVector](t, "cmp_cookies.jsonl")
	all = append(all, signaltest.Seeds[cookieVector](t, "more_cookies.jsonl")...)
	for i := range all {
		v := &all[i]
		facts, err := v.facts()
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		right := true
		for _, name := range slices.Sorted(maps.Keys(v.Expect)) {
			if diff := differs(name, v.Expect[name], facts, v.CMP == "conflict"); diff != "" {
				t.Errorf("%s (%s): %s", v.ID, v.CMP, diff)
				right = false
			}
		}
		if right {
			agreed++
		}
	}
	t.Logf("%d of %d agreed", agreed, len(all))
}
