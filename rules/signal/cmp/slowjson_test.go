package cmp_test

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// The platforms that write JSON.

func (j *slowJar) klaro() {
	all, fine := j.object("klaro")
	j.acted, j.ok = true, fine && j.bools(all)
}

func (j *slowJar) civic() {
	var all []member
	all, j.ok = j.object("CookieControl")
	for i := range all {
		switch m := &all[i]; m.name {
		case "interactedWith":
			j.acted, j.ok = m.is("true"), j.ok && !m.bad()
		case "consentDate":
			j.ok = j.ok && m.dated()
		case "optionalCookies":
			answers, fine := within(m)
			j.ok = j.ok && fine
			for i := range answers {
				word, isText := answers[i].text()
				j.ok = j.ok && isText && answers[i].name != "" &&
					slices.Contains([]string{"accepted", "revoked", "legitimate interest"}, word)
				j.votes.say(answers[i].name, word == "accepted")
			}
		}
	}
}

func (j *slowJar) cookieInformation() {
	all, fine := j.object("CookieInformationConsent")
	lists := 0
	for i := range all {
		switch m := &all[i]; m.name {
		case "consents_approved", "consents_denied":
			ids, isList := m.list()
			fine = fine && isList
			lists++
			for _, id := range ids {
				j.votes.say(id, m.name == "consents_approved")
			}
		case "timestamp":
			fine = fine && m.dated()
		}
	}
	j.acted, j.ok = true, fine && lists > 0
}

func (j *slowJar) cookieconsent() {
	all, fine := j.object("cc_cookie")
	if !fine {
		all, fine = j.base64("cc_cookie")
	}
	lists := 0
	j.acted = true
	var accepted []string
	for i := range all {
		switch m := &all[i]; m.name {
		case "categories", "level":
			ids, isList := m.list()
			fine = fine && isList
			lists++
			for _, id := range ids {
				j.votes.say(id, true)
			}
			accepted = ids
		case "revision":
			_, err := strconv.ParseFloat(string(m.value), 64)
			fine = fine && err == nil
		case "consentTimestamp", "consent_date", "lastConsentTimestamp", "expirationTime":
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
					j.votes.say("service "+id, slices.Contains(accepted, lists[i].name))
				}
			}
		}
	}
	j.ok = fine && lists == 1
}

func (j *slowJar) mirror() {
	all, fine := j.object("tagwarden-choices")
	form, lists := "", 0
	for i := range all {
		switch m := &all[i]; m.name {
		case "v":
			fine = fine && (form == "" || form == "1") && isNumber(m, 1)
			form = "1"
		case "cmp":
			_, isText := m.text()
			fine = fine && isText
		case "at":
			fine = fine && m.dated()
		case "categories":
			answers, isObject := within(m)
			fine = fine && isObject && j.bools(answers)
			lists++
		case "services":
			answers, isObject := within(m)
			for i := range answers {
				answers[i].name = "service " + answers[i].name
				fine = fine && answers[i].name != "service "
			}
			fine = fine && isObject && j.bools(answers)
		}
	}
	j.acted, j.ok = true, fine && form != "" && lists == 1
}

func isNumber(m *member, want float64) bool {
	n, err := strconv.ParseFloat(string(m.value), 64)
	return err == nil && n == want
}

func (j *slowJar) iubenda() {
	var name string
	for n := range j.cookies {
		if form(`^_iub_cs-\d+$`).MatchString(n) {
			name = n
		}
	}
	all, fine := j.object(name)
	j.ok = fine
	for i := range all {
		switch m := &all[i]; m.name {
		case "timestamp":
			_, j.acted = m.text()
			j.ok = j.ok && m.dated()
		case "purposes":
			answers, isObject := within(m)
			j.ok = j.ok && isObject && j.bools(answers)
		}
	}
	if slices.ContainsFunc(all, func(m member) bool { return m.name == "consent" }) {
		j.unknown = true
		return
	}
}

// base64 finds an object in base64 of either alphabet.
func (j *slowJar) base64(name string) (all []member, ok bool) {
	value := undone(undone(j.the(name)))
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil || strings.ContainsAny(value, "\r\n") {
		if text, err = base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(
			value)); err != nil {
			j.unknown = strings.ContainsAny(value, "-_=")
			return nil, false
		}
	}
	value, fine := slowJSON(string(text))
	all, isObject := members(value)
	return all, fine && isObject
}

func (j *slowJar) ketch() {
	all, fine := j.base64("_ketch_consent_v1_")
	j.acted, j.ok = true, fine
	for i := range all {
		answers, isObject := within(&all[i])
		j.ok = j.ok && isObject && all[i].name != ""
		status := "denied"
		for i := range answers {
			if answers[i].name == "status" {
				word, isText := answers[i].text()
				status, j.ok = word, j.ok && isText
			}
		}
		j.votes.say(all[i].name, status == "granted")
	}
}

func (j *slowJar) didomi() {
	all, fine := j.base64("didomi_token")
	j.ok = fine
	for i := range all {
		switch m := &all[i]; m.name {
		case "updated":
			j.acted, j.ok = !m.is("null"), j.ok && m.dated()
		case "purposes":
			j.lists("", m)
		case "vendors":
			j.lists("service ", m)
		case "purposes_li", "vendors_li":
			j.unknown = true
		}
	}
}

// lists are {"enabled":[..],"disabled":[..]}.
func (j *slowJar) lists(prefix string, m *member) {
	answers, isObject := within(m)
	j.ok = j.ok && (isObject || m.is("null"))
	for i := range answers {
		list := answers[i].name
		if list != "enabled" && list != "disabled" || answers[i].is("null") {
			continue
		}
		ids, isList := answers[i].list()
		j.ok = j.ok && isList
		for _, id := range ids {
			j.votes.say(prefix+id, list == "enabled")
		}
	}
}

func (j *slowJar) shopify() {
	all, fine := j.object("_tracking_consent")
	j.ok = fine
	for i := range all {
		switch m := &all[i]; m.name {
		case "v":
			if text, _ := m.text(); !strings.HasPrefix(text, "2.") {
				j.ok = false
				return
			}
		case "con":
			choices, isObject := within(m)
			j.ok = j.ok && isObject
			for i := range choices {
				if choices[i].name != "CMP" {
					continue
				}
				answers, isObject := within(&choices[i])
				j.ok = j.ok && isObject
				for i := range answers {
					word, isText := answers[i].text()
					j.ok = j.ok && isText && answers[i].name != "" && slices.Contains([]string{"", "0", "1"}, word)
					if word != "" {
						j.votes.say(answers[i].name, word == "1")
						j.acted = true
					}
				}
			}
		}
	}
}
