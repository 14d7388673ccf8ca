package rules_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestStreamsLeaveWholeOrNotAtAll: what nobody takes apart, a recording of the page, leaves byte for byte where its
// class is kept as it is; under every other treatment, and under none, nothing of it does, in whatever coding it came.
func TestStreamsLeaveWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	streams := 0
	for name, c := range map[string]struct {
		spec  *minimise.Spec
		basis basis.Basis
		whole bool
	}{
		"kept":                         {&keep, basis.Consent, true},
		"kept, on a contract":          {&keep, basis.Contract, true},
		"kept, on legitimate interest": {&keep, basis.LegitimateInterest, false},
		"not named":                    {nil, basis.Consent, false},
		"not named, on a contract":     {nil, basis.Contract, false},
		"replaced":                     {&minimise.Spec{Kind: minimise.Replace, Replace: "x"}, basis.Consent, false},
		"one of a few": {&minimise.Spec{Kind: minimise.Only, Only: []string{"\x00\xff Jane Doe", "x"}},
			basis.Contract, false},
		"dropped": {&minimise.Spec{Kind: minimise.Drop}, basis.Consent, false},
	} {
		d := draft()
		streaming := func(id string) bool {
			f, _ := catalog.Builtin(id)
			return slices.ContainsFunc(f.Endpoints, func(e catalog.EndpointFile) bool { return e.Kind == "opaque" })
		}
		d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool { return !streaming(v.ID) })
		d.Activities = slices.DeleteFunc(d.Activities, func(a rules.DraftActivity) bool { return !streaming(a.Vendor) })
		for i := range d.Activities {
			d.Activities[i].Basis, d.Activities[i].Reference = c.basis, "test"
		}
		d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep}
		if c.spec != nil {
			d.Profiles[0].Classes["recording"] = *c.spec
		}
		p := compile(t, d)
		pack := newPacking()
		in := &coders{packing: pack, policy: p, in: rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}}
		for _, recipient := range p.Recipients() {
			for i := range recipient.Catalog.Endpoints {
				e := &recipient.Catalog.Endpoints[i]
				if e.Kind != catalog.Opaque {
					continue
				}
				streams++
				plain := hit.Request{
					Method: []byte(e.Methods[0]), Host: []byte("shop.example"), Path: []byte(recipient.Prefix + e.Path.Text),
					Address: netip.Addr{},
					Headers: []hit.Header{{Name: []byte("Cookie"), Value: []byte(`site_consent={"analytics":"yes"}; ` + visitor)}},
				}
				for _, body := range []string{"", `{"event":"$snapshot","data":"Jane Doe"}`, "\x00\xff Jane Doe",
					strings.Repeat("jane.doe@example.com 4111 1111 1111 1111 ", 1000)} {
					for _, coding := range codings[:5] {
						r := plain
						r.Body = []byte(body)
						if body != "" {
							r = coded(pack, r, coding.header, coding.layers)
						}
						want := ""
						if c.whole {
							want = string(r.Body)
						}
						got, _, err := in.judge(&in.j, r)
						reason := rules.Permitted
						if !c.whole {
							reason = rules.OpaqueStream
						}
						if got != want || (err == nil) != c.whole || in.j.Verdicts[0].Reason != reason {
							t.Errorf("%s, %s, %s, %s: %q leaves of %q (%v)", name, recipient.ID, e.ID, coding.name, got, r.Body, err)
						}
						if body != "" && c.whole && string(in.j.EventBytes(0)) != body {
							t.Errorf("%s, %s, %s, %s: %q is digested", name, recipient.ID, e.ID, coding.name, in.j.EventBytes(0))
						}
					}
				}
			}
		}
	}
	if streams < 18 {
		t.Errorf("%d cases: the test shows too little", streams)
	}
}

// visitor is a cookie that says whose hit it is.
const visitor = "ph_phc_x_posthog=%7B%22distinct_id%22%3A%22u-4711%22%7D"

// TestStreamsOfNobodyDoNotLeave: where a hit does not say whose it is, objections cannot be looked up; the stream
// itself may say it, and is not opened. Who sends it, and from where, is no help.
func TestStreamsOfNobodyDoNotLeave(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep, "recording": keep}
	p := compile(t, d)
	for _, vendor := range []string{"posthog", "mixpanel"} {
		path := map[string]string{"posthog": "/s/", "mixpanel": "/record/"}[vendor]
		for cookie, reason := range map[string]string{yes: "opaque_stream", yes + "; " + visitor: "permitted",
			yes + "; _ga=GA1.1.1.2": "permitted"} {
			for _, address := range []netip.Addr{{}, netip.MustParseAddr("203.0.113.7")} {
				r := request(t, "POST "+path+" HTTP/1.1\nContent-Type: text/plain\n\n{\"distinct_id\":\"u-4711\"}", vendor, cookie)
				r.Address = address
				if e := explain(t, p, r).Events[0]; e.Reason != reason {
					t.Errorf("%s, %s, from %v: %s, want %s", vendor, cookie, address, e.Reason, reason)
				}
			}
		}
	}
}

// TestStreamsAreShown: who asks sees one field, of the class that decides, and why it does not travel.
func TestStreamsAreShown(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		d := draft()
		if kept {
			d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep, "recording": keep}
		}
		r := request(t, "POST /s/ HTTP/1.1\nContent-Type: text/plain\n\n[1]", "posthog", yes+"; "+visitor)
		r.Address = netip.Addr{}
		x := explain(t, compile(t, d), r)
		e := x.Events[0]
		switch {
		case !kept && (x.Forward != nil || e.Reason != "opaque_stream" || len(e.Fields) != 1 ||
			e.Fields[0].Class != "recording" || e.Fields[0].Sent):
			t.Errorf("not kept: %+v", e)
		case kept && (x.Forward == nil || x.Forward.Body != "[1]" || len(e.Fields) != 1):
			t.Errorf("kept: %+v", x)
		case kept && (e.Fields[0].Class != "recording" || e.Fields[0].Action != "keep" || !e.Fields[0].Sent ||
			e.Fields[0].Before != "[1]" || e.Fields[0].After != "[1]"):
			t.Errorf("kept: %+v", e.Fields[0])
		}
	}
}
