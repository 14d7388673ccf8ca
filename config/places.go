package config

import (
	"io"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"
)

// maxPlacesBytes bounds a database of regions: the largest that are sold have a few hundred megabytes.
const maxPlacesBytes = 1 << 30

// places tells the region of an address by a database in MaxMind's format, held in memory.
type places struct{ db *maxminddb.Reader }

// Place returns the codes of country and subdivision, "" where the database knows none.
func (p *places) Place(address netip.Addr) (country, part string) {
	found := p.db.Lookup(address)
	if !found.Found() || found.DecodePath(&country, "country", "iso_code") != nil || country == "" {
		return "", ""
	}
	if found.DecodePath(&part, "subdivisions", 0, "iso_code") != nil {
		part = ""
	}
	return country, part
}

func openPlaces(content []byte) (*places, error) {
	db, err := maxminddb.OpenBytes(content)
	return &places{db}, err
}

func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most))
}

// checkPlaces opens a database.
func (r *reading) checkPlaces(at []any, name string) {
	file := r.source.places[name]
	if file.err != nil {
		r.faults.at(r.server, at, "cannot read the database: %s", reason(file.err))
		return
	}
	opened, err := openPlaces(file.content)
	if err != nil {
		r.faults.at(r.server, at, "this is no database in MaxMind's format: a country or city database (.mmdb) is")
		return
	}
	if r.places == nil {
		r.places = map[string]*places{}
	}
	r.places[name] = opened
}
