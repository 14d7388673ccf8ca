package signal

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// The storage types of Google's consent mode, in the order of gcd.
const (
	adStorage = iota
	analyticsStorage
	adUserData
	adPersonalization

	numStorage
)

var storageNames = [numStorage]string{"ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"}

// StorageNames lists the ids that a site may map to its consent categories.
func StorageNames() []string { return append([]string(nil), storageNames[:]...) }

// Storage is a set of the storage types of Google's consent mode.
type Storage uint8

// Has tells whether all of the types are in the set.
func (s Storage) Has(all Storage) bool { return s&all == all }

// The storage types.
const (
	AdStorage         Storage = 1 << adStorage
	AnalyticsStorage  Storage = 1 << analyticsStorage
	AdUserData        Storage = 1 << adUserData
	AdPersonalization Storage = 1 << adPersonalization
)

// StorageOf is the set of a storage type's name: ad_storage and the like; empty for any other name.
func StorageOf(name []byte) Storage {
	for i, known := range storageNames {
		if string(name) == known {
			return 1 << i
		}
	}
	return 0
}

// MapsStorage tells whether the site itself says which categories the storage types stand for.
func (r *Reader) MapsStorage() bool { return r.mapped }

// StorageIn is the set of storage types that categories stand for, as the site maps them.
func (r *Reader) StorageIn(categories Categories) Storage {
	var set Storage
	for i, c := range r.modes {
		if c != 0 && c&categories == c {
			set |= 1 << i
		}
	}
	return set
}

// modeDefaults is what the storage types are taken for where a site does not say.
var modeDefaults = [numStorage]string{"marketing", "analytics", "marketing", "marketing"}

func newModes(given map[string]string, number map[string]int) ([]Categories, error) {
	modes := make([]Categories, numStorage)
	for i, name := range storageNames {
		category := modeDefaults[i]
		if given != nil {
			category = given[name]
		}
		if n, ok := number[category]; ok {
			modes[i] = 1 << n
		} else if given != nil && category != "" {
			return nil, fmt.Errorf("signals.consent_mode: no purpose is in category %q", category)
		}
	}
	for name := range given {
		if StorageOf([]byte(name)) == 0 {
			return nil, fmt.Errorf("signals.consent_mode: %q is no storage type: ad_storage, analytics_storage, ad_user_data "+
				"and ad_personalization are", name)
		}
	}
	return modes, nil
}

// choice is what consent mode says of one storage type.
type choice uint8

const (
	notSet    choice = iota
	byDefault        // granted, but nobody chose
	granted
	denied   // but nothing shows that the visitor said so
	declined // by an act of the visitor
	unclear
)

// modeReading is what parameters of consent mode say, put together.
type modeReading struct {
	state State
	all   Mode
}

// claims adds every gcs, gcd, npa and consent object of an event, or of what all events share. A yes counts where gcd
// records that the visitor chose (letters r, n and v) and nothing contradicts it; a no counts beyond consent where gcd
// records that (q, u and m). gcs, npa and the default p show a state, not an act. npa says no to personalised ads.
func (m *modeReading) claims(h *hit.Hit, event int32) {
	for i := h.FirstClaim(event); i != hit.None; i = h.Claims[i].Peer {
		c := &h.Claims[i]
		one, readable, ok := readMode(c.Signal, h.Bytes(h.KeySpan(c.Node)), h.Text(c.Node))
		if !ok {
			continue
		}
		if m.state = max(m.state, Valid); !readable {
			m.state = Malformed
		}
		m.all.And(one)
	}
}

// said is what the reading comes to, by the categories that storage types are mapped to.
func (m *modeReading) said(modes []Categories) SourceReading {
	said := SourceReading{Kind: ConsentMode, State: m.state}
	for s, c := range m.all {
		switch c {
		case notSet:
		case granted:
			said.Granted |= modes[s]
		case denied:
			said.Refused |= modes[s]
		case declined:
			said.Refused |= modes[s]
			said.Declined |= modes[s]
		case unclear, byDefault:
			said.Doubt |= modes[s]
		}
	}
	said.Doubt &^= said.Refused
	said.Granted &^= said.Refused | said.Doubt
	return said
}

