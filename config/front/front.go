// Package front writes how what stands before a site (a web server, a content network, a framework) passes hits on to
// tagwarden: the path, the visitor's address, the limit of bodies, and no log that holds what a hit says.
package front

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Way is the way from a site to tagwarden.
type Way struct {
	Site  string   // id in the server file
	Hosts []string // of the site; at least one
	Base  string   // the path that hits go below, "/t"; "" where a host is tagwarden's alone
	To    string   // where tagwarden is reached: an origin, "http://127.0.0.1:8080"
	Body  int      // the most bytes that a body may have at tagwarden
}

// Front is one that stands before sites.
type Front struct {
	Name  string // as it is asked for: "nginx"
	About string // what it is, and which versions
	Notes string // what a comment begins with in what is written for it; "": there are none
	// it is no machine of the site's own, or may be none: it has to be told where tagwarden is, and needs a path
	Remote bool
	Public bool   // it is somebody's service, which reaches what everybody reaches, and no private address
	Names  string // why it reaches names alone, and no address; "": it reaches addresses
	NoIPv6 string // why it reaches no IPv6 address; "": it does
	// Trusted is what tagwarden has to be told so that it believes the front's word of where visitors come from; "" where
	// it is not to be believed, since others send from the same addresses.
	Trusted string
	// Log says what the front writes down of hits, and what is to be done about it
	// where what is written here cannot do it.
	Log string
	// Also is what else has to be known, in sentences.
	Also string
}

// placeholders is why a destination that is written with colons is none.
const placeholders = "what stands behind a colon of a destination is a placeholder there"

// fronts are those that are known, the widest used first.
var fronts = []Front{
	{
		Name: "nginx", Notes: "#", About: "nginx, from 1.18", Trusted: "the address that nginx sends from: 127.0.0.1 where " +
			"both are on one machine",
		Log: "nginx writes queries and addresses into access_log unless it is told otherwise: the lines below say where",
	},
	{
		Name: "caddy", Notes: "#", About: "Caddy, from 2.6", Trusted: "the address that Caddy sends from: 127.0.0.1 where " +
			"both are on one machine",
		Log: "Caddy has no access log unless a site says `log`; messages of errors hold the request: the first part leaves " +
			"them out",
	},
	{
		Name: "apache", Notes: "#", About: "Apache HTTP Server, from 2.4", Trusted: "the address that Apache sends from: " +
			"127.0.0.1 where both are on one machine",
		Log: "Apache writes queries and addresses into each CustomLog: the first lines say what to write behind each of them",
		Also: "With https, Apache asks tagwarden for the certificate of the host that it passes on, and takes no other. " +
			"That is the site's, so that one that is valid for the host of --to alone is refused. Where the host of --to is " +
			"one of the site's hosts, Apache passes that on in place of the visitor's, and asks for its certificate: add it " +
			"there, and have this written anew.",
	},
	{
		Name: "haproxy", Notes: "#", About: "HAProxy, from 2.2", Trusted: "the address that HAProxy sends from: 127.0.0.1 " +
			"where both are on one machine",
		Log: "hits are not logged; requests that cannot be read are, without their text",
	},
	{
		Name: "traefik", Notes: "#", About: "Traefik, from 3.0 (file provider)", Trusted: "the address that Traefik sends " +
			"from",
		Log: "Traefik's accessLog holds paths and addresses: the second part, for the static configuration, leaves them out",
	},
	{
		Name: "cloudflare", Notes: "//", About: "Cloudflare, as a Worker on a route", Remote: true, Public: true,
		Names: "a Worker sends to names alone: it is answered with error 1003 where it names an address",
		Log: "Logpush and Workers Logs hold addresses and queries where somebody switched them on: leave the route out " +
			"of them",
		Also: "Workers send the host of the destination: add it to the site's hosts. Whoever can reach the address of " +
			"tagwarden can send hits around Cloudflare. Trust Cloudflare's published ranges (https://www.cloudflare.com/ips/) " +
			"only where a firewall lets nobody else in: other people's Workers send from them too.",
	},
	{
		Name: "vercel", About: "Vercel, as rewrites in vercel.json", Remote: true, Public: true, NoIPv6: placeholders,
		Log: "Vercel's runtime logs hold paths with their queries for as long as the plan keeps them",
		Also: "Vercel sends the host of the destination: add it to the site's hosts. Its addresses are everybody's, so its " +
			"word of where visitors come from is not believed: limits by network, rarity and truncated addresses see one " +
			"network.",
	},
	{
		Name: "netlify", Notes: "#", About: "Netlify, as redirects in netlify.toml", Remote: true, Public: true,
		NoIPv6: placeholders,
		Log:    "log drains hold queries and addresses where somebody switched them on: leave the path out of them",
		Also: "Netlify sends the host of the destination: add it to the site's hosts. Its addresses are everybody's, so " +
			"its word of where visitors come from is not believed: limits by network, rarity and truncated addresses see one " +
			"network.",
	},
	{
		Name: "nextjs", Notes: "//", About: "Next.js, as rewrites in next.config.mjs", Remote: true, NoIPv6: placeholders,
		Log: "Next.js itself logs no requests; what it runs on may",
		Also: "Next.js sends the host of the destination: add it to the site's hosts. Trust the machine's address only " +
			"where it is your own: what Next.js was told of the visitor's address it adds to, and does not replace.",
	},
}

