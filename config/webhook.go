package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Webhook is an address that is told of events.
type Webhook struct {
	Name        string   `yaml:"name" is:"id" doc:"What it is called in metrics, and what waits for it is addressed with: a change of it leaves that behind. Default: the host of url."`
	URL         string   `yaml:"url" is:"required" doc:"Where to, https://... With request, placeholders may stand behind the host."`
	Events      []string `yaml:"events" is:"required,enum=objection|withdrawal|decision|assessment_due|alarm" doc:"What of."`
	Scopes      []string `yaml:"scopes" doc:"Of objections and withdrawals only those about one of these: purposes, vendor:ID, all. What concerns everything is told always. Default: all."`
	SecretFile  string   `yaml:"secret_file" doc:"File of the key that signs what is sent, as Standard Webhooks describes it; needed without request. With request nothing is signed, and ${secret} is what the file holds."`
	Private     bool     `yaml:"private" default:"false" doc:"It may be on a private or loopback address, and be reached without TLS. Otherwise such addresses are refused, also where a public name leads to one."`
	Concurrency int      `yaml:"concurrency" default:"4" is:"min=1,max=64" doc:"How many messages are sent to it at one time; those about one person are sent one after another whatever it says."`
	Request     *Request `yaml:"request" doc:"What is sent in place of a signed message, for tools that do not know those. Only for objection and withdrawal."`
}

// Request is an HTTP request with placeholders for what is told.
type Request struct {
	Method      string            `yaml:"method" default:"POST" is:"enum=POST|PUT|PATCH|DELETE" doc:"Its method."`
	Headers     map[string]string `yaml:"headers" doc:"Its headers, by name, besides Content-Type. Placeholders may stand in the values."`
	Body        string            `yaml:"body" doc:"Its body. Placeholders: ${email} ${email_sha256} ${email_md5} ${phone} ${phone_sha256} ${user_id} ${client_id}, without which an act is not told that has no such identifier; ${scopes} (with commas) ${time} ${type} ${secret}. In JSON they stand inside strings."`
	ContentType string            `yaml:"content_type" default:"application/json" doc:"The body's type, which says how values are escaped: application/json, one that ends in +json, or application/x-www-form-urlencoded."`
}

// Wants tells whether the address is told of an event.
func (w *Webhook) Wants(event string) bool { return slices.Contains(w.Events, event) }

// ID is what the webhook is called: its name, or the host of its address.
func (w *Webhook) ID() string {
	if w.Name != "" {
		return w.Name
	}
	if u, err := url.Parse(w.URL); err == nil {
		return u.Hostname()
	}
	return ""
}

// placeholders are what ${...} may name in a request.
var placeholders = []string{"email", "email_sha256", "email_md5", "phone", "phone_sha256", "user_id", "client_id",
	"scopes", "time", "type", "secret"}

// placeholder finds them; what follows "${" up to the next "}", or to the end where there is none.
var placeholder = regexp.MustCompile(`\$\{([^}]*)(\}?)`)

// webhookCheck looks at the webhooks of the server file.
type webhookCheck struct{ checks }

func (c webhookCheck) run() {
	names := map[string]int{}
	for i := range c.loaded.Server.Webhooks {
		hook := &c.loaded.Server.Webhooks[i]
		at := func(rest ...any) []any { return append(strict.Path("webhooks", i), rest...) }
		address := hook.URL
		if hook.Request != nil {
			address = c.checkRequest(at, hook)
		}
		u, fault := addressParts(address)
		c.invalid(c.server, at("url"), fault)
		switch {
		case u == nil || hook.Private:
		case privateHost(u.Hostname()):
			c.faults.At(c.server, at("url"), "%s is a private address: add private: true where that is meant",
				strict.Shortened(u.Hostname()))
		case u.Scheme != "https":
			c.faults.At(c.server, at("url"), "%q is sent in clear: use https, or add private: true where it is on a private "+
				"network", strict.Shortened(hook.URL))
		}
		if hook.SecretFile == "" && hook.Request == nil && c.server.Has(at("url")...) {
			c.faults.At(c.server, at(), "missing key \"secret_file\": File of the key that signs what is sent.")
		}
		if before, taken := names[hook.ID()]; taken && fault == "" {
			c.faults.At(c.server, at(), "it is called %s, as webhook %d is: give it a name", hook.ID(), before+1)
		} else {
			names[hook.ID()] = i
		}
		for j, scope := range hook.Scopes {
			vendor, is := strings.CutPrefix(scope, "vendor:")
			switch {
			case scope == "all":
			case is:
				c.known(c.server, at("scopes", j), "vendor", vendor, c.server.Keys("vendors"))
			case c.purposes != nil:
				c.known(c.server, at("scopes", j), "purpose", scope, c.purposes.Keys("purposes"))
			}
		}
	}
}

