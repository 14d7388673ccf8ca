package cmp_test

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The platforms that write a form of their own, and Axeptio, which writes both.

func (j *slowJar) onetrust() {
	text := j.the("OptanonConsent")
	for range 2 {
		if !strings.Contains(text, "=") {
			text = undone(text)
		}
	}
	if strings.Contains(text, ";") {
		j.unknown = true
		return
	}
	query, err := url.ParseQuery(text)
	if err != nil {
		j.unknown = true
		return
	}
	j.ok = strings.Contains(text, "=")
	for _, groups := range query["groups"] {
		for one := range strings.SplitSeq(undone(groups), ",") {
			parts := form(`^([A-Za-z0-9_.-]+):([01])$`).FindStringSubmatch(one)
			if parts == nil {
				j.ok = j.ok && groups == ""
				continue
			}
			j.votes.say(parts[1], parts[2] == "1")
		}
	}
	for _, vendors := range query["genVendors"] {
		if vendors != "" {
			j.unknown = true
			return
		}
	}
	j.acted = !slices.ContainsFunc(query["AwaitingReconsent"], func(s string) bool { return undone(s) != "false" }) &&
		!slices.Contains(query["implicitConsentCountry"], "nonGDPR")
	closed, there := j.cookies["OptanonAlertBoxClosed"]
	at := member{value: json.RawMessage(strconv.Quote(undone(undone(closed))))}
	j.acted, j.ok = j.acted && there, j.ok && (!there || at.dated() && closed != "" && at.value[0] == '"')
}

func (j *slowJar) cookiebot() {
	text := j.the("CookieConsent")
	object := form(`^\{(?:[\w.-]+:(?:'[^']*'|[\w.-]+)(?:,|\}$))+$`)
	for range 2 {
		if !object.MatchString(text) {
			text = undone(text)
		}
	}
	j.ok, j.acted = object.MatchString(text) && !strings.HasSuffix(text, ","), true
	answers, region, method := 0, false, false
	for _, parts := range form(`([\w.-]+):('[^']*'|[\w.-]+)`).FindAllStringSubmatch(text, -1) {
		switch parts[1] {
		case "necessary", "preferences", "statistics", "marketing":
			j.ok = j.ok && (parts[2] == "true" || parts[2] == "false")
			j.votes.say(parts[1], parts[2] == "true")
			answers++
		case "region":
			region = true
		case "method":
			method, j.acted = true, j.acted && parts[2] == "'explicit'"
		case "utc":
			j.ok = j.ok && form(`^\d{1,15}$`).MatchString(parts[2])
		}
	}
	j.ok, j.acted = j.ok && answers > 0, j.acted && (method || !region)
}

func (j *slowJar) cookieyes() {
	if len(j.cookies) != 1 || !strings.Contains(j.the("cookieyes-consent"), "action") {
		j.unknown = true
		return
	}
	j.ok = true
	all := ""
	for one := range strings.SplitSeq(undone(undone(j.the("cookieyes-consent"))), ",") {
		name, value, found := strings.Cut(one, ":")
		answer := value == "yes" || value == "no"
		j.ok = j.ok && found && name != ""
		switch name {
		case "consentid", "lastRenewedDate":
		case "action":
			j.acted, j.ok = value == "yes", j.ok && (answer || value == "")
		case "consent":
			all, j.ok = value, j.ok && (answer || value == "")
		case "necessary", "functional", "analytics", "performance", "advertisement", "other":
			j.ok = j.ok && (answer || value == "")
			fallthrough
		default:
			if answer {
				j.votes.say(name, value == "yes")
			}
		}
	}
	for id := range j.votes {
		j.votes[id] = j.votes[id] && (all != "no" || id == "necessary")
	}
}

func (j *slowJar) complianz() {
	prefix := cmp.Or(j.set.Cookie, "cmplz_")
	j.ok = true
	for name, value := range j.cookies {
		category, ours := strings.CutPrefix(name, prefix)
		switch {
		case !ours || value == "":
		case slices.Contains([]string{"functional", "preferences", "statistics", "marketing"}, category):
			word := undone(undone(value))
			j.ok = j.ok && (word == "allow" || word == "deny")
			j.votes.say(category, word == "allow")
		case category == "consented_services":
			text, fine := slowJSON(value)
			services, isObject := members(text)
			j.ok = j.ok && fine && isObject
			for i := range services {
				j.ok = j.ok && !services[i].bad() && services[i].name != ""
				j.votes.say("service "+services[i].name, services[i].is("true"))
			}
		}
	}
	j.acted = undone(undone(j.cookies[prefix+"banner-status"])) == "dismissed"
}

func (j *slowJar) tealium() {
	j.ok = true
	consent := ""
	for one := range strings.SplitSeq(undone(undone(j.the("CONSENTMGR"))), "|") {
		name, value, found := strings.Cut(one, ":")
		j.ok = j.ok && found
		switch {
		case name == "consent":
			consent, j.ok = value, j.ok && (value == "true" || value == "false")
		case name == "ts":
			j.ok = j.ok && form(`^\d{1,15}$`).MatchString(value)
		case form(`^c([1-9]|1[0-5])$`).MatchString(name):
			j.ok = j.ok && (value == "0" || value == "1")
			j.votes.say(name, value == "1")
		}
	}
	j.acted = consent == "true"
}

func (j *slowJar) hubspot() {
	if len(j.cookies) != 1 || j.the("__hs_cookie_cat_pref") == "" {
		j.unknown = true
		return
	}
	text := undone(undone(j.the("__hs_cookie_cat_pref")))
	j.ok, j.acted = form(`^\d:(true|false)([,_]\d:(true|false))*$`).MatchString(text), true
	for _, parts := range form(`(\d):(true|false)`).FindAllStringSubmatch(text, -1) {
		j.votes.say(parts[1], parts[2] == "true")
	}
}

