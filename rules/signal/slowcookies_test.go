package signal_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// A second reading of the platforms' cookies, by encoding/json, net/url and expressions: which ids the visitor granted by an act of theirs.
// It is for one cookie of a kind, in the forms that each platform documents.

// form compiles an expression once.
func form(text string) *regexp.Regexp {
	if made, ok := forms.Load(text); ok {
		return made.(*regexp.Regexp)
	}
	made := regexp.MustCompile(text)
	forms.Store(text, made)
	return made
}

var forms sync.Map

var escapes = form(`%[0-9A-Fa-f]{2}`)

// undone is a value with one layer of percent-encoding taken off, where it has any.
func undone(value string) string {
	return escapes.ReplaceAllStringFunc(value, func(one string) string {
		text, _ := url.PathUnescape(one)
		return text
	})
}

// slowJSON finds JSON under at most two layers.
func slowJSON(value string) (text string, ok bool) {
	for range 3 {
		if json.Valid([]byte(value)) {
			return value, deepest(value) <= 16
		}
		value = undone(value)
	}
	return "", false
}

func deepest(text string) (deep int) {
	depth := 0
	for _, c := range text {
		switch c {
		case '{', '[':
			depth++
			deep = max(deep, depth)
		case '}', ']':
			depth--
		}
	}
	return deep
}

// member is one of an object's, in their order, for names may come twice.
type member struct {
	name  string
	value json.RawMessage
}

func (m *member) is(word string) bool { return string(m.value) == word }

func (m *member) bad() bool { return !m.is("true") && !m.is("false") }

func (m *member) text() (text string, ok bool) {
	return text, m.value[0] == '"' && json.Unmarshal(m.value, &text) == nil
}

// list is an array of texts.
func (m *member) list() (all []string, ok bool) {
	var some []any
	if m.value[0] != '[' || json.Unmarshal(m.value, &some) != nil {
		return nil, false
	}
	for _, one := range some {
		text, isText := one.(string)
		if !isText || text == "" {
			return nil, false
		}
		all = append(all, text)
	}
	return all, true
}

func members(text string) (all []member, ok bool) {
	d := json.NewDecoder(strings.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		one := member{name: name.(string)}
		if d.Decode(&one.value) != nil {
			return nil, false
		}
		all = append(all, one)
	}
	return all, true
}

