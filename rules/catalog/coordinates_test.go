package catalog_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestPlacesAreToldByNameOrByDecimals: numbers that are a place on the earth, however they are written, and numbers
// that are none.
func TestPlacesAreToldByNameOrByDecimals(t *testing.T) {
	t.Parallel()
	file, _ := catalog.Builtin("segment")
	v, err := catalog.Compile(file, nil, nil) // the table of names knows some of these, too
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		properties string
		places     int // numbers that are taken for one
	}{
		{`"coords":[52.5,13.4]`, 2},
		{`"coords":[52,13]`, 2},
		{`"storeCoords":["52.5","-13.4"]`, 2},
		{`"coords":[52.5,13.4,34]`, 3},
		{`"coords":[[52.5,13.4],[52.6,13.5]]`, 4},
		{`"my_bbox":[13.1,52.3,13.7,52.6]`, 4},
		{`"shape":{"type":"Polygon","geometry":{"rings":[1,2],"coords":[[[13.1,52.3],[13.7,52.6]]]}}`, 4},
		{`"position":[52.520008,13.404954]`, 2},
		{`"map_center":[52.5,13]`, 2},
		{`"pair":[52.520008,13.404954]`, 2},
		{`"pair":["52.520008","13.404954"]`, 2},
		{`"pair":[-122.41942,37.77493]`, 2},
		{`"list":[[52.520008,13.404954],[1,2]]`, 2},
		{`"center":{"x":13.404954,"y":52.520008}`, 2},
		{`"geo":{"X":"13.4","Y":"52.5","zoom":7}`, 2},
		{`"map":{"center":{"x":13.4,"y":52.5}}`, 2},

		{`"position":[3,7]`, 0},
		{`"position":{"x":3,"y":7}`, 0},
		{`"size":{"x":13.404954,"y":52.520008}`, 0},
		{`"ratings":[4.6667,5.0]`, 0},
		{`"ratings":[4.6667,4.3333]`, 0},
		{`"unit_prices":[19.9900,29.9900]`, 0},
		{`"pair":[4.6667,5.0]`, 0},
		{`"pair":[152.520008,113.404954]`, 0},
		{`"pair":[452.520008,13.404954]`, 0},
		{`"pair":[52.520008,13.404954,1.234567]`, 0},
		{`"coords":[52.5]`, 0},
		{`"coords":[52.5,13.4,1,2,3]`, 0},
		{`"coords":[52.5,true]`, 0},
		{`"coords":["52.5","here"]`, 0},
		{`"coords":[5.25e1,13.4]`, 0},
		{`"coords":[1000,2000]`, 0},
		{`"versions":["1.2","3.4"]`, 0},
		{`"pair":["52.5200.08","13.404954"]`, 0},
		{`"geography_quiz":[1,2]`, 0},
	} {
		h, err := read(t, v, "POST /v1/t HTTP/1.1\n\n"+`{"type":"track","event":"x","properties":{`+c.properties+`}}`)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i := range h.Nodes {
			n := &h.Nodes[i]
			if n.Alias == hit.PreciseGeo && slices.Contains([]hit.Kind{hit.Number, hit.String}, n.Kind) {
				found++
			}
		}
		if found != c.places {
			t.Errorf("%s: %d numbers are taken for a place's, %d are", c.properties, found, c.places)
		}
	}
}