func (j *slowJar) commandersAct() {
	parts := form(`^([01])@[^@]*@(?:(\d{1,5}(?:,\d{1,5})*)|ALL|)@(\d{1,5}(?:,\d{1,5})*|)(?:@(\d{0,15})(?:[,@].*)?)?$`).
		FindStringSubmatch(undone(undone(j.the("TC_PRIVACY"))))
	j.ok, j.acted = parts != nil, true
	if j.ok {
		for i, list := range parts[2:4] {
			for id := range strings.SplitSeq(list, ",") {
				j.votes.say(id, i == 0 && parts[1] == "0")
			}
		}
		delete(j.votes, "")
	}
}

func (j *slowJar) matomo() {
	_, removed := j.cookies["mtm_consent_removed"]
	_, ignored := j.cookies["matomo_ignore"]
	consent, given := j.cookies["mtm_consent"]
	j.ok = !given || form(`^0*[1-9]\d*$`).MatchString(consent) && len(consent) <= 15
	j.acted = given && !removed && !ignored
	j.votes.say("tracking", j.acted)
}

func (j *slowJar) axeptio() {
	all, fine := j.object("axeptio_cookies")
	_, j.ok = j.cookies["axeptio_cookies"]
	if !j.ok {
		j.ok = false
		return
	}
	j.ok = fine
	list := func(name string) (ids []string) {
		text := undone(undone(j.cookies[name]))
		j.ok = j.ok && form(`^(,([^,]*,)+|)$`).MatchString(text)
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	}
	authorised, complete := list("axeptio_authorized_vendors"), 0
	list("axeptio_all_vendors")
	_, listed := j.cookies["axeptio_authorized_vendors"]
	for _, id := range authorised {
		j.votes.say(id, true)
	}
	j.acted = true
	for i := range all {
		switch m := &all[i]; {
		case m.name == "$$date":
			j.ok = j.ok && m.dated()
		case m.name == "$$completed":
			j.acted, j.ok = j.acted && m.is("true"), j.ok && !m.bad()
			complete++
		case strings.HasPrefix(m.name, "$$"):
		case m.bad() || m.name == "":
			j.ok = false
		default:
			j.votes.say(m.name, m.is("true") && (!listed || slices.Contains(authorised, m.name)))
		}
	}
	j.acted = j.acted && complete > 0
}

func (j *slowJar) trustarc() {
	allowed, named := ^0, 0b111
	digits := func(text, like string) (n int) {
		parts := form(like).FindStringSubmatch(text)
		if j.ok = j.ok && parts != nil; !j.ok {
			return 0
		}
		for _, digit := range form(`\d`).FindAllString(parts[1], -1) {
			n |= 1 << (digit[0] - '0')
		}
		return n
	}
	j.ok = true
	model := ""
	if prefs, there := j.cookies["notice_gdpr_prefs"]; there {
		n := digits(undone(undone(prefs)), `^(\d(?:[,|]\d)*):`)
		allowed, named, j.acted = allowed&n, named|n, true
	}
	if level, there := j.cookies["notice_preferences"]; there {
		level = undone(undone(level))
		n := digits(level, `^(\d(?:[,|]\d)*):`)
		if n&(n-1) == 0 {
			n |= n - 1
		}
		allowed, named = allowed&n, named|n
		if behaviour, there := j.cookies["notice_behavior"]; there {
			model = undone(undone(behaviour))
		} else if parts := strings.SplitN(level, ":", 3); len(parts) == 3 {
			model = parts[2]
		}
		j.acted = j.acted || !form(`^implied([,|]|$)`).MatchString(model)
	}
	if permit, there := j.cookies["cmapi_cookie_privacy"]; there {
		n := digits(undone(undone(permit)), `^permit[ _](\d(?:[,|]\d)*)(?: .*)?$`)
		j.ok = j.ok && n&1 == 0
		allowed, named = allowed&(n>>1), named|n>>1
	}
	for n := range 10 {
		if named>>n&1 == 1 {
			j.votes.say(strconv.Itoa(n+1), allowed>>n&1 == 1)
		}
	}
}

// exempt are the services that ask nobody, as tarteaucitron ships them.
var exempt = strings.Fields(
	"crisp matomo matomohightrack microanalytics plausible simpleanalytics stonly wysistathightrack")

func (j *slowJar) tarteaucitron() {
	text := undone(undone(j.the("tarteaucitron")))
	j.ok = form(`^(![^!]+=(true|false|wait))+$`).MatchString(text)
	waits := map[string]bool{}
	for _, parts := range form(`!([^!]+)=(true|false|wait)`).FindAllStringSubmatch(text, -1) {
		name, word := parts[1], parts[2]
		if word == "wait" || word == "true" && slices.Contains(exempt, name) {
			waits[name] = true
			continue
		}
		j.acted = true
		j.votes.say(name, word == "true")
	}
	for name := range waits {
		j.votes[name] = false
	}
}

func (j *slowJar) cookieThough() {
	text := undone(undone(j.the("cookie-preferences")))
	j.ok = form(`^[^|]+:[01](\|[^|]+:[01])*$`).MatchString(text)
	j.acted = true
	for one := range strings.SplitSeq(text, "|") {
		if name, answer, ok := cutLast(one, ":"); ok {
			j.votes.say(name, answer == "1")
		}
	}
}

func cutLast(text, sep string) (before, after string, found bool) {
	at := strings.LastIndex(text, sep)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(sep):], true
}
