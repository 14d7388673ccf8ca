package gtm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Example is the example whose files a proposal changes: all on consent.
const Example = "consent-only"

// ErrNothing says that no tag of a container is of a vendor in the catalog.
var ErrNothing = errors.New("no tag that fires is of a vendor in the catalog: there is no configuration to propose")

// prefixes sorts the vendors, and gives one a prefix where its paths are another's as well.
func (r *Report) prefixes() {
	slices.SortFunc(r.Vendors, func(a, b *Vendor) int { return strings.Compare(a.ID, b.ID) })
	for i, v := range r.Vendors {
		if slices.ContainsFunc(r.Vendors[:i], func(other *Vendor) bool {
			return other.Prefix == "" && overlap(other.file, v.file)
		}) {
			v.Prefix = "/" + v.ID
		}
	}
}

// persons tells whether ids of persons stand where those of browsers do.
func (v *Vendor) persons() bool {
	return v.ID != "ga4" && !slices.Contains(advertisers, v.Catalog)
}

// overlap tells whether a path may be of two vendors.
func overlap(a, b *catalog.File) bool {
	for _, one := range pathsOf(a) {
		if slices.ContainsFunc(pathsOf(b), func(other string) bool { return alike(one, other) }) {
			return true
		}
	}
	return slices.ContainsFunc(a.Areas, func(area string) bool { return slices.Contains(b.Areas, area) })
}

// pathsOf are the paths of a vendor's endpoints.
func pathsOf(f *catalog.File) (all []string) {
	for i := range f.Endpoints {
		all = append(append(all, f.Endpoints[i].Path), f.Endpoints[i].Paths...)
	}
	return all
}

// alike tells whether two paths may be one, whatever stands for names in braces.
func alike(a, b string) bool {
	one, other := strings.Split(strings.TrimSuffix(a, "/"), "/"), strings.Split(strings.TrimSuffix(b, "/"), "/")
	if len(one) != len(other) {
		return false
	}
	for i := range one {
		if one[i] != other[i] && !strings.ContainsAny(one[i]+other[i], "{*") {
			return false
		}
	}
	return true
}

// Propose changes the files of the example to what the container asks for: its vendors, an activity on consent for
// each, its consent platforms, its host. It is handed to [config.InitChanged].
func (r *Report) Propose(files map[string][]byte) error {
	if len(r.Vendors) == 0 {
		return ErrNothing
	}
	e := edit{files: files}
	e.replace("tagwarden.yaml", "# Consent only: nothing goes to anybody before the visitor said yes, whatever the page "+
		"loads. The simplest policy that is lawful\n# everywhere, and the one to begin with: no assessment, no exemption.\n",
		"# Proposed from the container "+shown(r.Container)+
			" of Google Tag Manager: all on consent, nothing goes to anybody before the visitor\n"+
			"# said yes. `tagwarden import gtm` says what of the container it does not cover. What stands in it for you to "+
			"put right, check says.\n")
	e.replace("tagwarden.yaml", "hosts: [localhost, 127.0.0.1, shop.example]   # the names under which hits arrive here\n",
		"hosts: [localhost, 127.0.0.1, "+r.host+"]   # the names under which hits arrive here\n")
	e.replace("tagwarden.yaml", "https://shop.example"+base+"/... on to here\n", "https://"+r.host+
		base+"/... on to here\n")
	e.replace("tagwarden.yaml", `origins: ["https://shop.example"] `, `origins: ["https://`+r.host+`"] `)
	e.replace("tagwarden.yaml", "      own: ", r.signalLines()+"      own: ")
	e.between("tagwarden.yaml", "vendors:\n", "\ndelivery:", r.vendorLines())
	e.between("policy/activities.yaml", "activities:\n", "", r.activityLines())
	if slices.ContainsFunc(r.Vendors, (*Vendor).persons) {
		e.replace("policy/profiles.yaml", "      client_id: keep\n      session_id: keep\n", "      client_id: keep\n"+
			"      device_id: keep             # what Amplitude, Mixpanel and PostHog call a browser\n"+
			"      user_id: { pseudonymise: { rotate: never } }   # they put ids of persons where those of browsers stand: a "+
			"pseudonym\n      session_id: keep\n")
	}
	e.tests(r)
	return e.err
}

// edit changes texts of files at places that have to be there.
type edit struct {
	files map[string][]byte
	err   error
}

func (e *edit) replace(file, old, with string) { e.between(file, old, "\x00", with) }

// between puts a text in place of what stands between two others; "" is the end of the file.
// With "\x00" the first itself is replaced.
func (e *edit) between(file, after, before, with string) {
	text := string(e.files[file])
	from := strings.Index(text, after)
	if from < 0 {
		e.err = errors.New("BUG: " + file + " of the example does not have what a proposal replaces: " + after)
		return
	}
	to := from + len(after)
	switch before {
	case "\x00":
	case "":
		from, to = to, len(text)
	default:
		from = to
		to += strings.Index(text[to:], before)
	}
	e.files[file] = []byte(text[:from] + with + text[to:])
}

