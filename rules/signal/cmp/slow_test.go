package cmp_test

import (
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

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// A second reading of the platforms' cookies, by encoding/json, net/url and expressions: which ids the visitor granted
// by an act of theirs. It is for one cookie of a kind, in the forms that each platform documents.

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
		if json.Valid([]byte(value)) && value[0] != '"' {
			return value, deepest(value) <= 16
		}
		if inside, quoted := unquoted(value); quoted && json.Valid([]byte(inside)) {
			return inside, deepest(inside) <= 16
		}
		value = undone(value)
	}
	return "", false
}

// unquoted is a text out of quotes, or of the escapes that stand for them.
func unquoted(value string) (inside string, ok bool) {
	if !strings.Contains(value, `\"`) {
		return "", false
	}
	if strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
		value = value[1 : len(value)-1]
	}
	ok = form(`^(?s:[^\\]|\\["\\/]|\\[0-3][0-7][0-7])*$`).MatchString(value)
	return form(`(?s)\\([0-3][0-7][0-7]|.)`).ReplaceAllStringFunc(value, func(one string) string {
		if code, err := strconv.ParseUint(one[1:], 8, 8); len(one) == 4 && err == nil {
			return string([]byte{byte(code)})
		}
		return one[1:]
	}), ok
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

// slowJar is what is read of a platform's cookies: the answers, whether the visitor acted, whether all has its form.
type slowJar struct {
	cookies   map[string]string
	set       cmp.Settings
	votes     votes
	acted, ok bool
	unknown   bool // the reading does not cover what is there
}

var slowReaders = map[string]func(*slowJar){
	"klaro":              (*slowJar).klaro,
	"civic":              (*slowJar).civic,
	"cookie_information": (*slowJar).cookieInformation,
	"cookieconsent":      (*slowJar).cookieconsent,
	"iubenda":            (*slowJar).iubenda,
	"ketch":              (*slowJar).ketch,
	"didomi":             (*slowJar).didomi,
	"shopify":            (*slowJar).shopify,
	"onetrust":           (*slowJar).onetrust,
	"cookiebot":          (*slowJar).cookiebot,
	"cookieyes":          (*slowJar).cookieyes,
	"complianz":          (*slowJar).complianz,
	"tealium":            (*slowJar).tealium,
	"hubspot":            (*slowJar).hubspot,
	"commanders_act":     (*slowJar).commandersAct,
	"matomo":             (*slowJar).matomo,
	"axeptio":            (*slowJar).axeptio,
	"trustarc":           (*slowJar).trustarc,
	"tarteaucitron":      (*slowJar).tarteaucitron,
	"cookie_though":      (*slowJar).cookieThough,
	"mirror":             (*slowJar).mirror,
}

// slowGrants reads the cookies of a platform; known is false for what this reading does not cover.
func slowGrants(c cmp.Platform, cookies map[string]string, set cmp.Settings) (granted []string, known bool) {
	read := slowReaders[c.String()]
	if read == nil {
		return nil, false
	}
	j := &slowJar{cookies: cookies, set: set, votes: votes{}}
	read(j)
	switch {
	case j.unknown:
		return nil, false
	case !j.ok || !j.acted:
		return nil, true
	default:
		return j.votes.granted(), true
	}
}

func (j *slowJar) the(name string) string { return j.cookies[name] }

func (j *slowJar) object(name string) (all []member, fine bool) {
	text, fine := slowJSON(j.the(name))
	if !fine {
		return nil, false
	}
	return members(text)
}

// bools are answers that are true or false.
func (j *slowJar) bools(all []member) bool {
	for i := range all {
		if all[i].bad() || all[i].name == "" {
			return false
		}
		j.votes.say(all[i].name, all[i].is("true"))
	}
	return true
}

func within(m *member) ([]member, bool) { return members(string(m.value)) }

// grants is what the reading that is tested finds, in the same form.
func grants(c cmp.Platform, cookies map[string]string, set cmp.Settings) (granted []string, st cmp.Statement,
	items []cmp.Item) {
	var all jar
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		all = append(all, name, cookies[name])
	}
	st, items = c.Read(all, set, new(cmp.Scratch))
	for _, item := range items {
		if st.Decided != cmp.Decides || !item.Granted {
			continue
		}
		switch item.List {
		case cmp.Category:
			granted = append(granted, string(item.ID))
		case cmp.Service:
			prefix := "service "
			if n := c.String(); n == "klaro" || n == "axeptio" || n == "tarteaucitron" {
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
func agreeCookies(t *testing.T, c cmp.Platform, cookies map[string]string, set cmp.Settings) {
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

// TestBrokenCookies: the cookies of each platform, whole and broken at each character, grant what a second reading
// finds; and of what the whole ones speak of, never anything that these do not grant.
func TestBrokenCookies(t *testing.T) {
	t.Parallel()
	all := seeds(t)
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
			if c == platform(t, "onetrust") && st.Decided != cmp.Decides {
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