//go:embed fronts
var files embed.FS

// Names lists the fronts, the widest used first.
func Names() []string {
	var names []string
	for i := range fronts {
		names = append(names, fronts[i].Name)
	}
	return names
}

// Lookup returns the front of that name.
func Lookup(name string) (Front, bool) {
	i := slices.IndexFunc(fronts, func(f Front) bool { return f.Name == name })
	if i < 0 {
		return Front{}, false
	}
	return fronts[i], true
}

// Part is a piece of configuration, and where it belongs.
type Part struct {
	Name string // of the file that it is or that it goes into
	Text string
}

// Write writes the front's configuration for a way. The error says what is wrong with the way.
func (f *Front) Write(w Way) ([]Part, error) {
	if len(w.Hosts) == 0 {
		return nil, fmt.Errorf("site %s has no host", w.Site)
	}
	if f.Remote && w.Base == "" {
		return nil, fmt.Errorf("site %s has no path that could be passed on: add base: /t to it", w.Site)
	}
	if err := f.Reaches(w.To); err != nil {
		return nil, err
	}
	text, err := files.ReadFile("fronts/" + f.Name + ".tmpl")
	if err != nil {
		return nil, fmt.Errorf("BUG: %w", err)
	}
	tmpl, err := template.New(f.Name).Funcs(functions).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("BUG: %w", err)
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, w); err != nil {
		return nil, fmt.Errorf("BUG: %w", err)
	}
	return partsOf(out.String()), nil
}

// partsOf cuts a text at lines "-- NAME --".
func partsOf(text string) (all []Part) {
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			all = append(all, Part{Name: strings.TrimSuffix(name, " --\n")})
			continue
		}
		all[len(all)-1].Text += line
	}
	return all
}

// Most is how many bytes of a body the front passes on: more than tagwarden takes, whose refusal makes SDKs split what
// they send, and which says so to other origins too.
func (w Way) Most() int { return 4 * w.Body }

// Name is the name or the address of where tagwarden is, an IPv6 address without brackets: what its certificate is for.
func (w Way) Name() string {
	u, err := url.Parse(w.To)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Authority is name and port of where tagwarden is, the port of the scheme where [Way.To] names none: web servers have
// defaults of their own, whatever they speak there.
func (w Way) Authority() string {
	port := "80"
	if w.Secure() {
		port = "443"
	}
	if u, err := url.Parse(w.To); err == nil && u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(w.Name(), port)
}

// ByAddress tells whether tagwarden is reached by an address, which no server can be asked for in TLS (RFC 6066), and
// which some web servers look for among the names of a certificate alone.
func (w Way) ByAddress() bool {
	_, err := netip.ParseAddr(w.Name())
	return err == nil
}

// Bracketed is [Way.Name] with brackets around an IPv6 address.
func (w Way) Bracketed() string {
	if strings.Contains(w.Name(), ":") {
		return "[" + w.Name() + "]"
	}
	return w.Name()
}

// Itself tells whether tagwarden is spoken to by a name of its own that is one of the site's hosts: hits can be passed
// on under it, and its certificate asked for.
func (w Way) Itself() bool { return w.Secure() && slices.Contains(w.Hosts, w.Name()) }

// Authorities is the file of certificates that tagwarden's has to be signed by, where Debian has it.
func (w Way) Authorities() string { return "/etc/ssl/certs/ca-certificates.crt" }

// Secure tells whether tagwarden is spoken to by TLS.
func (w Way) Secure() bool { return strings.HasPrefix(w.To, "https://") }

// Pattern is a regular expression of the paths that are passed on.
func (w Way) Pattern() string {
	if w.Base == "" {
		return "^/"
	}
	return `^(` + regexp.QuoteMeta(w.Base) + `|/\.well-known/gpc\.json)(/|$|\?)`
}

// Start is what the line of a request goes on with behind its method where it may be a hit, as a regular expression.
func (w Way) Start() string {
	return strings.Replace(strings.TrimPrefix(w.Pattern(), "^"), `(/|$|\?)`, `([/? ]|$)`, 1)
}

// functions are what templates may call.
var functions = template.FuncMap{
	"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	},
	"join": strings.Join,
}
