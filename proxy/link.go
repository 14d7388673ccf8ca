package proxy

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// errNoAddress says that nobody knows where a site's pages are.
var errNoAddress = errors.New("sites: the site has no host")

// link makes the address at which the holder objects, or takes that back.
func (o *objector) link(ids []objection.ID, scopes []string, site string) (string, error) {
	snapshot, keys, err := o.inForce()
	if err != nil {
		return "", err
	}
	if site == "" && len(snapshot.Policy.Sites()) == 1 {
		site = snapshot.Policy.Sites()[0].ID
	}
	if _, ok := snapshot.Loaded.Server.Sites[site]; !ok {
		all := strings.Join(siteIDs(snapshot.Loaded), ", ")
		return "", &objection.Fault{What: "site", Err: fmt.Errorf("a link leads to a site: one of %s is right", all)}
	}
	act := objection.Act{IDs: ids, Change: objection.Change{Object: scopes, Site: site}}
	change, fault := changeOf(snapshot.Loaded, keys, &act)
	if fault != nil {
		return "", fault
	}
	address, err := pagesAddress(snapshot.Loaded, site)
	if err != nil {
		return "", err
	}
	signing := o.opts.Keyring.store.State().SigningKey()
	claim := visitor.Claim{Subjects: change.Subjects, Scopes: change.Object, Site: site, Kind: visitor.Unsubscribe}
	token, err := visitor.Sign(&signing, claim)
	return address + visitor.LinkPath + token, err
}

// pagesAddress is where a site's pages are, without a slash at the end: at an origin of its own if it has one, and one
// in TLS before one in clear, else at its first host.
func pagesAddress(loaded *config.Loaded, id string) (string, error) {
	site := loaded.Server.Sites[id]
	for _, scheme := range []string{"https", "http"} {
		for _, origin := range site.Origins {
			if u, err := url.Parse(origin); err == nil && u.Scheme == scheme && slices.Contains(site.Hosts, u.Hostname()) {
				return origin + site.Base, nil
			}
		}
	}
	if len(site.Hosts) == 0 {
		return "", errNoAddress
	}
	return "https://" + site.Hosts[0] + site.Base, nil
}