// tests leaves the example's tests that are of vendors which are there, and moves their hits to the site's host.
func (e *edit) tests(r *Report) {
	const list = "policy/tests/consent.yaml"
	parts := strings.Split(strings.TrimSuffix(string(e.files[list]), "\n"), "\n\n")
	head, first, _ := strings.Cut(parts[0], "tests:\n")
	parts[0] = first
	has := func(id string) bool {
		return slices.ContainsFunc(r.Vendors, func(v *Vendor) bool { return v.ID == id && v.Prefix == "" })
	}
	kept := slices.DeleteFunc(parts, func(part string) bool {
		return strings.Contains(part, "hits/ga4-") && !has("ga4") || strings.Contains(part, "hits/meta-") && !has("meta")
	})
	for file, of := range map[string]string{"policy/tests/hits/ga4-login.http": "ga4",
		"policy/tests/hits/meta-page-view.http": "meta"} {
		if !has(of) {
			delete(e.files, file)
			continue
		}
		for _, line := range []string{"\nHost: ", "\nOrigin: https://"} {
			e.files[file] = bytes.Replace(e.files[file], []byte(line+standInHost), []byte(line+r.host), 1)
		}
	}
	if len(kept) == 0 {
		delete(e.files, list)
		return
	}
	e.files[list] = []byte(head + "tests:\n" + strings.Join(kept, "\n\n") + "\n")
}

// signalLines are the consent platforms that the container loads, as sources of signals.
func (r *Report) signalLines() string {
	var out strings.Builder
	seen := map[string]bool{}
	for _, s := range r.signals {
		if seen[s.platform] {
			continue
		}
		seen[s.platform] = true
		fmt.Fprintf(&out, "      %s   # %s, from GTM tag %s", s.line, s.platform, shown(s.tag))
		if strings.HasPrefix(s.line, "#") {
			out.WriteString(": map its ids to analytics and marketing, and take the first # out (`tagwarden docs signals`)")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// recipients is what has to be said of vendors whose catalog entry leaves it to the site.
var recipients = map[string]string{
	"ga4": "    entity: \"Google Ireland Limited, Gordon House, Barrow Street, Dublin 4, IE\"   # the company that your " +
		"contract names\n    role: controller                # processor, where data sharing is switched off in your " +
		"account\n",
	"meta_pixel": "    entity: \"Meta Platforms Ireland Limited, Merrion Road, Dublin 4, D04 X2K5, IE\"   # the company " +
		"that your contract names\n",
	"meta_capi": "    entity: \"Meta Platforms Ireland Limited, Merrion Road, Dublin 4, D04 X2K5, IE\"   # the company " +
		"that your contract names\n",
	"segment": "    entity: \"Twilio Inc., San Francisco, US\"   # the company that your contract names; its role is " +
		"in the catalog\n",
}

// homeOf is the country that stands for where a site's own server is until somebody says so.
const homeOf = "DE"

func (r *Report) vendorLines() string {
	var out strings.Builder
	for _, v := range r.Vendors {
		fmt.Fprintf(&out, "  # %s", v.comments[0])
		if more := len(v.comments) - 1; more > 0 {
			fmt.Fprintf(&out, "; %d more in policy/activities.yaml", more)
		}
		fmt.Fprintf(&out, "\n  %s:\n    catalog: %s\n", v.ID, v.Catalog)
		if v.Prefix != "" {
			fmt.Fprintf(&out, "    prefix: %-23s # another vendor has paths of the same names\n", v.Prefix)
		}
		if v.Region != "" {
			fmt.Fprintf(&out, "    region: %-23s # as the container's tags name its hosts\n", v.Region)
		}
		if v.file.Hosts["api"] == "" {
			at, why := v.Upstream, "as the container names it: see that it is the address of your own"
			if at == "" {
				at, why = "https://"+v.ID+"."+standInHost, "put the address of your own here"
			}
			fmt.Fprintf(&out, "    upstream: %q   # %s; private: true if it is on your own network\n", at, why)
			fmt.Fprintf(&out, "    country: %s                     # put here where its machines stand: whether data leave "+
				"the EEA depends on it\n", homeOf)
			fmt.Fprintf(&out, "    entity: \"Shop GmbH, Berlin, DE\" # whose it is: yours by controller.name; else who hosts "+
				"it, and its role:\n")
		}
		out.WriteString(recipients[v.Catalog])
	}
	return out.String()
}

// advertisers are the entries whose vendors use what they are sent for advertising.
var advertisers = []string{"meta_pixel", "meta_capi"}

func (r *Report) activityLines() string {
	var out strings.Builder
	for i, v := range r.Vendors {
		if i > 0 {
			out.WriteString("\n")
		}
		purpose, profile, age := "audience-measurement", "measuring", "13 months"
		if slices.Contains(advertisers, v.Catalog) {
			purpose, profile, age = "product-ads", "advertising", "6 months"
		}
		for _, comment := range v.comments {
			fmt.Fprintf(&out, "  # %s\n", comment)
		}
		fmt.Fprintf(&out, "  - id: %s-with-consent\n    vendor: %s\n    purposes: [%s]\n    basis: consent\n",
			v.ID, v.ID, purpose)
		fmt.Fprintf(&out, "    retention: 14 months            # as long as the vendor keeps it: see the settings of your "+
			"account\n    consent_max_age: %s      # then it is asked for anew\n", age)
		if v.file.Country != "" && !config.InEEA(v.file.Country) {
			fmt.Fprintf(&out, "    transfer: { country: %s, safeguard: { EEA: DPF, UK: UK Extension, CH: Swiss-US DPF } }   # "+
				"or what your contract says: SCC ...\n", v.file.Country)
		}
		fmt.Fprintf(&out, "    automated_decision: none        # no machine decides about anybody by these data (GDPR Art. "+
			"22)\n    required: no\n    profile: %s\n    events: [\"*\"]\n", profile)
	}
	return out.String()
}
