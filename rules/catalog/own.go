package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// personal are headers, in lower case, that a vendor file of a site's own passes on in no class: what browsers send of
// themselves in each request, what others made of where it comes from, of the address that it was sent to and of who is
// logged in, and tokens of a session or of a server. Names that begin with sec-ch- are client hints, too.
var personal = []string{
	"cookie", "cookie2", "set-cookie", "authorization", "proxy-authorization", "referer", "x-forwarded-for", "forwarded",
	"set-cookie2", "x-real-ip", "x-client-ip", "client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip",
	"fastly-client-ip", "fly-client-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "x-appengine-user-ip",
	"x-azure-clientip", "x-azure-socketip", "x-envoy-external-address", "x-original-forwarded-for",
	"x-originating-ip", "x-proxyuser-ip", "x-remote-addr", "x-remote-ip", "wl-proxy-client-ip", "proxy-client-ip",
	"x-forwarded", "forwarded-for", "x-vercel-forwarded-for", "x-nf-client-connection-ip",
	"x-original-url", "x-original-uri", "x-rewrite-url", "x-forwarded-uri",
	"x-tagwarden-sender", "x-auth-token", "x-access-token", "x-id-token", "x-session-token", "x-session-id",
	"x-csrf-token", "x-xsrf-token", "x-csrftoken", "x-jwt-assertion", "x-amz-security-token",
	"remote-user", "x-remote-user", "x-forwarded-user", "x-forwarded-email", "x-forwarded-preferred-username",
	"x-forwarded-groups", "x-forwarded-access-token", "x-auth-request-user", "x-auth-request-email",
	"x-auth-request-preferred-username", "x-auth-request-groups", "x-auth-request-access-token",
	"x-ms-client-principal", "x-ms-client-principal-name", "x-ms-client-principal-id", "x-ms-token-aad-id-token",
	"x-ms-token-aad-access-token", "x-goog-authenticated-user-email", "x-goog-authenticated-user-id",
	"x-goog-iap-jwt-assertion", "cf-access-jwt-assertion", "cf-access-authenticated-user-email",
	"x-amzn-oidc-data", "x-amzn-oidc-identity", "x-amzn-oidc-accesstoken", "x-pomerium-jwt-assertion",
	"client-cert", "client-cert-chain", "x-client-cert", "x-ssl-client-cert", "ssl-client-cert", "x-forwarded-client-cert",
	"ssl-client-s-dn", "x-ssl-client-s-dn", "x-msisdn", "x-uidh",
	"device-memory", "dpr", "viewport-width", "width", "downlink", "ect", "rtt", "save-data",
}

// isPersonal tells whether a header is never passed on.
func isPersonal(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	return slices.Contains(personal, name) || strings.HasPrefix(name, "sec-ch-")
}

// OwnFaults lists what a vendor file of a site's own may not say, each with its place as in [Compile]: it is loaded
// without anybody's having reviewed it, as those are that come with the product. A header that says of itself who the
// visitor is, or where, is not passed on; and what says nothing of a visitor, and so travels unasked, is named.
func (f *File) OwnFaults() []string {
	faults := slices.Concat(ownHeaders(f.Headers), ownCarry(f.Carry), ownFields("fields", f.Fields),
		ownFields("request", f.Request))
	for i := range f.Endpoints {
		e := &f.Endpoints[i]
		inside := slices.Concat(ownHeaders(e.Headers), ownCarry(e.Carry), ownFields("fields", e.Fields),
			ownFields("request", e.Request))
		for _, fault := range inside {
			faults = append(faults, "endpoints."+e.ID+": "+fault)
		}
	}
	return faults
}

func ownHeaders(headers map[string]Field) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if isPersonal(name) && headers[name].Value == "" {
			faults = append(faults, fmt.Sprintf("headers.%s: a vendor file of your own never passes this header on, in "+
				"whatever class: remove it, or give a constant value", name))
		}
	}
	return faults
}

// ownCarry allows the address in the one header that is made for it: what is carried is minimised.
func ownCarry(carry map[string]Carry) (faults []string) {
	for _, class := range slices.Sorted(maps.Keys(carry)) {
		if h := carry[class].Header; isPersonal(h) && !strings.EqualFold(h, "X-Forwarded-For") {
			faults = append(faults, fmt.Sprintf("carry.%s: nothing is carried in %s: take X-Forwarded-For, a parameter of "+
				"the query or a field", class, h))
		}
	}
	return faults
}

// ownFields looks at fields, and at those inside.
func ownFields(at string, fields map[string]Field) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f, place := fields[name], at+"."+name
		class, _ := hit.ParseClass(f.Class)
		unnamed := strings.Contains(name, "*") || strings.Contains(name, "{n}")
		if unnamed && class.KeptByDefault() && f.Pairs == "" {
			faults = append(faults, fmt.Sprintf("%s: %s says that nothing here tells of a visitor, and nobody knows that of "+
				"names that a site gives: name each field, or write class: custom", place, f.Class))
		}
		faults = append(faults, ownFields(place+".fields", f.Fields)...)
		faults = append(faults, ownFields(place+".beside", f.Beside)...)
		for _, schema := range slices.Sorted(maps.Keys(f.Schemas)) {
			faults = append(faults, ownFields(place+".schemas."+schema, f.Schemas[schema])...)
		}
	}
	return faults
}
