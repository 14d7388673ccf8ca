package hit

import "fmt"

// Class says what a field is, whichever vendor it is in. The list is closed; its zero value, [Unknown], is never
// forwarded.
type Class uint8

// The classes. [Technical], [Account] and [Container] say nothing about a visitor.
const (
	Unknown Class = iota
	Account
	AdvertisingID
	BirthDate
	CacheBuster
	Campaign
	ClickID
	ClientHint
	ClientID
	CoarseGeo
	ConsentSignal
	Container
	Cookie
	Credential
	Custom
	DeviceID
	Element
	Email
	Error
	EventID
	EventName
	ExternalID
	Fingerprint
	FreeText
	Gender
	Interaction
	IP
	Language
	PageID
	PageTitle
	Performance
	PersonName
	Phone
	PostalAddress
	PreciseGeo
	Product
	Recording
	Referrer
	Revenue
	Screen
	SearchTerm
	Sensitive // what Art. 9 GDPR protects: health, belief, origin, opinion ...
	SessionID
	Technical
	Timestamp
	Timezone
	TransactionID
	URL
	UserAgent
	UserID
	UserTrait

	// NumClasses is the number of classes, Unknown included.
	NumClasses
)

var classNames = [NumClasses]string{
	Unknown: "unknown", Account: "account", AdvertisingID: "advertising_id", BirthDate: "birth_date",
	CacheBuster: "cache_buster",
	Campaign:    "campaign", ClickID: "click_id", ClientHint: "client_hint", ClientID: "client_id",
	CoarseGeo:     "coarse_geo",
	ConsentSignal: "consent_signal", Container: "container", Cookie: "cookie", Credential: "credential", Custom: "custom",
	DeviceID: "device_id", Element: "element", Email: "email", Error: "error", EventID: "event_id",
	EventName:  "event_name",
	ExternalID: "external_id", Fingerprint: "fingerprint", FreeText: "free_text", Gender: "gender",
	Interaction: "interaction",
	IP:          "ip", Language: "language", PageID: "page_id", PageTitle: "page_title", Performance: "performance",
	PersonName: "person_name",
	Phone:      "phone", PostalAddress: "postal_address", PreciseGeo: "precise_geo", Product: "product",
	Recording: "recording",
	Referrer:  "referrer", Revenue: "revenue", Screen: "screen", SearchTerm: "search_term", Sensitive: "sensitive",
	SessionID: "session_id",
	Technical: "technical", Timestamp: "timestamp", Timezone: "timezone", TransactionID: "transaction_id", URL: "url",
	UserAgent: "user_agent", UserID: "user_id", UserTrait: "user_trait",
}

// String returns the class's name as catalog and policy files write it.
func (c Class) String() string {
	if c < NumClasses {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// ParseClass returns the class of that name. Unknown has no name that a file could use.
func ParseClass(name string) (Class, bool) {
	for c := Unknown + 1; c < NumClasses; c++ {
		if classNames[c] == name {
			return c, true
		}
	}
	return Unknown, false
}

// KeptByDefault tells whether fields of the class are kept without being listed: they say nothing about a visitor.
func (c Class) KeptByDefault() bool { return c == Technical || c == Account || c == Container }

// Identifies tells whether a value of the class names a subject, so that objections are looked up by it.
func (c Class) Identifies() bool {
	switch c {
	case ClientID, UserID, DeviceID, AdvertisingID, ExternalID, Email, Phone:
		return true
	default:
		return false
	}
}
