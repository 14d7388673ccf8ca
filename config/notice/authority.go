package notice

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config"
)

// Controller is who is responsible.
type Controller struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact,omitempty"`
	DPO     string `json:"dpo,omitempty"`

	Representative   *Representative `json:"representative,omitempty"`    // in the EU (GDPR Art. 27)
	UKRepresentative *Representative `json:"uk_representative,omitempty"` // in the UK (UK GDPR Art. 27)
}

// Representative acts for a controller who is established elsewhere.
type Representative struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact"`
}

func controllerOf(c *config.Controller) Controller {
	n := Controller{Name: c.Name, Address: c.Address, Contact: c.Contact, DPO: c.DPO}
	if r := c.Representative; r != nil {
		n.Representative = &Representative{r.Name, r.Address, r.Contact}
	}
	if r := c.UKRepresentative; r != nil {
		n.UKRepresentative = &Representative{r.Name, r.Address, r.Contact}
	}
	return n
}

// String writes a representative in one line; "" for none.
func (r *Representative) String() string {
	if r == nil {
		return ""
	}
	return list(r.Name, r.Address, r.Contact)
}

// Authority is where a visitor may complain.
type Authority struct {
	For  string `json:"for" yaml:"-"` // where the visitor is, in words
	Name string `json:"name" yaml:"name"`
	URL  string `json:"url" yaml:"url"`
}

// authorities are the addresses for complaints by reader, {lang} the notice's
// language; their names are among the words.
var authorities = []struct{ reader, url string }{
	{"EEA", "https://www.edpb.europa.eu/about-edpb/about-edpb/members_{lang}"},
	{"UK", "https://ico.org.uk/make-a-complaint/"},
	{"CH", "https://www.edoeb.admin.ch/"},
}

// national are the authorities of the countries of the EEA (notice/authorities.yaml), by country.
var national = sync.OnceValue(func() map[string]Authority {
	all := map[string]Authority{}
	text, err := files.ReadFile("authorities.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &all)
	}
	if err != nil {
		panic("BUG: notice/authorities.yaml: " + err.Error()) // a test reads it
	}
	return all
})

// law adds where visitors may complain, and by which law they are protected where that is not the GDPR: those of the
// regions that an activity of the notice serves. The EEA's authorities are named in any case, one by one those of
// countries that the policy names.
func (n *Notice) law(readers, countries []string) {
	for _, a := range authorities {
		if a.reader != "EEA" && !slices.Contains(readers, a.reader) {
			continue
		}
		of := n.words.Recipients
		n.Authorities = append(n.Authorities, Authority{of["where_"+a.reader], of["authority_"+a.reader],
			fill(a.url, "lang", n.Lang)})
		if text := of["law_"+a.reader]; text != "" {
			n.Laws = append(n.Laws, text)
		}
		if a.reader == "EEA" {
			n.Authorities = append(n.Authorities, n.authoritiesOf(countries)...)
		}
	}
}

// authoritiesOf are those of some countries, by name of the country.
func (n *Notice) authoritiesOf(countries []string) (all []Authority) {
	for _, code := range countries {
		a, known := national()[code]
		a.For = n.words.country(code)
		if known && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b Authority) int { return strings.Compare(a.For, b.For) })
	return all
}

// centreOf is the address of a site's preference centre: below the path that the site's own web server passes on, or at
// the name under which hits arrive.
func centreOf(of *config.Site) string {
	origin := ""
	if len(of.Origins) > 0 && (of.Base != "" || slices.Contains(of.Hosts, hostOf(of.Origins[0]))) {
		origin = strings.TrimSuffix(of.Origins[0], "/")
	} else if i := slices.IndexFunc(of.Hosts, public); i >= 0 {
		origin = "https://" + of.Hosts[i]
	}
	return origin + strings.TrimSuffix(of.Base, "/") + "/privacy/"
}

// public tells whether a host name is one that visitors can reach.
func public(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err != nil && host != "localhost" && strings.Contains(host, ".")
}

func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// link is the address behind how somebody is reached: mailto: for an e-mail address, an address of
// a page as it is, "" for anything else.
func link(contact string) string {
	if u, err := url.Parse(contact); err == nil && u.Scheme == "https" && u.Host != "" {
		return contact
	}
	name, domain, found := strings.Cut(contact, "@")
	if found && name != "" && strings.Contains(domain, ".") && !strings.ContainsAny(contact, " \t,;<>?&%\"'()/\\") &&
		!strings.Contains(domain, "@") {
		return "mailto:" + contact
	}
	return ""
}
