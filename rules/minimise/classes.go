package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// certain are the detectors that cannot take an id, a time or a consent string for something else: each asks for a sign
// that these do not have ("@" and a domain, a token's header).
var certain = scrub.Of(scrub.Email, scrub.JWT)

// detectors are what `keep` looks for in each class: everything but what the field is there
// for. Numbers are left to what they are.
var detectors = [hit.NumClasses]scrub.Set{
	hit.Account: certain, hit.AdvertisingID: certain, hit.CacheBuster: certain, hit.ClickID: certain,
	hit.ClientHint: certain, hit.ClientID: certain,
	hit.ConsentSignal: certain, hit.Cookie: certain, hit.Credential: certain.Without(scrub.JWT), hit.DeviceID: certain,
	hit.EventID:    certain,
	hit.ExternalID: certain, hit.Fingerprint: certain, hit.Interaction: certain, hit.Language: certain,
	hit.PageID: certain, hit.Performance: certain,
	hit.Revenue: certain, hit.Screen: certain, hit.SessionID: certain, hit.Technical: certain, hit.Timestamp: certain,
	hit.Timezone:      certain,
	hit.TransactionID: certain, hit.UserID: certain, hit.Gender: certain,

	hit.BirthDate: scrub.All.Without(scrub.BirthDate, scrub.Phone), hit.Campaign: scrub.All, hit.CoarseGeo: scrub.All,
	hit.Custom:  scrub.All,
	hit.Element: scrub.All, hit.Email: scrub.All.Without(scrub.Email, scrub.Hash), hit.Error: scrub.All,
	hit.EventName: scrub.All, hit.FreeText: scrub.All,
	hit.IP: scrub.All.Without(scrub.IP), hit.PageTitle: scrub.All, hit.PersonName: scrub.All.Without(scrub.Name),
	hit.Phone:         scrub.All.Without(scrub.Phone, scrub.Hash, scrub.NationalID),
	hit.PostalAddress: scrub.All.Without(scrub.Address), hit.PreciseGeo: scrub.All.Without(scrub.Geo),
	hit.Product: scrub.All, hit.Referrer: scrub.All,
	hit.SearchTerm: scrub.All, hit.Sensitive: scrub.All, hit.URL: scrub.All, hit.UserAgent: scrub.All.Without(scrub.IP),
	hit.UserTrait: scrub.All.Expecting(scrub.BirthDate, scrub.Phone),
}

// isID tells whether values of the class are identifiers: with a finding inside they are dropped, for a marker in an
// identifier's place would make one visitor of many.
func isID(c hit.Class) bool {
	switch c {
	case hit.AdvertisingID, hit.ClickID, hit.ClientID, hit.Cookie, hit.DeviceID, hit.EventID, hit.ExternalID,
		hit.Fingerprint, hit.PageID,
		hit.SessionID, hit.TransactionID, hit.UserID:
		return true
	default:
		return false
	}
}

// NormOf returns how identifiers of the class are brought to one form.
func NormOf(c hit.Class) pseudonym.Norm {
	switch c {
	case hit.Email:
		return pseudonym.Mailbox
	case hit.Phone:
		return pseudonym.Dialled
	default:
		return pseudonym.Trimmed
	}
}

// classes is a set of classes.
type classes uint64

func of(list ...hit.Class) (s classes) {
	for _, c := range list {
		s |= 1 << c
	}
	return s
}

func (s classes) has(c hit.Class) bool { return s&(1<<c) != 0 }

// String lists the names of the classes, for messages.
func (s classes) String() string {
	text := ""
	for c := range hit.NumClasses {
		if s.has(c) {
			if text != "" {
				text += ", "
			}
			text += c.String()
		}
	}
	return text
}

// The classes that a minimiser, or a way of using it, is for.
var (
	every       = ^classes(0)
	identifiers = of(hit.AdvertisingID, hit.ClickID, hit.ClientID, hit.Cookie, hit.Custom, hit.DeviceID, hit.Email,
		hit.EventID, hit.ExternalID, hit.Fingerprint,
		hit.PageID, hit.Phone, hit.SessionID, hit.TransactionID, hit.UserID)
	derivable = of(hit.AdvertisingID, hit.ClientID, hit.Cookie, hit.DeviceID, hit.ExternalID, hit.SessionID, hit.UserID)
	hashable  = of(hit.AdvertisingID, hit.BirthDate, hit.CoarseGeo, hit.Email, hit.ExternalID, hit.Gender, hit.PersonName,
		hit.Phone, hit.PostalAddress, hit.UserID)
	times   = of(hit.Timestamp, hit.CacheBuster)
	numbers = of(hit.CoarseGeo, hit.Custom, hit.Interaction, hit.Performance, hit.PreciseGeo, hit.Product,
		hit.Revenue, hit.UserTrait)
	buckets = of(hit.Custom, hit.Interaction, hit.Performance, hit.Product, hit.Revenue, hit.Screen, hit.UserTrait)
	texts   = of(hit.Campaign, hit.CoarseGeo, hit.Custom, hit.Element, hit.Error, hit.EventName, hit.FreeText,
		hit.PageTitle, hit.PostalAddress, hit.Product,
		hit.Referrer, hit.SearchTerm, hit.URL, hit.UserTrait)
	addresses = of(hit.Custom, hit.Element, hit.Referrer, hit.URL)
	common    = of(hit.Campaign, hit.ClientHint, hit.CoarseGeo, hit.Custom, hit.Element, hit.Error, hit.EventName,
		hit.Language, hit.PageTitle, hit.Product, hit.Screen,
		hit.SearchTerm, hit.Timezone, hit.URL, hit.UserAgent, hit.UserTrait)
)
