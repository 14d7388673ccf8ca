package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// StoreFile is something that a vendor's SDK keeps in a visitor's browser or reads there, as the SDK comes: what a site
// set otherwise, the site says.
type StoreFile struct {
	// as it stands in the browser; what differs from site to site is in angle brackets: _ga_<container>
	Name   string `yaml:"name"`
	Kind   string `yaml:"kind"`   // one of [StoreKinds]
	Period string `yaml:"period"` // how long it stays there: "13 months", session, or until_deleted
	Doc    string `yaml:"doc"`    // where the vendor says so, an address
}

// The kinds of what is kept on a device.
const (
	StoreCookie         = "cookie"
	StoreLocal          = "local_storage"
	StoreSessionStorage = "session_storage"
	StoreIndexedDB      = "indexed_db"
	StoreRead           = "read" // nothing is kept: the device itself is asked (its advertising id, features of it)
)

// StoreKinds lists the kinds of what is kept on a device.
func StoreKinds() []string {
	return []string{StoreCookie, StoreLocal, StoreSessionStorage, StoreIndexedDB, StoreRead}
}

// The periods that are no span of time.
const (
	StoreSession      = "session"       // until the browser, or its tab, is closed
	StoreUntilDeleted = "until_deleted" // until the visitor deletes it
)

// checkStores looks at what is said to be kept in browsers.
func checkStores(stores []StoreFile) error {
	var seen []string
	for i := range stores {
		s := &stores[i]
		switch {
		case strings.TrimSpace(s.Name) == "":
			return fmt.Errorf("stores.%d: name is missing: what is kept is called by its name", i)
		case !slices.Contains(StoreKinds(), s.Kind):
			return fmt.Errorf("stores.%s: %q is no kind: %s are", s.Name, s.Kind, strings.Join(StoreKinds(), ", "))
		case s.Period == "" && s.Kind != StoreRead:
			return fmt.Errorf("stores.%s: period is missing: how long it stays there (13 months, session, until_deleted)",
				s.Name)
		case slices.Contains(seen, s.Kind+" "+s.Name):
			return fmt.Errorf("stores.%s: it stands here for the second time", s.Name)
		}
		seen = append(seen, s.Kind+" "+s.Name)
	}
	return nil
}