// dated tells whether a member is a time that a platform writes, or null.
func (m *member) dated() bool {
	if text, ok := m.text(); ok {
		return form(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$`).MatchString(text)
	}
	return m.is("null") || form(`^\d{1,15}$`).MatchString(string(m.value))
}

// votes are answers by id: an id is granted where something grants it and nothing refuses it.
type votes map[string]bool

func (v votes) say(id string, yes bool) {
	before, named := v[id]
	v[id] = yes && (before || !named)
}

func (v votes) granted() []string {
	var all []string
	for id, yes := range v {
		if yes {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

// slowGrants reads the cookies of a platform; known is false for what this reading does not cover.
func slowGrants(c signal.CMP, cookies map[string]string, set signal.Settings) (granted []string, known bool) {
	v, acted, ok := votes{}, false, false
	the := func(name string) string { return cookies[name] }
	object := func(name string) (all []member, fine bool) {
		text, fine := slowJSON(the(name))
		if !fine {
			return nil, false
		}
		return members(text)
	}
	bools := func(all []member) bool {
		for i := range all {
			if all[i].bad() || all[i].name == "" {
				return false
			}
			v.say(all[i].name, all[i].is("true"))
		}
		return true
	}
	within := func(m *member) ([]member, bool) { return members(string(m.value)) }
	switch c.String() {
	case "klaro":
		all, fine := object("klaro")
		acted, ok = true, fine && bools(all)
	case "civic":
		var all []member
		all, ok = object("CookieControl")
		for i := range all {
			switch m := &all[i]; m.name {
			case "interactedWith":
				acted, ok = m.is("true"), ok && !m.bad()
			case "consentDate":
				ok = ok && m.dated()
			case "optionalCookies":
				answers, fine := within(m)
				ok = ok && fine
				for i := range answers {
					word, isText := answers[i].text()
					ok = ok && isText && answers[i].name != "" && slices.Contains([]string{"accepted", "revoked", "legitimate interest"}, word)
					v.say(answers[i].name, word == "accepted")
				}
			}
		}
	case "cookie_information":
		all, fine := object("CookieInformationConsent")
		lists := 0
		for i := range all {
			switch m := &all[i]; m.name {
			case "consents_approved", "consents_denied":
				ids, isList := m.list()
				fine = fine && isList
				lists++
				for _, id := range ids {
					v.say(id, m.name == "consents_approved")
				}
			case "timestamp":
				fine = fine && m.dated()
			}
		}
		acted, ok = true, fine && lists > 0
	case "cookieconsent":
		all, fine := object("cc_cookie")
		lists := 0
		acted = true
		var accepted []string
		for i := range all {
			switch m := &all[i]; m.name {
			case "categories", "level":
				ids, isList := m.list()
				fine = fine && isList
				lists++
				for _, id := range ids {
					v.say(id, true)
				}
				accepted = ids
			case "revision":
				_, err := strconv.ParseFloat(string(m.value), 64)
				fine = fine && err == nil
			case "consentTimestamp", "consent_date":
				fine = fine && m.dated()
			}
		}
		for i := range all {
			if m := &all[i]; m.name == "services" && !m.is("null") {
				lists, isObject := within(m)
				fine = fine && isObject
				for i := range lists {
					ids, isList := lists[i].list()
					fine = fine && isList
					for _, id := range ids {
						v.say("service "+id, slices.Contains(accepted, lists[i].name))
					}
				}
			}
		}
		ok = fine && lists == 1
	case "iubenda":
		var name string
		for n := range cookies {
			if form(`^_iub_cs-\d+$`).MatchString(n) {
				name = n
			}
		}
		all, fine := object(name)
		ok = fine
		for i := range all {
			switch m := &all[i]; m.name {
			case "timestamp":
				_, acted = m.text()
				ok = ok && m.dated()
			case "purposes":
				answers, isObject := within(m)
				ok = ok && isObject && bools(answers)
			}
		}
		if slices.ContainsFunc(all, func(m member) bool { return m.name == "consent" }) {
			return nil, false
		}
	case "ketch", "didomi":
		value := undone(undone(the(map[string]string{"ketch": "_ketch_consent_v1_", "didomi": "didomi_token"}[c.String()])))
		text, err := base64.StdEncoding.DecodeString(value)
		if err != nil || strings.ContainsAny(value, "\r\n") {
			if text, err = base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(value)); err != nil {
				return nil, !strings.ContainsAny(value, "-_=")
			}
		}
		value, fine := slowJSON(string(text))
		all, isObject := members(value)
		ok, acted = fine && isObject, c.String() == "ketch"
		for i := range all {
			m := &all[i]
			answers, isObject := within(m)
			switch {
			case c.String() == "ketch":
				ok = ok && isObject && m.name != ""
				status := "denied"
				for i := range answers {
					if answers[i].name == "status" {
						word, isText := answers[i].text()
						status, ok = word, ok && isText
					}
				}
				v.say(m.name, status == "granted")
			case m.name == "updated":
				acted, ok = !m.is("null"), ok && m.dated()
			case m.name == "purposes" || m.name == "vendors":
				ok = ok && (isObject || m.is("null"))
				prefix := map[string]string{"vendors": "service "}[m.name]
				for i := range answers {
					if list := answers[i].name; (list == "enabled" || list == "disabled") && !answers[i].is("null") {
						ids, isList := answers[i].list()
						ok = ok && isList
						for _, id := range ids {
							v.say(prefix+id, list == "enabled")
						}
					}
				}
			case m.name == "purposes_li" || m.name == "vendors_li":
				return nil, false
			}
		}
	case "shopify":
		all, fine := object("_tracking_consent")
		ok = fine
		for i := range all {
			switch m := &all[i]; m.name {
			case "v":
				if text, _ := m.text(); !strings.HasPrefix(text, "2.") {
					return nil, true
				}
			case "con":
				choices, isObject := within(m)
				ok = ok && isObject
				for i := range choices {
					if choices[i].name != "CMP" {
						continue
					}
					answers, isObject := within(&choices[i])
					ok = ok && isObject
					for i := range answers {
						word, isText := answers[i].text()
						ok = ok && isText && answers[i].name != "" && slices.Contains([]string{"", "0", "1"}, word)
						if word != "" {
							v.say(answers[i].name, word == "1")
							acted = true
						}
					}
				}
			}
		}
	case "onetrust":
		text := the("OptanonConsent")
		for range 2 {
			if !strings.Contains(text, "=") {
				text = undone(text)
			}
		}
		if strings.Contains(text, ";") {
			return nil, false
		}
		query, err := url.ParseQuery(text)
		if err != nil {
			return nil, false
		}
		ok = strings.Contains(text, "=")
		for _, groups := range query["groups"] {
			for one := range strings.SplitSeq(undone(groups), ",") {
				parts := form(`^([A-Za-z0-9_.-]+):([01])$`).FindStringSubmatch(one)
				if parts == nil {
					ok = ok && groups == ""
					continue
				}
				v.say(parts[1], parts[2] == "1")
			}
		}
		for _, vendors := range query["genVendors"] {
			if vendors != "" {
				return nil, false
			}
		}
		acted = !slices.ContainsFunc(query["AwaitingReconsent"], func(s string) bool { return undone(s) != "false" }) &&
			!slices.Contains(query["implicitConsentCountry"], "nonGDPR")
		closed, there := cookies["OptanonAlertBoxClosed"]
		at := member{value: json.RawMessage(strconv.Quote(undone(undone(closed))))}
		acted, ok = acted && there, ok && (!there || at.dated() && closed != "" && at.value[0] == '"')
	case "cookiebot":
		text := the("CookieConsent")
		object := form(`^\{(?:[\w.-]+:(?:'[^']*'|[\w.-]+)(?:,|\}$))+$`)
		for range 2 {
			if !object.MatchString(text) {
				text = undone(text)
			}
		}
		ok, acted = object.MatchString(text) && !strings.HasSuffix(text, ","), true
		answers, region, method := 0, false, false
		for _, parts := range form(`([\w.-]+):('[^']*'|[\w.-]+)`).FindAllStringSubmatch(text, -1) {
			switch parts[1] {
			case "necessary", "preferences", "statistics", "marketing":
				ok = ok && (parts[2] == "true" || parts[2] == "false")
				v.say(parts[1], parts[2] == "true")
				answers++
			case "region":
				region = true
			case "method":
				method, acted = true, acted && parts[2] == "'explicit'"
			case "utc":
				ok = ok && form(`^\d{1,15}$`).MatchString(parts[2])
			}
		}
		ok, acted = ok && answers > 0, acted && (method || !region)
	case "cookieyes":
		if len(cookies) != 1 || !strings.Contains(the("cookieyes-consent"), "action") {
			return nil, false
		}
		ok = true
		all := ""
		for one := range strings.SplitSeq(undone(undone(the("cookieyes-consent"))), ",") {
			name, value, found := strings.Cut(one, ":")
			answer := value == "yes" || value == "no"
			ok = ok && found && name != ""
			switch name {
			case "consentid", "lastRenewedDate":
			case "action":
				acted, ok = value == "yes", ok && (answer || value == "")
			case "consent":
				all, ok = value, ok && (answer || value == "")
			case "necessary", "functional", "analytics", "performance", "advertisement", "other":
				ok = ok && (answer || value == "")
				fallthrough
			default:
				if answer {
					v.say(name, value == "yes")
				}
			}
		}
		for id := range v {
			v[id] = v[id] && (all != "no" || id == "necessary")
		}
	case "complianz":
		prefix := cmp.Or(set.Cookie, "cmplz_")
		ok = true
		for name, value := range cookies {
			category, ours := strings.CutPrefix(name, prefix)
			switch {
			case !ours || value == "":
			case slices.Contains([]string{"functional", "preferences", "statistics", "marketing"}, category):
				word := undone(undone(value))
				ok = ok && (word == "allow" || word == "deny")
				v.say(category, word == "allow")
			case category == "consented_services":
				text, fine := slowJSON(value)
				services, isObject := members(text)
				ok = ok && fine && isObject
				for i := range services {
					ok = ok && !services[i].bad() && services[i].name != ""
					v.say("service "+services[i].name, services[i].is("true"))
				}
			}
		}
		acted = undone(undone(cookies[prefix+"banner-status"])) == "dismissed"
	case "tealium":
		ok = true
		consent := ""
		for one := range strings.SplitSeq(undone(undone(the("CONSENTMGR"))), "|") {
			name, value, found := strings.Cut(one, ":")
			ok = ok && found
			switch {
			case name == "consent":
				consent, ok = value, ok && (value == "true" || value == "false")
			case name == "ts":
				ok = ok && form(`^\d{1,15}$`).MatchString(value)
			case form(`^c([1-9]|1[0-5])$`).MatchString(name):
				ok = ok && (value == "0" || value == "1")
				v.say(name, value == "1")
			}
		}
		acted = consent == "true"
	case "hubspot":
		if len(cookies) != 1 || the("__hs_cookie_cat_pref") == "" {
			return nil, false
		}
		text := undone(undone(the("__hs_cookie_cat_pref")))
		ok, acted = form(`^\d:(true|false)([,_]\d:(true|false))*$`).MatchString(text), true
		for _, parts := range form(`(\d):(true|false)`).FindAllStringSubmatch(text, -1) {
			v.say(parts[1], parts[2] == "true")
		}
	case "commanders_act":
		parts := form(`^([01])@[^@]*@(?:(\d{1,5}(?:,\d{1,5})*)|ALL|)@(\d{1,5}(?:,\d{1,5})*|)(?:@(\d{0,15})(?:[,@].*)?)?$`).FindStringSubmatch(undone(undone(the("TC_PRIVACY"))))
		ok, acted = parts != nil, true
		if ok {
			for i, list := range parts[2:4] {
				for id := range strings.SplitSeq(list, ",") {
					v.say(id, i == 0 && parts[1] == "0")
				}
			}
			delete(v, "")
		}
	case "matomo":
		_, removed := cookies["mtm_consent_removed"]
		_, ignored := cookies["matomo_ignore"]
		consent, given := cookies["mtm_consent"]
		ok = !given || form(`^0*[1-9]\d*$`).MatchString(consent) && len(consent) <= 15
		acted = given && !removed && !ignored
		v.say("tracking", acted)
	case "axeptio":
		all, fine := object("axeptio_cookies")
		_, ok = cookies["axeptio_cookies"]
		if !ok {
			return nil, true
		}
		ok = fine
		list := func(name string) (ids []string) {
			text := undone(undone(cookies[name]))
			ok = ok && form(`^(,([^,]*,)+|)$`).MatchString(text)
			return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
		}
		authorised, complete := list("axeptio_authorized_vendors"), 0
		list("axeptio_all_vendors")
		_, listed := cookies["axeptio_authorized_vendors"]
		for _, id := range authorised {
			v.say(id, true)
		}
		acted = true
		for i := range all {
			switch m := &all[i]; {
			case m.name == "$$date":
				ok = ok && m.dated()
			case m.name == "$$completed":
				acted, ok = acted && m.is("true"), ok && !m.bad()
				complete++
			case strings.HasPrefix(m.name, "$$"):
			case m.bad() || m.name == "":
				ok = false
			default:
				v.say(m.name, m.is("true") && (!listed || slices.Contains(authorised, m.name)))
			}
		}
		acted = acted && complete > 0
	case "trustarc":
		allowed, named := ^0, 0b111
		digits := func(text, like string) (n int) {
			parts := form(like).FindStringSubmatch(text)
			if ok = ok && parts != nil; !ok {
				return 0
			}
			for _, digit := range form(`\d`).FindAllString(parts[1], -1) {
				n |= 1 << (digit[0] - '0')
			}
			return n
		}
		ok = true
		model := ""
		if prefs, there := cookies["notice_gdpr_prefs"]; there {
			n := digits(undone(undone(prefs)), `^(\d(?:[,|]\d)*):`)
			allowed, named, acted = allowed&n, named|n, true
		}
		if level, there := cookies["notice_preferences"]; there {
			level = undone(undone(level))
			n := digits(level, `^(\d(?:[,|]\d)*):`)
			if n&(n-1) == 0 {
				n |= n - 1
			}
			allowed, named = allowed&n, named|n
			if behaviour, there := cookies["notice_behavior"]; there {
				model = undone(undone(behaviour))
			} else if parts := strings.SplitN(level, ":", 3); len(parts) == 3 {
				model = parts[2]
			}
			acted = acted || !form(`^implied([,|]|$)`).MatchString(model)
		}
		if permit, there := cookies["cmapi_cookie_privacy"]; there {
			n := digits(undone(undone(permit)), `^permit[ _](\d(?:[,|]\d)*)(?: .*)?$`)
			ok = ok && n&1 == 0
			allowed, named = allowed&(n>>1), named|n>>1
		}
		for n := range 10 {
			if named>>n&1 == 1 {
				v.say(strconv.Itoa(n+1), allowed>>n&1 == 1)
			}
		}
	default:
		return nil, false
	}
	if !ok || !acted {
		return nil, true
	}
	return v.granted(), true
}

// grants is what the reading that is tested finds, in the same form.
func grants(c signal.CMP, cookies map[string]string, set signal.Settings) (granted []string, st signal.Statement, items []signal.Item) {
	var all jar
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		all = append(all, name, cookies[name])
	}
	st, items = c.Read(all, set, new(signal.Scratch))
	for _, item := range items {
		if st.Decided != signal.Decides || !item.Granted {
			continue
		}
		switch item.List {
		case signal.Category:
			granted = append(granted, string(item.ID))
		case signal.Service:
			prefix := "service "
			if n := c.String(); n == "klaro" || n == "axeptio" {
				prefix = ""
			}
			granted = append(granted, prefix+string(item.ID))
		default:
		}
	}
	slices.Sort(granted)
	return granted, st, items
}

// agreeCookies reads cookies both ways.
func agreeCookies(t *testing.T, c signal.CMP, cookies map[string]string, set signal.Settings) {
	t.Helper()
	for _, value := range cookies {
		if plain := undone(undone(value)); !utf8.ValidString(plain) || strings.Contains(plain, `\u`) {
			return // the standard library replaces what is no character
		}
	}
	want, known := slowGrants(c, cookies, set)
	if !known {
		return
	}
	got, st, _ := grants(c, cookies, set)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q grants %q (%s, %s), and read slowly %q", c, cookies, got, st.State, st.Decided, want)
	}
}

// TestBrokenCookies: the cookies of each platform, whole and broken at each character, grant what a second reading finds; and of what the
// whole ones speak of, never anything that these do not grant.
func TestBrokenCookies(t *testing.T) {
	t.Parallel()
	all := seedLines[cookieVector](t, "cmp_cookies.jsonl")
	for i := range all {
		v := &all[i]
		platforms, err := v.platforms()
		if err != nil {
			t.Fatal(err)
		}
		if len(platforms) > 1 {
			continue
		}
		c, set := platforms[0], v.settings()
		agreeCookies(t, c, v.Cookies, set)
		whole, st, items := grants(c, v.Cookies, set)
		spoken := map[string]bool{}
		for _, item := range items {
			spoken[string(item.ID)], spoken["service "+string(item.ID)] = true, true
		}
		check := func(changed map[string]string, how string) {
			agreeCookies(t, c, changed, set)
			if c == platform(t, "onetrust") && st.Decided != signal.Decides {
				return // AwaitingReconsent is one field of many: a record without it is of a visitor who chose
			}
			now, _, _ := grants(c, changed, set)
			for _, id := range now {
				if spoken[id] && !slices.Contains(whole, id) {
					t.Errorf("%s, %s: %q grants %q", v.ID, how, changed, id)
				}
			}
		}
		for name, value := range v.Cookies {
			for j := range len(value) {
				for how, text := range map[string]string{
					"outside": value[:j] + "*" + value[j+1:], "quote": value[:j] + `"` + value[j+1:], "lost": value[:j] + value[j+1:],
					"doubled": value[:j+1] + value[j:], "cut": value[:j],
				} {
					if len(value) > 300 && how != "outside" && how != "cut" {
						continue
					}
					changed := maps.Clone(v.Cookies)
					changed[name] = text
					check(changed, how)
				}
			}
			changed := maps.Clone(v.Cookies)
			delete(changed, name)
			check(changed, "not there")
			changed[name+"x"] = value
			check(changed, "another name")
		}
	}
}
