package notice

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
)

func TestArt30Golden(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t))
	r := Art30(loaded, sample.Day)
	r.Policy = "digest" // it covers the approver's signature
	golden(t, "testdata/art30.csv", r.CSV())
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/art30.html", page)
	lines, err := csv.NewReader(bytes.NewReader(r.CSV())).ReadAll()
	if err != nil || len(lines) != len(loaded.Activities)+2 { // the headings, and what the server itself does
		t.Fatal(len(lines), err)
	}
}

func TestArt30IsNoFormula(t *testing.T) {
	t.Parallel()
	for _, nasty := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "＝1", "|cmd", "%0"} {
		r := Record{Controller: config.Controller{Contact: nasty}, Lines: []RecordLine{{Activity: nasty, Data: nasty + "\",\"=1"}}}
		lines, err := csv.NewReader(bytes.NewReader(r.CSV())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range lines[1] {
			if cell != "" && !strings.HasPrefix(cell, "'") || strings.ContainsAny(cell, "\t\r\n") {
				t.Errorf("%q is written as %q", nasty, cell)
			}
		}
	}
}