// checkRequest looks at a request's placeholders, and returns the address as it is with
// something in their place, without its query.
func (c webhookCheck) checkRequest(at func(...any) []any, hook *Webhook) string {
	request := hook.Request
	for i, event := range hook.Events {
		if event == "assessment_due" || event == "decision" || event == "alarm" {
			c.faults.At(c.server, at("events", i),
				"a request is for objection and withdrawal: list this event in a webhook without request")
		}
	}
	c.checkPlaceholders(at("url"), hook, hook.URL)
	c.checkPlaceholders(at("request", "body"), hook, request.Body)
	for _, name := range slices.Sorted(maps.Keys(request.Headers)) {
		value := request.Headers[name]
		c.checkPlaceholders(at("request", "headers", name), hook, value)
		switch {
		case headerFault(name) != "":
			c.faults.Key(c.server, at("request", "headers", name), "%s", headerFault(name))
		case slices.Contains([]string{"host", "content-length", "content-type", "transfer-encoding", "connection"},
			strings.ToLower(name)):
			c.faults.Key(c.server, at("request", "headers", name), "%s is set by what is sent: remove the line", name)
		case strings.ContainsFunc(value, unicode.IsControl):
			c.invalid(c.server, at("request", "headers", name), "a header is one line of text")
		default:
			c.invalid(c.server, at("request", "headers", name), headerValueFault(value))
		}
	}
	filled := placeholder.ReplaceAllString(request.Body, "x")
	switch kind := request.ContentType; {
	case kind == "application/json" || strings.HasSuffix(kind, "+json") && strings.HasPrefix(kind, "application/"):
		if request.Body != "" && !json.Valid([]byte(filled)) {
			c.invalid(c.server, at("request", "body"),
				"the body is no JSON once something stands for the placeholders: put them inside strings, as in "+
					"{\"email\": \"${email}\"}")
		}
	case kind == "application/x-www-form-urlencoded":
		if _, err := url.ParseQuery(filled); err != nil {
			c.invalid(c.server, at("request", "body"),
				"the body is no form: write it as email=${email}&reason=objection")
		}
	default:
		c.faults.At(c.server, at("request", "content_type"),
			"%q is not known: application/json, one that ends in +json, and application/x-www-form-urlencoded are",
			strict.Shortened(kind))
	}
	before, _, _ := strings.Cut(hook.URL, "${")
	if u, err := url.Parse(before); err == nil && before != hook.URL && (u.Host == "" || u.Path == "") {
		c.invalid(c.server, at("url"), "a placeholder stands in the host: it may stand behind it only")
	}
	address, _, _ := strings.Cut(placeholder.ReplaceAllString(hook.URL, "x"), "?")
	return address
}

// asGiven are the placeholders of identifiers that are told as they were given, which may be in any letters, and what
// may stand in a header in place of each.
var asGiven = map[string]string{
	"email": ", or name ${email_sha256}", "phone": ", or name ${phone_sha256}", "user_id": "", "client_id": "",
}

// headerValueFault says what is wrong with the value of a header, "" where nothing is.
func headerValueFault(value string) string {
	for _, found := range placeholder.FindAllStringSubmatch(value, -1) {
		if hash, is := asGiven[found[1]]; is {
			return fmt.Sprintf("${%s} may hold letters outside ASCII, which a header cannot: put it into the body or the "+
				"address%s", found[1], hash)
		}
	}
	return ""
}

// checkPlaceholders looks at the placeholders of a text.
func (c webhookCheck) checkPlaceholders(at []any, hook *Webhook, text string) {
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		switch name := found[1]; {
		case found[2] == "":
			c.invalid(c.server, at, "a placeholder is not closed: write ${email}")
		case !slices.Contains(placeholders, name):
			c.invalid(c.server, at, fmt.Sprintf("placeholder %q is not known%s", strict.Shortened(name),
				strict.Suggestion(name, placeholders)))
		case name == "secret" && hook.SecretFile == "":
			c.invalid(c.server, at, "${secret} is what secret_file holds: say which file that is")
		}
	}
}
