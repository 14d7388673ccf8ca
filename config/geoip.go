package config

import (
	"errors"
	"maps"
	"net/netip"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// maxRegionDBBytes bounds a database of regions: the largest that are sold have a few hundred megabytes.
const maxRegionDBBytes = 1 << 30

// regionDB tells the region of an address by a database in MaxMind's format, held in memory.
type regionDB struct{ db *maxminddb.Reader }

// Place returns the codes of country and subdivision, "" where the database knows none. Ok is false where it cannot be
// read there.
func (r *regionDB) Place(address netip.Addr) (country, part string, ok bool) {
	return placeOf(r.db.Lookup(address))
}

func placeOf(found maxminddb.Result) (country, part string, ok bool) {
	if !found.Found() {
		return "", "", found.Err() == nil
	}
	if found.DecodePath(&country, "country", "iso_code") != nil ||
		found.DecodePath(&part, "subdivisions", 0, "iso_code") != nil {
		return "", "", false
	}
	return country, part, true
}

// openRegionDB opens a database and looks at every place in it once, so that none turns out to be damaged when a
// visitor comes from there.
func openRegionDB(content []byte) (*regionDB, error) {
	db, err := maxminddb.OpenBytes(content)
	if err != nil {
		return nil, errors.New("this is no database in MaxMind's format: a country or city database (.mmdb) is")
	}
	tree := regionTree{content: content, nodes: uint64(db.Metadata.NodeCount), size: uint64(db.Metadata.RecordSize)}
	if !tree.walk() {
		return nil, errors.New("the database is damaged: its tree of networks cannot be read, fetch the file again")
	}
	some := false
	for offset := range tree.data {
		country, _, ok := placeOf(db.LookupOffset(uintptr(offset)))
		if !ok || country != "" && !countryLike(country) {
			return nil, errors.New(
				"the database is damaged, or none of countries: a country in it cannot be read, fetch a country or " +
					"city database again")
		}
		some = some || country != ""
	}
	if !some {
		return nil, errors.New("the database knows no countries: a country or city database (.mmdb) is right")
	}
	return &regionDB{db}, nil
}

// countryLike tells whether a text looks like a code: also what stands for no country (A1) or for several (EU).
func countryLike(code string) bool {
	return len(code) == 2 && !strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

// checkRegionDB opens a database.
func (c siteCheck) checkRegionDB(at []any, name string) {
	file := c.source.regionDBs[name]
	if file.elsewhere {
		return
	}
	if file.err != nil {
		c.faults.At(c.server, at, "cannot read the database: %s", file.err)
		return
	}
	opened, err := openRegionDB(file.content)
	if err != nil {
		c.faults.At(c.server, at, "%s", err)
		return
	}
	if c.regionDBs == nil {
		c.regionDBs = map[string]*regionDB{}
	}
	c.regionDBs[name] = opened
}

// SameRegionDBs tells whether two sources hold the same databases of regions.
func (s *Source) SameRegionDBs(other *Source) bool {
	return maps.EqualFunc(s.regionDBs, other.regionDBs, func(a, b besideFile) bool {
		return string(a.content) == string(b.content)
	})
}