// stricter puts two readings together. A state that gcs shows agrees with an act that gcd records.
func stricter(a, b choice) choice {
	switch {
	case a == declined || b == declined:
		return declined
	case a == denied || b == denied:
		return denied
	case a == unclear || b == unclear:
		return unclear
	case a == granted || b == granted:
		return granted
	default:
		return max(a, b)
	}
}

// readGCS reads "G1xy": x is ad_storage, y analytics_storage; 1 granted, 0 denied, - not set.
func readGCS(text []byte) (all [numStorage]choice, ok bool) {
	if len(text) != 4 || text[0] != 'G' || text[1] != '1' {
		all[adStorage], all[analyticsStorage] = unclear, unclear
		return all, false
	}
	ok = true
	for s, c := range text[2:] {
		switch c {
		case '0':
			all[s] = denied
		case '1':
			all[s] = byDefault
		case '-':
		default:
			all[s], ok = unclear, false
		}
	}
	return all, ok
}

// readNPA reads "1" or "true": no personalised ads. That there may be some is no consent to them.
func readNPA(text []byte) (choice, bool) {
	switch string(text) {
	case "1", "true":
		return denied, true
	case "0", "false", "":
		return notSet, true
	default:
		return unclear, false
	}
}

// readProtocol reads a member of the Measurement Protocol's consent object, ad_user_data or ad_personalization: DENIED
// is a no. GRANTED is the word of whoever sent the hit and shows no act of the visitor: it says nothing.
func readProtocol(name, text []byte) (all [numStorage]choice, ok bool) {
	said := unclear
	switch string(text) {
	case "GRANTED":
		said = notSet
	case "DENIED":
		said = denied
	}
	for s := range all {
		if StorageOf(name).Has(1 << s) {
			all[s] = said
		}
	}
	return all, said != unclear
}

// readGCD reads two digits, then four times a letter and a digit, then a tail (signals in the wild; Google does not
// document it). A capital or unknown letter is unclear.
func readGCD(text []byte) (all [numStorage]choice, ok bool) {
	for s := range all {
		all[s] = unclear
	}
	if len(text) < 10 || len(text) > 32 || !ascii.IsDigit(text[0]) || !ascii.IsDigit(text[1]) {
		return all, false
	}
	ok = true
	for s := range all {
		at := 2 + 2*s
		if !ascii.IsDigit(text[at+1]) {
			return all, false
		}
		switch text[at] {
		case 'l':
			all[s] = notSet
		case 'p':
			all[s] = denied
		case 'q', 'm', 'u':
			all[s] = declined
		case 't':
			all[s] = byDefault
		case 'r', 'n', 'v':
			all[s] = granted
		default:
			ok = false
		}
	}
	return all, ok
}

// DefaultCategory is the consent category that a storage type is taken for where a site does not
// say; other names stand for themselves.
func DefaultCategory(storage string) string {
	for i, name := range storageNames {
		if name == storage {
			return modeDefaults[i]
		}
	}
	return storage
}

// ExplainGCS says in words what gcs states; ok is false where it cannot be read.
func ExplainGCS(text []byte) (lines []string, ok bool) {
	all, ok := readGCS(text)
	return explainChoices(all[:analyticsStorage+1]), ok
}

// ExplainGCD says in words what gcd states; ok is false where a part of it cannot be read.
func ExplainGCD(text []byte) (lines []string, ok bool) {
	all, ok := readGCD(text)
	return explainChoices(all[:]), ok
}

func explainChoices(all []choice) (lines []string) {
	words := [...]string{
		notSet: "not set", byDefault: "granted, but nothing shows that the visitor chose: no consent",
		granted: "granted by the visitor",
		denied:  "denied, but nothing shows that the visitor said so", declined: "denied by the visitor",
		unclear: "unknown: no consent",
	}
	for s, c := range all {
		lines = append(lines, storageNames[s]+": "+words[c])
	}
	return lines
}
